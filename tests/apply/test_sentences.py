"""What was found, said as a person would."""

import pytest

from utils.apply.sentences import closing, does, ordinal, people, sentence


def photo(*faces: tuple[str, float]) -> dict:
    told = [{"class": name, "confidence": confidence} for name, confidence in faces]
    return {"file": "day/a.jpg", "faces": told}


@pytest.mark.parametrize(
    ("faces", "said"),
    [
        ([], "no face was found"),
        ([("with_mask", 0.3)], "no face was found"),
        ([("with_mask", 0.981)], "1 person: wears a mask properly (98 %)"),
        ([("without_mask", 0.5)], "1 person: wears no mask (50 %)"),
        (
            [*[("with_mask", 0.9)] * 7, ("without_mask", 0.8), ("mask_weared_incorrect", 0.7)],
            "9 people: 7 wear a mask properly, 1 wears no mask, 1 wears a mask incorrectly",
        ),
        ([("mask_weared_incorrect", 0.9)] * 2, "2 people: 2 wear a mask incorrectly"),
    ],
)
def test_a_photograph_in_a_sentence(faces, said):
    assert sentence(photo(*faces), 0.5) == f"day/a.jpg: {said}"


def test_a_model_that_knows_no_mask_worn_incorrectly_says_of_none_that_it_is_worn_properly():
    absent = ["mask_weared_incorrect"]
    assert does("with_mask", 2, absent) == "wear a mask"
    assert sentence(photo(("with_mask", 0.9)), 0.5, absent).endswith("wears a mask (90 %)")
    assert does("with_mask", 1, ["without_mask"]) == "wears a mask properly"


def test_several_people_get_a_sentence_each_from_left_to_right():
    faces = [("with_mask", 0.98, 300), ("without_mask", 0.91, 20), ("with_mask", 0.3, 100)]
    told = [
        {"class": name, "confidence": sure, "box": [x, 0, x + 50, 60]} for name, sure, x in faces
    ]
    assert people({"file": "a.jpg", "faces": told}, 0.5) == [
        "  1st from the left: wears no mask (91 %)",
        "  2nd from the left: wears a mask properly (98 %)",
    ]
    assert people({"file": "a.jpg", "faces": told[:1]}, 0.5) == []  # the photograph's says it
    assert people({"file": "a.jpg", "faces": []}, 0.5) == []


def test_places_are_counted_as_people_do():
    numbers = (1, 2, 3, 4, 10, 11, 12, 13, 14, 21, 22, 33, 101, 111, 112, 1003)
    assert " ".join(map(ordinal, numbers)) == (
        "1st 2nd 3rd 4th 10th 11th 12th 13th 14th 21st 22nd 33rd 101st 111th 112th 1,003rd"
    )


def rate(**changed) -> dict:
    masked = {"found": 7, "raw_share": 7 / 9, "share": 0.75}
    told = {"answer": "About 78 %.", "serious": [], "caveats": []}
    return {"properly_masked": masked, "people": {"found": 9}, **told, **changed}


def test_the_answer_stands_below_what_was_counted_and_above_what_speaks_against_it():
    assert closing(rate()) == [
        "Counted: 7 of 9 people wear a mask properly: 78 %",
        "Answer: About 78 %.",
    ]
    serious = closing(rate(serious=["One.", "Two."], caveats=["One. More.", "Two.", "Small."]))
    assert serious[2:] == ["Before you quote it:", "  - One.", "  - Two."]
    assert closing(rate(caveats=["Small. More.", "Other."]))[2:] == [
        *("Before you quote it:", "  - Small.")
    ]
    nobody = {"found": 0, "raw_share": None, "share": None}
    assert closing(rate(people={"found": 0}, properly_masked=nobody)) == ["Answer: About 78 %."]


def test_a_share_that_the_detector_alone_does_not_tell_can_be_annotated():
    told = closing(rate(properly_masked={"found": 7, "raw_share": 7 / 9, "share": None}))
    assert told[2:] == [
        "To know it all the same, annotate some of them: `python detect.py ... --suggest 30` deals "
        "them."
    ]
