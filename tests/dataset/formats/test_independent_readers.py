"""Our readers and writers against pycocotools and supervision, both ways."""

import contextlib
import importlib.metadata
import io
import json
from collections.abc import Mapping
from pathlib import Path

import cv2
import numpy as np
import pytest
import supervision
from pycocotools.coco import COCO

from tests.dataset.formats.conftest import write_pictures
from utils.dataset.formats import coco, voc, yolo
from utils.dataset.formats.annotation import RawAnnotation
from utils.dataset.formats.yolo_names import Names, parse_names
from utils.dataset.labels import CLASSES

Found = dict[str, list[tuple[str, tuple[float, ...]]]]
"""Sorted class names and boxes by photograph."""


def ours(dataset: Mapping[str, RawAnnotation]) -> Found:
    return {name: sorted(zip(raw.names, raw.boxes, strict=True)) for name, raw in dataset.items()}


def theirs(dataset: supervision.DetectionDataset) -> Found:
    return {
        Path(path).name: sorted(
            (dataset.classes[index], tuple(box))
            for index, box in zip(found.class_id, found.xyxy.tolist(), strict=True)
        )
        for path, found in dataset.annotations.items()
    }


def check(found: Found, expected: Found, off: float = 1e-4) -> None:
    assert found.keys() == expected.keys()
    for name, faces in expected.items():
        assert [face[0] for face in found[name]] == [face[0] for face in faces]
        for (_, box), (_, right) in zip(found[name], faces, strict=True):
            assert box == pytest.approx(right, abs=off)


def as_detections(dataset: Mapping[str, RawAnnotation], images: Path):
    """Return the data set as supervision holds it, made by hand."""
    found = {
        str(images / name): supervision.Detections(
            xyxy=np.array(raw.boxes, np.float32).reshape(-1, 4),
            class_id=np.array([CLASSES.index(face) for face in raw.names], int),
        )
        for name, raw in dataset.items()
    }
    return supervision.DetectionDataset(list(CLASSES), list(found), found)


def test_opencv_is_the_one_that_we_ask_for():
    installed = {
        package.metadata["Name"]: package.version
        for package in importlib.metadata.distributions()
        if package.metadata["Name"].lower().startswith("opencv")
    }
    assert set(installed) == {"opencv-python-headless"}
    assert installed["opencv-python-headless"].startswith(f"{cv2.__version__}.")
    assert cv2.__version__.startswith("4.")


def test_supervision_reads_the_voc_that_we_write(dataset, tmp_path):
    images = write_pictures(tmp_path / "images", dataset)
    for name, raw in dataset.items():
        data = voc.write(name, *raw.size, raw.names, raw.boxes)
        (tmp_path / name).with_suffix(".xml").write_bytes(data)
    read = supervision.DetectionDataset.from_pascal_voc(str(images), str(tmp_path))
    check(theirs(read), ours(dataset))


def test_we_read_the_voc_that_supervision_writes(dataset, tmp_path):
    whole = {name: dataset[name] for name in ("a.png", "b.png")}  # it rounds parts of pixels
    images = write_pictures(tmp_path / "images", whole)
    as_detections(whole, images).as_pascal_voc(annotations_directory_path=str(tmp_path))
    read = {
        name: voc.parse((tmp_path / name).with_suffix(".xml").read_bytes(), name) for name in whole
    }
    check(ours(read), ours(whole))
    assert all(read[name].size == whole[name].size for name in whole)


def test_supervision_reads_the_yolo_that_we_write(dataset, tmp_path):
    images = write_pictures(tmp_path / "images", dataset)
    for name, raw in dataset.items():
        data = yolo.write(*raw.size, raw.names, raw.boxes, CLASSES)
        (tmp_path / name).with_suffix(".txt").write_bytes(data)
    (tmp_path / "data.yaml").write_text(json.dumps({"names": CLASSES}))
    read = supervision.DetectionDataset.from_yolo(
        str(images), str(tmp_path), str(tmp_path / "data.yaml")
    )
    check(theirs(read), ours(dataset))


