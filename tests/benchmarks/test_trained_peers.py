"""Which rows are made, and from what."""

from pathlib import Path

import pytest

from benchmarks import quality, trained_peers, yolo
from benchmarks.trained_peers import Bench, Peer, epochs_within
from utils.records import read_record
from utils.training.recipe import Recipe

PEER = Peer("scratch", "compact_resnet18_fpn", 480, None, "from scratch")


@pytest.fixture
def bench(shards, tmp_path) -> Bench:
    return Bench(shards, tmp_path, tmp_path / "no environment", 0)


def test_a_finished_row_is_not_made_again(bench, tmp_path, monkeypatch):
    made = []

    def train(self, peer, minutes, folder):
        made.append((peer, minutes))
        if len(made) == 1:
            (folder / "half").touch()
            raise KeyboardInterrupt
        return {"epochs": 1}

    monkeypatch.setattr(Bench, "_ours", train)
    with pytest.raises(KeyboardInterrupt):
        bench.row(PEER, 5, tmp_path / "keep")
    first = bench.row(PEER, 5, tmp_path / "keep")  # a half one is made afresh
    assert not (first / "half").exists()
    assert bench.row(PEER, 5, tmp_path / "keep") == first
    assert made == [(PEER, 5)] * 2
    other = Peer("scratch", "compact_resnet18_fpn", 480, None, "", Recipe(learning_rate=1e-4))
    assert len({first, bench.row(PEER, 20, tmp_path), bench.row(other, 5, tmp_path)}) == 3
    assert len(made) == 4
    monkeypatch.chdir(tmp_path)
    assert bench.row(PEER, 5, Path("keep")) == first, "absolute, because a YOLO works elsewhere"
    monkeypatch.setattr(trained_peers, "processor", lambda: "another, 2 cores")
    assert bench.row(PEER, 5, Path("keep")) != first, "its minutes are others"


def test_a_stopped_row_goes_on_and_all_of_its_minutes_count(bench, tmp_path, monkeypatch):
    clock = {"wall": 0.0, "processor": 0.0}
    monkeypatch.setattr(quality.time, "perf_counter", lambda: clock["wall"])
    monkeypatch.setattr(quality.time, "process_time", lambda: clock["processor"])
    monkeypatch.setattr(quality.os, "sched_getaffinity", lambda _: {0, 1})
    told = []

    def train(self, peer, minutes, folder):
        told.append(sorted(path.name for path in folder.iterdir()))
        meter = quality.Meter(folder / quality.MINUTES)
        clock["wall"] += 120
        clock["processor"] += 180
        assert meter() is False, "it never asks to stop"
        if len(told) == 1:
            (folder / "checkpoint.pth").touch()
            raise KeyboardInterrupt
        return dict(zip(("minutes", "wall_minutes"), meter.read(), strict=True))

    monkeypatch.setattr(Bench, "_ours", train)
    with pytest.raises(KeyboardInterrupt):
        bench.row(PEER, 5, tmp_path / "keep")
    row = read_record(bench.row(PEER, 5, tmp_path / "keep") / "row.json")
    assert told == [[], ["checkpoint.pth", "minutes.json"]]
    assert (row["minutes"], row["wall_minutes"]) == (3.0, 4.0)


def test_a_yolo_knows_no_recipe_of_ours(bench):
    one = Peer("yolo", "yolo26n", 640, None, "")
    assert "recipe" not in bench.identity(one, 5)
    assert bench.identity(one, 5)["version"] == yolo.VERSION


def test_as_many_epochs_as_fit_and_one_at_least():
    assert epochs_within(20, 0.5, 1.2) == 37
    assert epochs_within(1, 2, 0.1) == 1
