"""What a test showed goes into a model file and comes out of it as it was."""

import json

import numpy as np
import pytest
import torch

from utils.analysis.evaluation.carried import LEFT_BEHIND, carry, unpacked
from utils.analysis.evaluation.evaluate import evaluate
from utils.errors import InputError
from utils.training.tensors import load_tensors, save_tensors

PHOTOS = ("a", "b", "c")


@pytest.fixture
def evaluation(detector, photo, shard) -> dict:
    """A record of three photographs, as it comes out of a file."""
    photos = [photo("a", 1), photo("b", 1, 2, 3), photo("c", 2, 1)]
    for one, labels in zip(photos, ([1], [1, 1, 3], [2, 1, 1]), strict=True):
        detector.knows(one, labels, np.linspace(0.6, 0.9, len(labels)))
    return json.loads(json.dumps(evaluate(detector, shard("test.tar", *photos), seed=7)))


@pytest.fixture
def split() -> dict:
    groups = {"a": 4, "b": 9, "c": 4, "of the training": 1}
    sides = {"train": {"faces": {"with_mask": 3}}, "test": {"faces": {"without_mask": 6}}}
    photos = {name: {"group": group, "file": f"{name}.jpg"} for name, group in groups.items()}
    return {"photos": photos, "sides": sides, "near_duplicates_across_sides": 2}


def test_every_number_of_every_photograph_comes_back(evaluation, split, tmp_path):
    save_tensors(tmp_path / "a.pth", carry(evaluation, split))
    carried, _ = load_tensors(tmp_path / "a.pth")
    again, deal = unpacked(carried, "a.pth")
    own = [{**photo, "name": str(k)} for k, photo in enumerate(evaluation["per_photo"])]
    assert again["per_photo"] == own
    rest = {key: it for key, it in evaluation.items() if key not in LEFT_BEHIND}
    assert {key: it for key, it in again.items() if key != "per_photo"} == rest
    assert deal["photos"] == {"0": {"group": 4}, "1": {"group": 9}, "2": {"group": 4}}
    assert deal["sides"] == split["sides"]
    assert deal["near_duplicates_across_sides"] == 2


def test_no_name_of_a_photograph_travels(evaluation, split, tmp_path):
    named = json.loads(json.dumps([evaluation, split]).replace('"b"', '"very_private"'))
    save_tensors(tmp_path / "a.pth", carry(*named))
    assert b"very_private" not in (tmp_path / "a.pth").read_bytes()


def test_a_photograph_takes_a_quarter_of_a_kilobyte(evaluation, split):
    def size(record):
        values = record.values() if isinstance(record, dict) else ()
        return getattr(record, "nbytes", 0) + sum(map(size, values))

    assert size(carry(evaluation, split)["per_photo"]) / len(PHOTOS) < 300


def test_a_test_photograph_that_the_split_does_not_know_is_an_error(evaluation, split):
    del split["photos"]["b"]
    with pytest.raises(InputError, match=r"does not hold the test photograph 'b'"):
        carry(evaluation, split)


@pytest.mark.parametrize(
    ("part", "value"),
    [
        ("schema", 9),
        ("groups", torch.zeros(2, dtype=torch.int32)),
        ("per_photo", {"confusion": torch.zeros(3, 4, 4)}),
        ("per_photo", None),
        ("sides", [1]),
        ("evaluation", {}),
    ],
)
def test_what_is_damaged_is_named(evaluation, split, part, value):
    with pytest.raises(InputError, match=r"^m\.pth: field 'evaluation' is not what"):
        unpacked({**carry(evaluation, split), part: value}, "m.pth")


@pytest.mark.parametrize("carried", [None, [], 3, "words", {}])
def test_what_is_no_record_is_named(carried):
    with pytest.raises(InputError, match="field 'evaluation'"):
        unpacked(carried, "m.pth")
