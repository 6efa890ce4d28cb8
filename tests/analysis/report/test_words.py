import numpy as np

from tests.analysis.report.conftest import GOOD
from utils.analysis.prevalence.estimate import estimate_prevalence
from utils.analysis.report.words import answer, as_many_as, per_cent
from utils.errors import number_of


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


def test_a_number_of_people_without_an_upper_end_is_told_so(fine) -> None:
    fine["people"].update(corrected=40.0, interval=[31.2, None])
    assert "are to be seen (31 or more; how many at most cannot be told)" in answer(fine)[1]


def test_nearly_all_is_not_called_all(fine) -> None:
    """Of 7,999 of 8,000 people: one decimal would say "100.0 % (100.0 to 100.0 %)"."""
    fine["properly_masked"].update(share=7999 / 8000, interval=[0.9993, 0.99998])
    assert "About 99.99 %" in answer(fine)[0] and "99.93 to 100.00 %" in answer(fine)[0]
    fine["properly_masked"].update(share=0.99991, interval=[0.9997, 0.99999])
    assert "99.970 to 99.999 %" in answer(fine)[0]


def test_one_new_photograph_has_an_interval_for_itself(fine) -> None:
    fine["properly_masked"].update(share=0.6, interval=None, interval_here=[0.5, 0.7])
    assert "(95 % interval for them alone: 50 to 70 %)" in answer(fine)[0]


def test_these_photographs_and_their_place_are_two_questions(fine) -> None:
    fine["properly_masked"].update(share=0.6, interval=[0.4, 0.8], interval_here=[0.55, 0.66])
    fine["variance"] = {"new": 0.9, "test": 0.06, "detector": 0.04}
    told = answer(fine)[1]
    assert "For these very photographs alone the interval is 55 to 66 %" in told
    assert "More new photographs would narrow that most: that is where 90 % of its variance" in told
    fine["variance"] = {"new": 0.1, "test": 0.86, "detector": 0.04}
    assert "More test photographs would narrow that most: that is where 86 %" in answer(fine)[1]
    fine["properly_masked"]["interval_here"] = [0.39, 0.81]
    assert "very photographs" not in answer(fine)[1], "it is not narrower, so it tells nothing"
    fine["properly_masked"]["interval_here"] = None
    assert "very photographs" not in answer(fine)[1]


def test_a_test_set_without_faces_is_called_so(fine) -> None:
    nothing = estimate_prevalence(np.zeros((5, 4, 4)), np.tile([[3, 1, 1]], (9, 1)), 0, 50)
    nothing["shift"] = fine["shift"]
    assert "hold no face" in answer(nothing)[1] and "- of the faces" not in answer(nothing)[1]


def test_a_narrow_interval_gets_a_decimal(fine) -> None:
    fine["properly_masked"].update(share=0.6237, interval=[0.61, 0.64])
    assert "62.4 %" in answer(fine)[0] and "61.0 to 64.0 %" in answer(fine)[0]


def test_nobody_found_is_said_plainly() -> None:
    nobody = estimate_prevalence(GOOD[None], np.zeros((1, 3), int), 0, 50)
    assert answer(nobody)[0] == "No person was found on 1 new photograph."
    nothing = estimate_prevalence(GOOD[None], np.zeros((0, 3), int), 0, 50)
    assert answer(nothing)[0] == "No photograph could be looked at."


def test_as_many_people_asked_at_random_would_tell_as_much(fine) -> None:
    fine["design"] = {"effective": 257.4, "effect": 1.414}
    assert as_many_as(fine) == (
        "It tells as much as 257 people asked one by one, picked at random, would (design effect "
        "1.4)."
    )
    assert as_many_as({"design": {"effective": None, "effect": None}}) == ""


def test_small_words() -> None:
    assert (per_cent(0.256), per_cent(0.256, 1), per_cent(None)) == ("26 %", "25.6 %", "-")
    assert number_of(1, "box", "boxes") == "1 box"
    assert number_of(1200, "photograph") == "1,200 photographs"


def test_a_worthless_detector_is_called_so(fine) -> None:
    blind = np.array([[0, 60, 0, 0], [28, 1, 0, 0], [9, 1, 0, 0], [9, 0, 0, 0]])
    result = estimate_prevalence(
        np.repeat(blind[None], 30, 0), np.tile([[8, 0, 0]], (30, 1)), 0, 50
    )
    first, second = answer(result | {"shift": fine["shift"]})
    assert first.startswith("The detector is not good enough")
    assert "found 4 % of the faces, 3 % of its boxes were faces" in second
    assert "marked 240 places" in second
