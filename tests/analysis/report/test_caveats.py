import copy

import numpy as np
import pytest

from utils.analysis.prediction.merged import Predictions
from utils.analysis.prevalence.estimate import estimate_prevalence
from utils.analysis.report.caveats import SAME_PHOTOS, Caveat, caveats
from utils.analysis.report.estimates import bursts
from utils.dataset.labels import CLASSES


def new(*resembled: str | None, unread: int = 0) -> Predictions:
    """Photographs that resemble these of the training, and some that could not be read."""
    skipped = [{"file": f"{k}.jpg", "reason": "not an image"} for k in range(unread)]
    return Predictions(0.5, [{"resembles": one} for one in resembled], [], skipped)


NEW = new(None, None)


def evaluation(recall: float = 0.95) -> dict:
    return {
        "operating_point": {"any_class": {"faces": 3000, "recall": recall, "precision": 0.97}},
    }


def texts(*arguments) -> list[str]:
    return [caveat.text for caveat in caveats(*arguments)]


def test_a_good_detector_and_many_photographs_need_no_caveat(fine) -> None:
    assert texts(fine, evaluation(), NEW) == []


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"without_mask": 0}, "The test set has no face of class 'no mask'"),
        ({"with_mask": 7}, "The test set has few faces: 7 of class"),
        ({"with_mask": 7, "joined": 10}, "The test and validation sets have few faces: 7 of"),
        ({"recall": 0.4}, "misses most people"),
    ],
)
def test_a_weak_test_set_or_detector_is_said(fine, change: dict, words: str) -> None:
    fine["photos"]["validation"] = change.pop("joined", 0)
    for k, name in enumerate(CLASSES, start=1):
        fine["confusion"][k] = [change.pop(name, 99), 0, 0, 0]
    [said] = texts(fine, evaluation(**change), NEW)
    assert words in said


def test_few_photographs_a_wide_interval_and_unread_ones_are_said(fine) -> None:
    fine = copy.deepcopy(fine)
    fine["photos"] |= {"new": 5, "groups": 5, "test": 6, "effective": {"new": 5, "test": 6}}
    fine["properly_masked"]["interval"] = [0.2, 0.9]
    said = " ".join(texts(fine, evaluation(), new(unread=2)))
    for words in ("spans 70 percentage points", "only 5 new", "only 6 test", "2 new photographs"):
        assert words in said


def test_an_interval_for_these_alone_that_is_wide_is_said_and_of_nobody_no_weak_test(fine) -> None:
    fine = copy.deepcopy(fine)
    fine["properly_masked"] |= {"interval": None, "interval_here": [0.0, 1.0]}
    [said] = caveats(fine, evaluation(), NEW)
    assert said.serious and said.text.startswith("The interval spans 100 percentage points")
    fine["properly_masked"]["interval_here"] = [0.4, 0.9]
    assert not caveats(fine, evaluation(), NEW)[0].serious
    fine["people"] |= {"found": 0}
    fine["properly_masked"] |= dict.fromkeys(("share", "raw_share", "interval", "interval_here"))
    fine["confusion"][1] = [7, 0, 0, 0]
    assert texts(fine, evaluation(), NEW) == []


def test_a_large_correction_is_said(fine) -> None:
    fine["properly_masked"].update(share=0.4, raw_share=0.6)
    [said] = texts(fine, evaluation(), NEW)
    assert said.startswith("The correction is large: from 60 % counted to 40 %")


def test_a_crowd_that_holds_most_of_the_people_is_said(fine) -> None:
    fine["photos"]["effective"] = {"new": 2.6, "test": 40}
    [said] = texts(fine, evaluation(), NEW)
    assert "tell as much as 3 equally crowded ones" in said


def test_an_impossible_mixture_is_said(fine) -> None:
    confused = np.array([[0, 0, 0, 0], [0, 60, 40, 0], [0, 0, 100, 0], [0, 0, 0, 100]])
    odd = estimate_prevalence(
        np.repeat(confused[None], 30, 0), np.tile([[9, 0, 0]], (50, 1)), 0, 50
    )
    odd |= {"bursts": bursts(range(50)), "shift": fine["shift"]}
    told = texts(odd, evaluation(), NEW)
    assert any("nobody is of class" not in one and "Fewer faces were found" in one for one in told)


@pytest.mark.parametrize(
    ("predictions", "words"),
    [
        (new("IMG_1.jpg", None, None), "1 of 3 new photographs is a near-duplicate of"),
        (new("IMG_1.jpg", "IMG_1.jpg", None), "2 of 3 new photographs are near-duplicates of"),
        (new(None, unread=1), "1 new photograph could not be read and is not in the answer."),
        (new(None, unread=1200), "1,200 new photographs could not be read and are not in"),
    ],
)
def test_new_photographs_that_should_be_left_out_or_were_are_serious(fine, predictions, words):
    [told] = caveats(fine, evaluation(), predictions)
    assert told.serious and words in told.short


def test_the_serious_come_first_and_are_told_in_one_sentence(fine) -> None:
    fine["photos"] |= {"new": 5, "groups": 5, "test": 6, "effective": {"new": 5, "test": 6}}
    fine["confusion"] = [[0] * 4, [0] * 4, [1, 0, 8, 0], [1, 0, 0, 8]]
    told = caveats(fine, evaluation(), NEW)
    assert [caveat.serious for caveat in told] == [True, False, False, False]
    assert told[0].short == "The test set has no face of class 'mask worn'."
    assert SAME_PHOTOS.serious
    assert Caveat("One sentence only.").short == "One sentence only."


def test_bursts_are_told_and_one_scene_is_no_sample_of_a_place(fine) -> None:
    fine["bursts"] = {"photos": 40, "groups": 5, "largest": 9}
    fine["photos"] |= {"new": 50, "groups": 15}
    few, told = texts(fine, evaluation(), NEW)
    assert few.startswith("There are only 15 new photographs of different scenes;")
    assert told.startswith(
        "40 of 50 new photographs are near-duplicates of each other, in 5 groups"
    )
    fine["photos"] |= {"groups": 1}
    assert texts(fine, evaluation(), NEW)[0].startswith("All 50 new photographs show one")


def test_a_class_that_the_training_side_lacks_is_told_of_a_classifier(fine) -> None:
    judged = evaluation() | {"classification": {"absent": ["without_mask"]}}
    [said] = caveats(fine, judged, NEW)
    assert said.serious and "The training side holds no face of class 'no mask'" in said.text
    assert caveats({**fine, "absent": ["without_mask"]}, judged, NEW)[0] != said


def test_pictures_that_are_judged_as_one_face_each_are_told(fine) -> None:
    [said] = caveats({**fine, "kind": "classifier"}, evaluation(), NEW)
    assert said.text.startswith("Each new picture was judged as one face")
    assert texts({**fine, "kind": "two_stage"}, evaluation(), NEW) == []
