import copy

import numpy as np
import pytest

from utils.analysis.prevalence.estimate import estimate_prevalence
from utils.analysis.report.words import answer, caveats, number_of, per_cent
from utils.dataset.labels import CLASSES

GOOD = np.array([[0, 1, 0, 0], [1, 40, 1, 0], [1, 0, 40, 0], [1, 0, 0, 40]])


def evaluation(faces: dict[str, int] | None = None, recall: float = 0.95) -> dict:
    return {
        "faces": faces or dict.fromkeys(CLASSES, 1000),
        "operating_point": {"any_class": {"faces": 3000, "recall": recall, "precision": 0.97}},
    }


ALIKE = {
    name: {"difference": 0.1, "deviations": 0.1, "unlike": False} for name in ("side", "confidence")
}


@pytest.fixture
def fine() -> dict:
    """The answer of a good detector on many photographs."""
    return estimate_prevalence(np.repeat(GOOD[None], 40, 0), np.tile([[3, 1, 1]], (50, 1)), 0, 100)


def test_the_answer_holds_its_numbers(fine) -> None:
    fine["properly_masked"].update(share=0.624, interval=[0.55, 0.699], found=150, raw_share=0.6)
    fine["people"].update(found=250, corrected=257.2, interval=[240, 280.4])
    first, second = answer(fine)
    assert first == (
        "About 62 % of the people on 50 new photographs wear a mask properly "
        "(95 % interval: 55 to 70 %)."
    )
    assert "found 250 people and took 150 of them (60 %)" in second
    assert "40 test photographs" in second
    assert "about 257 people are to be seen (240 to 280)" in second


def test_a_narrow_interval_gets_a_decimal(fine) -> None:
    fine["properly_masked"].update(share=0.6237, interval=[0.61, 0.64])
    assert "62.4 %" in answer(fine)[0] and "61.0 to 64.0 %" in answer(fine)[0]


def test_nobody_found_is_said_plainly() -> None:
    nobody = estimate_prevalence(GOOD[None], np.zeros((1, 3), int), 0, 50)
    assert answer(nobody)[0] == "No person was found on 1 new photograph."


def test_a_good_detector_and_many_photographs_need_no_caveat(fine) -> None:
    assert caveats(fine, evaluation(), ALIKE, 0) == []


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            {"faces": dict.fromkeys(CLASSES, 1000) | {"without_mask": 0}},
            "no face of class 'no mask'",
        ),
        ({"faces": dict.fromkeys(CLASSES, 1000) | {"with_mask": 7}}, "few faces: 7 of class"),
        ({"recall": 0.4}, "misses most people"),
    ],
)
def test_a_weak_test_set_or_detector_is_said(fine, change: dict, words: str) -> None:
    [said] = caveats(fine, evaluation(**change), ALIKE, 0)
    assert words in said


def test_few_photographs_a_wide_interval_and_unread_ones_are_said(fine) -> None:
    fine = copy.deepcopy(fine)
    fine["photos"] = {"new": 5, "test": 6, "effective": {"new": 5, "test": 6}}
    fine["properly_masked"]["interval"] = [0.2, 0.9]
    said = " ".join(caveats(fine, evaluation(), ALIKE, 2))
    for words in ("spans 70 percentage points", "only 5 new", "only 6 test", "2 new photographs"):
        assert words in said


@pytest.mark.parametrize(
    ("key", "difference", "words"),
    [
        ("side", 1.0, "boxes are 2.0 times as wide"),
        ("side", -1.0, "boxes are only 0.50 times as wide"),
        ("confidence", -1.5, "it is less sure of them (by 0.8 standard deviations)"),
    ],
)
def test_photographs_unlike_the_test_set_are_said(
    fine, key: str, difference: float, words: str
) -> None:
    unlike = ALIKE | {key: {"difference": difference, "deviations": 0.8, "unlike": True}}
    [said] = caveats(fine, evaluation(), unlike, 0)
    assert said.startswith("The new photographs are unlike the test photographs")
    assert words in said


def test_a_large_correction_is_said(fine) -> None:
    fine["properly_masked"].update(share=0.4, raw_share=0.6)
    [said] = caveats(fine, evaluation(), ALIKE, 0)
    assert said.startswith("The correction is large: from 60 % counted to 40 %")


def test_a_crowd_that_holds_most_of_the_people_is_said(fine) -> None:
    fine["photos"]["effective"] = {"new": 2.6, "test": 40}
    [said] = caveats(fine, evaluation(), ALIKE, 0)
    assert "tell as much as 3 equally crowded ones" in said


def test_an_impossible_mixture_is_said(fine) -> None:
    confused = np.array([[0, 0, 0, 0], [0, 60, 40, 0], [0, 0, 100, 0], [0, 0, 0, 100]])
    odd = estimate_prevalence(
        np.repeat(confused[None], 30, 0), np.tile([[9, 0, 0]], (50, 1)), 0, 50
    )
    told = caveats(odd, evaluation(), ALIKE, 0)
    assert any("nobody is of class" not in one and "Fewer faces were found" in one for one in told)


def test_small_words() -> None:
    assert (per_cent(0.256), per_cent(0.256, 1), per_cent(None)) == ("26 %", "25.6 %", "-")
    assert number_of(1, "box", "boxes") == "1 box"
    assert number_of(1200, "photograph") == "1,200 photographs"


def test_a_worthless_detector_is_called_so() -> None:
    blind = np.array([[0, 60, 0, 0], [28, 1, 0, 0], [9, 1, 0, 0], [9, 0, 0, 0]])
    result = estimate_prevalence(
        np.repeat(blind[None], 30, 0), np.tile([[8, 0, 0]], (30, 1)), 0, 50
    )
    first, second = answer(result)
    assert first.startswith("The detector is not good enough")
    assert "found 4 % of the faces, 3 % of its boxes were faces" in second
    assert "marked 240 places" in second
