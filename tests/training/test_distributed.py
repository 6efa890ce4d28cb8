"""Two real processes over gloo against one, with the same global batches."""

import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
import torch
from torch import distributed as dist

from tests.waiting import PATIENCE
from utils.detector.forward import losses
from utils.training import distributed
from utils.training.distributed import (
    from_first,
    is_loss_of_another,
    largest,
    own_part,
    own_places,
    summed,
)
from utils.training.launch import launch


@pytest.fixture(scope="module", params=["from nothing", "tune"])
def trained(one_of_several, tmp_path_factory, request):
    """Return the results of one process alone, and of each of two together."""
    results = []
    for processes in (1, 2):
        folder = tmp_path_factory.mktemp(f"of_{processes}")
        command = [sys.executable, one_of_several.__file__, folder, request.param]
        assert launch(processes, lambda: False, command) == 0
        results += [
            torch.load(folder / f"{rank}.pth", weights_only=True) for rank in range(processes)
        ]
    return results[0], results[1:]


def precision(record):
    return {name: value for name, value in record["validation"].items() if name != "loss"}


# Batches are of four and of three, so parts differ in size and in how many anchors are drawn.
def test_two_processes_give_the_loss_curve_of_one(trained):
    alone, both = trained
    assert len(alone["records"]) == 2
    for expected, found in zip(alone["records"], both[0]["records"], strict=True):
        assert found["loss"] == pytest.approx(expected["loss"], rel=1e-6)
        for part in (lambda record: record["validation"]["loss"], precision):
            assert part(found) == pytest.approx(part(expected), rel=1e-6)


def test_two_processes_give_the_weights_of_one_and_agree_to_the_bit(trained):
    alone, both = trained
    for name, value in alone["weights"].items():
        assert torch.equal(both[0]["weights"][name], both[1]["weights"][name]), name
        torch.testing.assert_close(both[0]["weights"][name], value, rtol=1e-6, atol=1e-9)


def test_records_are_the_first_ones_in_every_process(trained):
    _, both = trained
    for one, other in zip(*(result["records"] for result in both), strict=True):
        assert one["validation"] == other["validation"]


def test_batch_normalisation_is_over_all_parts_of_the_batch(trained):
    alone, both = trained
    expected, parts = alone["normalised"], [result["normalised"] for result in both]
    together = torch.cat([part["parts"] for part in parts], dim=1)
    torch.testing.assert_close(together, expected["parts"], rtol=1e-9, atol=1e-9)
    torch.testing.assert_close(
        sum(part["sums"] for part in parts), expected["sums"], rtol=1e-9, atol=1e-9
    )
    for part in parts:
        for found, wanted in zip(part["statistics"], expected["statistics"], strict=True):
            torch.testing.assert_close(found, wanted, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("photos", [1, 2, 3, 4, 7])
def test_every_place_of_a_batch_has_as_much_weight_as_any_other(monkeypatch, photos):
    monkeypatch.setattr(distributed, "processes", lambda: 3)
    taken = []
    for number in range(3):
        monkeypatch.setattr(distributed, "rank", lambda number=number: number)
        part = list(own_places(photos))
        assert part
        taken += part
    times = 1 if photos >= 3 else 3
    assert sorted(taken) == sorted(list(range(photos)) * times)


def test_part_of_a_batch_is_padded_like_the_whole(model):
    shapes = []
    model.backbone.register_forward_pre_hook(lambda _, given: shapes.append(given[0].shape[2:]))
    image = torch.zeros((3, 64, 40), dtype=torch.uint8)
    target = {"boxes": torch.tensor([[4.0, 4.0, 20.0, 20.0]]), "labels": torch.tensor([1])}
    for size in ((0, 0), (50, 70), (130, 40)):
        losses(model, [image], [target], size=size)
    assert [tuple(shape) for shape in shapes] == [(64, 64), (64, 96), (160, 64)]


def test_alone_there_is_nobody_to_ask():
    assert summed([1.5, 2]) == [1.5, 2]
    assert largest([3, 4]) == [3, 4]
    assert from_first({"map": None}) == {"map": None}


def test_the_loss_of_another_process_is_told_from_a_fault_of_ones_own(monkeypatch):
    gone = RuntimeError("[gloo/transport/tcp/pair.cc:545] Read error: Connection reset by peer")
    assert not is_loss_of_another(gone), "alone there is no other"
    monkeypatch.setattr(distributed, "processes", lambda: 2)
    assert is_loss_of_another(gone)
    assert not is_loss_of_another(RuntimeError("mat1 and mat2 shapes cannot be multiplied"))
    assert not is_loss_of_another(ValueError("gloo"))


@pytest.mark.parametrize("late", [0, 1, 2])
def test_who_starts_again_shares_nothing_with_those_before_in_the_same_store(late):
    """As ``torchrun`` lets them: the store is kept, and who starts when is not known."""
    store = dist.HashStore()

    def start() -> list[dist.Store]:
        parts: dict[int, dist.Store] = {}

        def join(number: int) -> None:
            time.sleep(0.2 * (number == late))
            parts[number] = own_part(store, number, 3)

        threads = [threading.Thread(target=join, args=(number,)) for number in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(PATIENCE)
        return [parts[number] for number in range(3)]

    before = start()
    before[0].set("address", "of one who has gone")
    assert [one.get("address") for one in before] == [b"of one who has gone"] * 3
    store.set("1 asks", "and was killed before it was answered")
    now = start()
    assert not any(one.check(["address"]) for one in now)
    now[1].set("address", "mine")
    assert [one.get("address") for one in now] == [b"mine"] * 3


def test_a_worker_ends_when_the_agent_that_started_it_is_killed():
    waits = "from utils.training.distributed import end_with_the_agent as end\n"
    waits += "import time; end(0.1); print('waits', flush=True); time.sleep(600)"
    starts = "import subprocess, sys; subprocess.run([sys.executable, '-c', sys.argv[1]])"
    agent = subprocess.Popen(
        [sys.executable, "-c", starts, waits],
        cwd=Path(__file__).parents[2],
        stdout=subprocess.PIPE,
        text=True,
    )
    with agent:
        assert agent.stdout.readline() == "waits\n"
        agent.kill()
        before = time.monotonic()
        assert agent.stdout.read() == "", "the worker holds the pipe until it ends"
        assert time.monotonic() - before < PATIENCE
