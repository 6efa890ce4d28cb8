"""The answer from annotated new photographs, in the report of the run that `test_write` makes."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from bs4 import BeautifulSoup

from tests.analysis.report.test_write import inputs, inputs_in, made, write  # noqa: F401
from utils.analysis.prediction.merged import Predictions
from utils.analysis.prevalence.annotated import annotated_prevalence
from utils.analysis.prevalence.estimate import estimate_prevalence
from utils.analysis.report.annotated import with_annotations
from utils.analysis.report.annotated_words import (
    about_the_annotations,
    annotated_answer,
    annotated_caveats,
)
from utils.analysis.report.places import Given
from utils.analysis.report.write import ReportInputs
from utils.dataset.labels import CLASSES
from utils.errors import InputError
from utils.records import read_record, write_record

GOOD = np.array([[0, 1, 0, 0], [1, 40, 1, 0], [1, 0, 40, 0], [1, 0, 0, 40]])
MODEL = "d" * 64
NEW = 30
RIGHT, WRONG = np.diag([0, 2, 1, 0]), np.array([[0, 0, 0, 0], [1, 2, 0, 0], *[[0] * 4] * 2])


def sample(photos: list[dict], **changes: object) -> dict:
    told = {
        "run": "first",
        "model": MODEL,
        "dealt": len(photos),
        "photos": photos,
        "in_order": True,
        **{name: [] for name in ("missing", "changed", "strangers", "resaved")},
        **dict.fromkeys(("kept", "added", "removed", "renamed"), 1),
    }
    return {**told, **changes}


def annotated_photo(name: str, *counts: int, chance: float = 0.5, same: bool = False) -> dict:
    counted = dict(zip(CLASSES, counts, strict=True))
    return {
        "name": name,
        "chance": chance,
        "counts": counted,
        "as_filled_in": same,
        "emptied": False,
    }


@pytest.fixture
def predicted() -> np.ndarray:
    """What a detector found that sees one of two bare faces only."""
    return np.tile([[2.0, 1.0, 0.0], [1.0, 0.0, 0.0]], (NEW // 2, 1))


@pytest.fixture
def predictions() -> Predictions:
    nobody = dict.fromkeys(CLASSES, 0)
    told = [
        {"name": name, "file": name, "resembles": "x", "group": k, "counts": nobody}
        for k, name in enumerate(f"p{k:02d}" for k in range(NEW))
    ]
    return Predictions(0.5, told, [], [])


@pytest.fixture
def evaluation() -> dict:
    tables = [{"confusion": RIGHT.tolist()}] * 6 + [{"confusion": WRONG.tolist()}] * 6
    return {"model": {"digest": MODEL}, "per_photo": tables}


@pytest.fixture
def photos() -> list[dict]:
    """Twelve that were annotated: on each two, four of each of two classes."""
    return [annotated_photo(f"p{k:02d}", *((3, 2, 0), (1, 2, 0))[k % 2]) for k in range(12)]


@pytest.fixture
def answered(predicted, predictions, photos):
    """Return the record with an answer from a sample."""
    test = np.repeat(GOOD[None], 40, 0)
    record = estimate_prevalence(test, predicted.round().astype(int), 0, 200)

    def answer(
        photos: list[dict] = photos,
        absent: tuple = (),
        given: Given | None = None,
        **changes: object,
    ) -> dict:
        nothing = {"photos": 0, "groups": 0, "largest": 0}
        before = {**record, "absent": list(absent), "bursts": nothing, "places": {"breakdowns": []}}
        return with_annotations(before, sample(photos, **changes), predictions, predicted, given)

    return answer


def test_it_replaces_the_answer_and_both_stand_in_the_record(answered, predicted):
    record = answered()
    truth = np.array([[3, 2, 0], [1, 2, 0]] * 6)
    alone = annotated_prevalence(predicted, np.arange(12), truth, np.full(12, 0.5))
    told = record["properly_masked"]
    assert told["share"] == pytest.approx(0.5) == alone["share"]
    assert told["interval"] == alone["interval"] and told["interval_here"] == alone["interval_here"]
    assert record["corrected"]["without_mask"]["share"] == pytest.approx(0.5)
    people = record["people"]["corrected"]
    assert record["corrected"]["without_mask"]["count"] == pytest.approx(people / 2)
    assert record["detector"]["properly_masked"]["share"] == pytest.approx(0.75, abs=0.02)
    assert record["estimator"] == "PPI++" and record["annotated"]["annotated"] == 12
    assert told["raw_share"] == record["detector"]["properly_masked"]["raw_share"]


def test_the_sentence_says_by_what_it_is_corrected(answered):
    first, second = annotated_answer(answered())
    assert first.startswith("About 50 % of the people on 30 new photographs wear a mask properly")
    assert "corrected by 12 of them that were annotated (95 % interval: " in first
    assert "The 12 are a random sample, with 48 people on them." in second
    assert "as without annotations, it would be 77 % (95 % interval: " in second


def test_weights_count_in_an_answer_from_annotations_too(answered, photos):
    names = [f"p{k:02d}" for k in range(NEW)]
    weights = {name: (1.0, 3.0)[k % 2] for k, name in enumerate(names)}
    places, times = {name: {} for name in names}, dict.fromkeys(names)
    record = answered(given=Given([], None, places, times, weights, Path("groups.json")))
    assert record["properly_masked"]["share"] == pytest.approx((3 + 3 * 1) / (5 + 3 * 3), abs=0.03)
    plain = answered()
    assert record["people"]["corrected"] == pytest.approx(plain["people"]["corrected"], rel=0.05)
    assert record["places"]["breakdowns"] == [] and record["places"]["weighted"]


def test_that_the_two_answers_disagree_is_told(answered):
    record = answered()
    told = "the two disagree: the detector makes other mistakes"
    record["properly_masked"]["interval_here"] = [0.4, 0.6]
    record["detector"]["properly_masked"]["interval_here"] = [0.7, 0.8]
    assert told in annotated_answer(record)[1]
    record["detector"]["properly_masked"]["interval_here"] = [0.55, 0.8]
    assert told not in annotated_answer(record)[1]


def test_a_detector_without_an_answer_gets_one(answered, evaluation, predictions, tmp_path):
    record = answered()
    record["detector"]["properly_masked"].update(share=None, interval=None, interval_here=None)
    assert annotated_answer(record)[1].endswith("Without the annotations there would be no answer.")


def test_all_annotated_leaves_nothing_open_about_these_photographs(answered):
    photos = [
        annotated_photo(f"p{k:02d}", *((2, 2, 0), (1, 0, 0))[k % 2], chance=1.0) for k in range(NEW)
    ]
    record = answered(photos)
    assert record["properly_masked"]["share"] == pytest.approx(0.6)
    assert "the share is known, since all are annotated" in annotated_answer(record)[1]


def test_too_few_annotations_leave_the_detectors_answer(answered, evaluation, photos):
    record = answered(photos[:3])
    assert "detector" not in record and record["annotated"]["share"] is None
    assert record["properly_masked"]["share"] == pytest.approx(0.75, abs=0.02)
    [caveat] = about_the_annotations(record["annotated"], evaluation)
    assert caveat.serious and "needs 5 photographs with people" in caveat.text


def test_a_class_that_the_detector_does_not_know_is_counted_by_people(answered, photos):
    photos[0] = annotated_photo("p00", 2, 2, 3)
    record = answered(photos, absent=(CLASSES[2],))
    assert record["absent"] == [] and record["detector"]["absent"] == [CLASSES[2]]
    assert record["corrected"][CLASSES[2]]["share"] > 0
    assert "wear a mask properly" in annotated_answer(record)[0]


def told_of(record: dict, evaluation: dict, predictions: Predictions) -> list[str]:
    return [caveat.text for caveat in annotated_caveats(record, evaluation, predictions)]


def test_what_concerns_the_detector_on_other_photographs_is_no_caveat(
    answered, evaluation, predictions
):
    assert told_of(answered(), evaluation, predictions) == []


def test_an_unknown_class_that_nobody_saw_either_is_told(answered, evaluation, predictions):
    [text] = told_of(answered(absent=(CLASSES[2],)), evaluation, predictions)
    assert text.startswith("No face of class 'mask worn incorrectly' is annotated, neither among")


def test_more_photographs_as_filled_in_than_the_detector_can_be_right_on_are_told(
    answered, evaluation, predictions, photos
):
    def texts(same: int) -> list[str]:
        marked = [{**photo, "as_filled_in": k < same} for k, photo in enumerate(photos)]
        return told_of(answered(marked), evaluation, predictions)

    assert texts(9) == [], "it is right on half of the photographs"
    [text] = texts(11)
    assert text.startswith("11 of the 12 annotated photographs are as the detector filled them in.")
    assert "right on 50 % of them" in text


def test_more_photographs_without_faces_than_the_detector_invents_are_told(
    answered, evaluation, predictions, photos
):
    def texts(emptied: int) -> list[str]:
        marked = [{**photo, "emptied": k < emptied} for k, photo in enumerate(photos)]
        return told_of(answered(marked), evaluation, predictions)

    assert texts(2) == [], "one in fourteen is no surprise"
    [text] = texts(6)
    assert text.startswith("6 annotated photographs came back without any face, though the detec")


def test_photographs_that_a_tool_saved_anew_are_told(answered, evaluation, predictions):
    [text] = told_of(answered(resaved=["1_a.jpg"]), evaluation, predictions)
    assert text.startswith("1 annotated photograph came back saved anew, as tools do, and was")


def test_what_did_not_come_back_is_told(answered, evaluation, predictions):
    lost = {"dealt": 15, "missing": ["a", "b"], "changed": ["c"]}
    assert told_of(answered(**lost), evaluation, predictions) == [], "the first of those drawn"
    [text] = told_of(answered(**lost, in_order=False), evaluation, predictions)
    assert text.startswith("3 of the 15 photographs of the sample are not annotated")
    [text] = told_of(answered(strangers=["x"]), evaluation, predictions)
    assert text.startswith("1 annotated photograph is not of the sample and left out")
    [text] = told_of(answered(model="e" * 64), evaluation, predictions)
    assert "by another model than this one" in text and "holds all the same" in text


def test_a_photograph_that_was_not_predicted_is_named(answered, photos):
    photos[3]["name"] = "elsewhere"
    with pytest.raises(InputError, match="that 'first' dealt: photograph 'elsewhere' is not"):
        answered(photos)


@pytest.fixture
def of_four(inputs) -> ReportInputs:  # noqa: F811
    """The run of `test_write`, all of whose new photographs are annotated, and five are needed."""
    names = [
        photo["name"]
        for path in inputs.predictions
        for photo in read_record(path, 2)["photos"]
    ]  # fmt: skip
    photos = [annotated_photo(name, 2, 1, 0, chance=1.0) for name in names]
    path = inputs.configuration.with_name("annotated.json")
    write_record(path, sample(photos, model="d" * 64))
    return replace(inputs, annotated=path)


def page_and_record(inputs: ReportInputs, folder: Path) -> tuple[BeautifulSoup, dict]:  # noqa: F811
    paths = write(inputs, folder)
    return BeautifulSoup(paths["page"].read_text(), "lxml"), read_record(paths["prevalence"])


def test_the_report_tells_that_annotations_were_too_few(of_four, tmp_path):
    page, record = page_and_record(of_four, tmp_path)
    assert record["annotated"]["annotated"] == 4 and record["detector"] is None
    assert any("needs 5 photographs with people" in text for text in record["serious"])
    assert "corrected for the mistakes that it made on 3" in page.select_one("#trust").text


def test_the_report_is_that_of_the_annotations(of_four, tmp_path, monkeypatch):
    monkeypatch.setattr("utils.analysis.prevalence.annotated.LEAST", 4)
    page, record = page_and_record(of_four, tmp_path)
    assert record["properly_masked"]["share"] == pytest.approx(2 / 3)
    assert page.select_one(".number").text.replace("\xa0", " ") == "67 %"
    assert "were annotated" in page.select_one(".sentence").text
    trust = page.select_one("#trust").text
    assert "drawn at random and annotated" in trust
    assert "does not assume that the new photographs are like the test photographs" in trust
    assert "repetitions" not in page.select_one("#trust details").text
    assert not any("unlike the test" in text for text in record["caveats"])
