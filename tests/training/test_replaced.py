"""Workers that are killed while they train together, and those that take their place."""

import json
import random
import sys
from pathlib import Path

import pytest
import torch

from utils.training.checkpoint import Checkpoint
from utils.training.launch import launch
from utils.training.replaced import REPLACED, replaced_so_far, told

WORKER = Path(__file__).with_name("one_worker.py")
CALLS = 6
"""Questions whether to stop in the two epochs of two steps, and in their validations."""


def trained(folder, kills):
    command = [sys.executable, WORKER, folder, json.dumps(kills)]
    assert launch(2, lambda: False, command, replacements=len(kills)) == 0
    return torch.load(folder / "0.pth", weights_only=True)


def test_killed_at_random_steps_the_weights_are_those_of_an_undisturbed_training(tmp_path):
    chance = random.Random(0)  # noqa: S311
    # A start that goes on from the first epoch has fewer steps before it.
    kills = [[chance.randrange(2), chance.randint(1, CALLS // 2 - 1)] for _ in range(3)]
    folders = tmp_path / "undisturbed", tmp_path / "killed"
    for folder in folders:
        folder.mkdir()
    expected, found = (trained(*it) for it in zip(folders, ([], kills), strict=True))
    for name, value in expected["weights"].items():
        assert torch.equal(found["weights"][name], value), name
    assert found["records"] == expected["records"]
    assert expected["replaced"] == []
    assert [one["worker"] for one in found["replaced"]] == [number + 1 for number, _ in kills]
    assert {one["why"] for one in found["replaced"]} == {"was killed by signal 9"}


def test_who_was_replaced_is_remembered_from_one_start_of_the_job_to_the_next(
    tmp_path, monkeypatch
):
    path, first = tmp_path / "c.ckpt", {"worker": 1, "why": "was killed by signal 9"}

    def start(*told_of):
        monkeypatch.setenv(REPLACED, told(*told_of))
        checkpoint = Checkpoint(path, {})
        checkpoint.start()
        return [one for some in checkpoint.replaced.values() for one in some]

    assert start("a", []) == []
    assert start("a", [first]) == [first]
    assert start("a", [first, first]) == [first, first], "not counted twice"
    assert start("b", []) == [first, first]
    assert start("b", [first]) == [first] * 3


@pytest.mark.parametrize(("count", "expected"), [("0", 0), ("2", 2)])
def test_of_torchrun_is_known_how_often_it_started_all(monkeypatch, count, expected):
    monkeypatch.setenv("TORCHELASTIC_RESTART_COUNT", count)
    monkeypatch.setenv("TORCHELASTIC_RUN_ID", "x")
    assert len(replaced_so_far().get("x", [])) == expected
