"""Ours beside others: what goes to a YOLO, what comes back, and which rows are made."""

import ast
from argparse import ArgumentTypeError
from pathlib import Path

import numpy as np
import pytest
import yaml

from benchmarks import peers, quality, yolo
from benchmarks.common import PROJECT, pack
from benchmarks.peers import Bench, Peer, assignment, epochs_within, table_row
from utils.dataset.formats.yolo import parse
from utils.dataset.formats.yolo_names import Names
from utils.dataset.labels import CLASSES
from utils.dataset.shards import read_shard
from utils.metrics.average_precision import average_precision
from utils.records import read_record
from utils.training.recipe import Recipe

SAMPLE = PROJECT / "data" / "sample"
PEER = Peer("scratch", "compact_resnet18_fpn", 480, None, "from scratch")


@pytest.fixture(scope="module")
def shards(tmp_path_factory) -> dict[str, Path]:
    return {
        side: pack(SAMPLE, tmp_path_factory.mktemp(side), photos)
        for side, photos in (("train", 5), ("val", 2), ("test", 3))
    }


@pytest.fixture
def bench(shards, tmp_path) -> Bench:
    return Bench(shards, tmp_path, tmp_path / "no environment", 0)


def test_a_yolo_gets_every_side_with_its_faces(shards, tmp_path):
    described = yaml.safe_load(yolo.write_layout(shards, tmp_path / "data").read_text())
    assert list(described["names"].values()) == list(CLASSES)
    for side, shard in shards.items():
        images = sorted(Path(described["path"], described[side]).iterdir())
        photos = list(read_shard(shard))
        assert len(images) == len(photos)
        for image, photo in zip(images, photos, strict=True):
            assert image.read_bytes() == photo.image
            label = Path(str(image).replace("/images/", "/labels/")).with_suffix(".txt")
            height, width = photo.decode().shape[:2]
            read = parse(label.read_bytes(), "", Names(described["names"]), width, height)
            faces = photo.read_annotation(width, height).faces
            assert read.names == tuple(CLASSES[label - 1] for label in faces.labels)
            np.testing.assert_allclose(read.boxes, faces.boxes, atol=1e-3)


def test_what_a_yolo_found_is_read(tmp_path):
    (tmp_path / "000001.txt").write_text("2 0.5 0.5 0.2 0.4 0.25\n0 0.25 0.5 0.1 1 0.75\n")
    none, found = yolo.read_found(tmp_path, [(50, 60), (50, 100)])
    assert len(none) == 0
    np.testing.assert_allclose(found.boxes, [[20, 0, 30, 50], [40, 15, 60, 35]], atol=1e-4)
    assert [CLASSES[label - 1] for label in found.labels] == [CLASSES[0], CLASSES[2]]
    assert found.scores.tolist() == [0.75, 0.25]
    assert found.probabilities.tolist() == [[0.25, 0.75, 0, 0], [0.75, 0, 0, 0.25]]


def test_a_yolo_that_finds_the_truth_has_a_perfect_average_precision(shards, tmp_path):
    yolo.write_layout({"test": shards["test"]}, tmp_path / "data")
    faces, sizes = [], []
    for photo in read_shard(shards["test"]):
        sizes.append(photo.decode().shape[:2])
        faces.append(photo.read_annotation(*sizes[-1][::-1]).faces)
    truth = tmp_path / "data" / "labels" / "test"
    for file in truth.iterdir():
        file.write_text("".join(f"{line} 0.9\n" for line in file.read_text().splitlines()))
    assert average_precision(yolo.read_found(truth, sizes), faces)["map"] == 1


def test_the_time_of_a_photograph_is_that_of_all_its_parts():
    told = (
        "image 1/2 /a/000000.jpg: 448x640 3 with_masks, 52.5ms\n"
        "Speed: 1.5ms preprocess, 50.0ms inference, 0.5ms postprocess per image at shape "
        "(1, 3, 448, 640)\nResults saved to /a\n"
    )
    assert yolo.milliseconds(told) == 52


def test_no_module_of_ours_imports_it_and_no_requirement_names_it():
    for file in PROJECT.rglob("*.py"):
        if ".venv" in file.parts or "runs" in file.parts:
            continue
        for node in ast.walk(ast.parse(file.read_bytes())):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            assert not [name for name in names if name.startswith("ultralytics")], file
    for file in PROJECT.glob("requirements*.txt"):
        lines = [line.partition("#")[0] for line in file.read_text().splitlines()]
        assert not [line for line in lines if "ultralytics" in line], file


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


def test_rows_and_their_values():
    assert assignment("yolo=/a/b=c.pt") == ("yolo", "/a/b=c.pt")
    for wrong in ("yolo", "yolo=", "other=3"):
        with pytest.raises(ArgumentTypeError, match="expected ROW=VALUE"):
            assignment(wrong)
    args = peers.parser().parse_args(
        ["--only", "scratch", "yolo", "--size", "scratch=640", "--peer-weights", "yolo=n.pt"]
    )
    scratch, other = peers.peers(args)
    assert (scratch.arch, scratch.image_size, scratch.weights) == (
        "compact_resnet18_fpn",
        640,
        None,
    )
    assert (other.image_size, other.weights.name, other.told) == (640, "n.pt", "from n.pt")


def test_only_the_pretrained_one_is_trained_by_another_recipe():
    args = peers.parser().parse_args(
        ["--only", "mobilenet", "pretrained", "--weights", "none", "--recipe", "learning_rate=1e-4"]
    )
    mobilenet, ours = peers.peers(args)
    assert mobilenet.recipe == Recipe()
    assert ours.recipe == Recipe(learning_rate=1e-4)


def test_a_row_of_the_table():
    classes = {name: {"map": 0.4, "map_50": 0.6} for name in CLASSES}
    intervals = {"map": [0.3, 0.5], "map_50": None}
    parts = {"map": 0.4, "map_50": 0.6, "intervals": intervals}
    record = {
        "epochs": 7,
        "minutes": 4.96,
        "wall_minutes": 6.04,
        "average_precision": {
            **parts,
            "classes": {name: {**part, "intervals": intervals} for name, part in classes.items()},
        },
    }
    assert table_row(PEER, 5, record, 41.6) == [
        "compact_resnet18_fpn, from scratch, 5 min",
        *("480", "42", "7", "5.0", "6.0"),
        *("0.400 [0.30 0.50]", "0.600", "0.600", "0.600", "0.600"),
    ]
