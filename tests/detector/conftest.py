"""Tiny shards that a detector can be trained on in seconds."""

import importlib.util
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import torch

from tests.detector.tiny import tiny_detector
from utils.dataset.annotation import write_voc
from utils.dataset.faces import Faces
from utils.dataset.images import encode_png
from utils.dataset.shards import Photo, write_shard
from utils.dataset.torch_dataset import FaceDataset
from utils.detector import fit

COLOURS = ((60, 160, 60), (200, 90, 60), (230, 170, 30))
SIZE = 64


def make_shard(path: Path, photos: int, seed: int) -> Path:
    """Write photographs of coloured squares; the first has none."""
    rng = np.random.default_rng(seed)
    written = []
    for number in range(photos):
        image = rng.integers(100, 130, (SIZE, SIZE + 16, 3)).astype(np.uint8)
        boxes, labels = [], []
        for label in range(1, 4) if number else ():
            side, left = int(rng.integers(12, 22)), 26 * (label - 1)
            top = int(rng.integers(2, SIZE - side - 2))
            image[top : top + side, left : left + side] = COLOURS[label - 1]
            boxes.append([left, top, left + side, top + side])
            labels.append(label)
        faces = Faces(np.array(boxes, np.float32).reshape(-1, 4), np.array(labels, np.int64))
        name = f"photo{seed}_{number}"
        xml = write_voc(f"{name}.png", SIZE + 16, SIZE, faces)
        written.append(Photo(name, f"{name}.png", encode_png(image), xml))
    write_shard(path, written)
    return path


@pytest.fixture
def tiny_detectors(monkeypatch):
    """Trainings use the tiny network, whatever architecture is asked for."""
    monkeypatch.setattr(fit, "build_model", lambda name, anchors: tiny_detector())


@pytest.fixture(autouse=True)
def _one_thread(one_thread):
    """Every test here computes."""


@pytest.fixture(scope="session")
def one_of_several() -> ModuleType:
    """Return the module that other processes run as a script."""
    path = Path(__file__).with_name("one_of_several.py")
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def shards(tmp_path_factory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("shards")
    return {
        "train": make_shard(folder / "train.tar", 7, 1),
        "val": make_shard(folder / "val.tar", 3, 2),
    }


@pytest.fixture(scope="session")
def photos(shards) -> FaceDataset:
    return FaceDataset([shards["train"]], SIZE)


@pytest.fixture(scope="session")
def validation(shards) -> FaceDataset:
    return FaceDataset([shards["val"]], SIZE)


@pytest.fixture
def model():
    torch.manual_seed(0)
    return tiny_detector()
