"""What goes to a YOLO, and what comes back."""

import ast
from pathlib import Path

import numpy as np
import yaml

from benchmarks import yolo
from benchmarks.common import PROJECT
from utils.dataset.formats.yolo import parse
from utils.dataset.formats.yolo_names import Names
from utils.dataset.labels import CLASSES
from utils.dataset.shards import read_shard
from utils.metrics.average_precision import average_precision


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