def test_we_read_the_yolo_that_supervision_writes(dataset, tmp_path):
    images = write_pictures(tmp_path / "images", dataset)
    told = tmp_path / "data.yaml"
    as_detections(dataset, images).as_yolo(
        annotations_directory_path=str(tmp_path), data_yaml_path=str(told)
    )
    names = parse_names(told.read_bytes(), "data.yaml")
    read = {
        name: yolo.parse((tmp_path / name).with_suffix(".txt").read_bytes(), name, names, *raw.size)
        for name, raw in dataset.items()
    }
    check(ours(read), ours(dataset), off=47e-5)  # it writes five decimals
    assert sorted(read["a.png"].boxes) == sorted(dataset["a.png"].boxes)


def test_supervision_reads_our_polygons_as_the_same_boxes(dataset, tmp_path):
    lines = b"0 0.1 0.25 0.9 0.25 0.5 0.75\n2 0.2 0.2 0.4 0.2 0.4 0.6 0.2 0.6\n"
    picture = {"a.png": RawAnnotation(size=(100, 80))}
    images = write_pictures(tmp_path / "images", picture)
    (tmp_path / "a.txt").write_bytes(lines)
    (tmp_path / "data.yaml").write_text(json.dumps({"names": CLASSES}))
    read = supervision.DetectionDataset.from_yolo(
        str(images), str(tmp_path), str(tmp_path / "data.yaml")
    )
    found = yolo.parse(lines, "a.txt", Names.of(CLASSES), 100, 80)
    check(theirs(read), ours({"a.png": found}))


def test_supervision_and_pycocotools_read_the_coco_that_we_write(dataset, tmp_path):
    images = write_pictures(tmp_path / "images", dataset)
    path = tmp_path / "coco.json"
    path.write_bytes(coco.write(dataset, CLASSES))
    read = supervision.DetectionDataset.from_coco(str(images), str(path))
    check(theirs(read), ours(dataset))
    check(by_pycocotools(path), ours(dataset))


def test_we_read_the_coco_that_supervision_writes(dataset, tmp_path):
    images = write_pictures(tmp_path / "images", dataset)
    path = tmp_path / "coco.json"
    as_detections(dataset, images).as_coco(annotations_path=str(path))
    read = coco.parse(path.read_bytes(), "coco.json")
    check(ours(read), ours(dataset))
    check(ours(read), by_pycocotools(path))


def test_pycocotools_reads_sparse_ids_and_crowds_as_we_do(tmp_path):
    record = {
        "images": [{"id": 70, "file_name": "a.png"}, {"id": 9, "file_name": "b.png"}],
        "categories": [{"id": 90, "name": "with_mask"}, {"id": 0, "name": "without_mask"}],
        "annotations": [
            {"id": 5, "image_id": 9, "category_id": 0, "bbox": [1, 2, 3.5, 4], "iscrowd": 0},
            {"id": 8, "image_id": 9, "category_id": 90, "bbox": [5, 6, 7, 8], "iscrowd": 1},
            {"id": 2, "image_id": 70, "category_id": 90, "bbox": [0, 0, 1, 1], "iscrowd": 0},
        ],
    }
    path = tmp_path / "coco.json"
    path.write_text(json.dumps(record))
    read = coco.parse(path.read_bytes(), "coco.json")
    check(ours(read), by_pycocotools(path))
    assert read["b.png"].left_out == ("crowd region",)


def by_pycocotools(path: Path) -> Found:
    """Read a COCO file with the library of its makers, crowds left out."""
    with contextlib.redirect_stdout(io.StringIO()):
        api = COCO(str(path))
    names = {item["id"]: item["name"] for item in api.loadCats(api.getCatIds())}
    found: Found = {}
    for image in api.loadImgs(api.getImgIds()):
        faces = api.loadAnns(api.getAnnIds(imgIds=[image["id"]], iscrowd=False))
        found[image["file_name"]] = sorted(
            (names[face["category_id"]], (x, y, x + width, y + height))
            for face in faces
            for x, y, width, height in [face["bbox"]]
        )
    return found
