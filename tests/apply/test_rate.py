"""The rate by what a model's file carries of its test is that of the report, number by number."""

import json
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest

from tests.analysis.conftest import KnowingDetector, faces_in_a_row, make_photo
from utils.analysis.evaluation.carried import carry
from utils.analysis.evaluation.evaluate import evaluate
from utils.analysis.prediction.looking import look
from utils.analysis.prediction.merged import joined
from utils.analysis.report.estimates import estimates
from utils.analysis.report.words import answer
from utils.apply.rate import absent_from, rate_record
from utils.dataset.shards import write_shard
from utils.errors import InputError

FACTS = {"photos": 30, "not_read": {}}
SIDES = {"train": {"faces": {"with_mask": 9, "without_mask": 2, "mask_weared_incorrect": 1}}}


@dataclass(frozen=True)
class File:
    evaluation: dict[str, Any] | None
    threshold: float = KnowingDetector.threshold


def photographs(detector: KnowingDetector, letter: str, count: int) -> list:
    """Photographs of three people, of whom the detector takes one in four for another."""
    rng = np.random.default_rng(count)
    made = []
    for number in range(count):
        labels = rng.choice([1, 2, 3], 3, p=[0.5, 0.3, 0.2])
        photo = make_photo(f"{letter}{number:02}", faces_in_a_row(*labels))
        said = np.where(rng.random(3) < 0.25, rng.choice([1, 2, 3], 3), labels)
        detector.knows(photo, said, rng.uniform(0.6, 0.99, 3))
        made.append(photo)
    return made


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """What a workflow would have: its detector, evaluation, split, and predictions."""
    detector, path = KnowingDetector(), tmp_path_factory.mktemp("run") / "test.tar"
    tests = photographs(detector, "t", 40)
    write_shard(path, tests)
    evaluation = json.loads(json.dumps(evaluate(detector, path, seed=11)))
    groups = {photo.name: {"group": number // 2} for number, photo in enumerate(tests)}
    new = photographs(detector, "n", 30)
    record = {"photos": [one.record() for one in look(detector, new)], "skipped": []}
    split = {"photos": groups, "sides": SIDES, "skipped": []}
    return detector, evaluation, split, joined([("new", record)], detector.threshold)


def applied(run, **changed):
    _, evaluation, split, _ = run
    other = KnowingDetector()
    other.file = File(carry(evaluation, {**split, **changed}))
    return other


def test_the_answer_is_that_of_the_report(run):
    _, evaluation, split, predictions = run
    expected = estimates(evaluation, predictions, split, 11)
    assert expected["reliable"] and expected["properly_masked"]["interval"]
    record = rate_record(applied(run), predictions, FACTS)
    assert {key: record[key] for key in expected} == expected
    assert (record["answer"], record["explanation"]) == answer(expected)
    assert record["uncorrected"] is None and record["left"] == 0
    json.dumps(record, allow_nan=False)


def test_near_duplicates_among_the_test_photographs_matter(run):
    _, evaluation, split, predictions = run
    alone = {name: {"group": number} for number, name in enumerate(split["photos"])}
    record = rate_record(applied(run, photos=alone), predictions, FACTS)
    expected = estimates(evaluation, predictions, split, 11)
    assert record["properly_masked"]["interval"] != expected["properly_masked"]["interval"]


def test_a_class_that_the_model_never_learnt_changes_the_question(run):
    sides = {"train": {"faces": {"with_mask": 9, "without_mask": 2}}}
    model = applied(run, sides=sides)
    assert absent_from(model) == ["mask_weared_incorrect"]
    record = rate_record(model, run[-1], FACTS)
    assert "of the people on 30 new photographs wear a mask (" in record["answer"]
    assert any("never" in text or "cannot know it" in text for text in record["serious"])


def counted(run):
    return sum(photo["counts"]["with_mask"] for photo in run[-1].summaries)


def test_without_a_test_there_is_what_was_counted_and_no_interval(run):
    model = KnowingDetector()
    model.file = File(None)
    record = rate_record(model, run[-1], FACTS)
    masked = record["properly_masked"]
    assert masked["raw_share"] == pytest.approx(counted(run) / 90)
    assert (masked["share"], masked["interval"], masked["interval_here"]) == (None,) * 3
    assert (record["estimator"], record["reliable"], record["corrected"]) == ("CC", False, None)
    assert record["uncorrected"].startswith("the model file does not hold what a test showed")
    assert "only what was counted, and has no interval" in record["answer"]
    assert record["serious"][0].startswith("What was counted is not corrected, because the model")
    assert absent_from(model) == []


def test_at_another_threshold_nothing_is_known_of_the_mistakes(run):
    model = applied(run)
    model.file = replace(model.file, threshold=0.50001)
    record = rate_record(model, run[-1], FACTS)
    assert record["uncorrected"].startswith(
        "the test of the model counted faces from a confidence of 0.50001, not 0.5"
    )
    assert record["properly_masked"]["interval"] is None


@pytest.mark.parametrize("tested", [True, False])
def test_what_is_not_in_the_answer_is_told(run, tested):
    model = applied(run)
    model.file = model.file if tested else File(None)
    predictions = replace(run[-1], skipped=[{"file": "x.jpg", "reason": "broken"}])
    facts = {"photos": 38, "not_read": {"HEIC": 2}}
    record = rate_record(model, predictions, facts, left=7)
    told = " ".join(record["serious"])
    assert "This was interrupted: 7 photographs of 37 or more were not looked at." in told
    assert "2 new photographs of kinds that are not read are not in the answer: 2 HEIC." in told
    assert "1 new photograph could not be read and is not in the answer." in told
    assert (record["skipped"], record["left"]) == (1, 7)


@pytest.mark.parametrize("tested", [True, False])
def test_no_person_is_no_share(run, tested):
    model = applied(run)
    model.file = model.file if tested else File(None)
    nobody = make_photo("z", faces_in_a_row())
    model.knows(nobody, [], [])
    found = {"photos": [one.record() for one in look(model, [nobody])], "skipped": []}
    record = rate_record(model, joined([("z", found)], 0.5), FACTS)
    assert record["answer"].startswith("No person was found on 1 ")
    assert record["properly_masked"]["raw_share"] is None


def test_a_damaged_evaluation_is_named(run):
    model = KnowingDetector()
    model.file = File({"schema": 1})
    with pytest.raises(InputError, match="the model file: field 'evaluation'"):
        rate_record(model, run[-1], FACTS)
