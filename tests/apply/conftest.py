"""Photographs, and an untrained detector that finds something on them."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from data.painter.sample import draw_picture
from utils.analysis.evaluation.carried import carry
from utils.analysis.evaluation.evaluate import evaluate
from utils.dataset.annotation import write_voc
from utils.dataset.faces import Faces
from utils.dataset.images import encode_jpeg, encode_png
from utils.dataset.shards import Photo, write_shard
from utils.detector.anchors import Anchors
from utils.detector.architectures import build_model
from utils.detector.inference import Detector
from utils.detector.model_file import ModelFile
from utils.networks.model_file import write_model

ANCHORS = Anchors(((8.0, 11.0), (16.0, 22.0), (30.0, 40.0), (50.0, 60.0)), (1.0,))
SEED = 3
SIDES = {"train": {"faces": {"with_mask": 9, "without_mask": 2, "mask_weared_incorrect": 1}}}


@pytest.fixture(scope="session")
def untested(tmp_path_factory) -> Path:
    """A model file that carries no test."""
    torch.manual_seed(1)
    network = build_model("compact_resnet18_fpn", ANCHORS)
    network.roi_heads.box_predictor.cls_score.bias.data[:] = torch.tensor([0.0, 0.5, 0.2, 0.1])
    path = tmp_path_factory.mktemp("model") / "untested.pth"
    write_model(path, ModelFile("compact_resnet18_fpn", ANCHORS, 64, 0.2, network.state_dict()))
    return path


@pytest.fixture(scope="session")
def tested(untested, tmp_path_factory) -> Path:
    """The same with what a test on four photographs showed."""
    rng = np.random.default_rng(0)
    photos = []
    for number in range(4):
        boxes = [(30 * k + 2, 10, 30 * k + 22, 34) for k in range(number)]
        faces = Faces(np.array(boxes, np.float32).reshape(-1, 4), np.arange(1, number + 1))
        image = rng.integers(0, 255, (60, 96, 3)).astype(np.uint8)
        name = f"photo{number}"
        xml = write_voc(f"{name}.png", 96, 60, faces)
        photos.append(Photo(name, f"{name}.png", encode_png(image), xml))
    folder = tmp_path_factory.mktemp("model")
    write_shard(folder / "test.tar", photos)
    detector = Detector.load(untested, "cpu")
    split = {
        "photos": {photo.name: {"group": number} for number, photo in enumerate(photos)},
        "sides": SIDES,
    }
    carried = carry(evaluate(detector, folder / "test.tar", SEED), split)
    write_model(
        folder / "tested.pth", replace(detector.file, evaluation=carried, data_version="ab" * 32)
    )
    return folder / "tested.pth"


@pytest.fixture(scope="session")
def scenes() -> list[bytes]:
    """Three drawn photographs, as JPEG."""
    return [encode_jpeg(draw_picture(seed, [1, 2, 3]).image) for seed in range(3)]


@pytest.fixture
def album(tmp_path, scenes) -> Callable[..., Path]:
    """A folder of photographs of these names."""

    def make(*names: str) -> Path:
        for number, name in enumerate(names):
            path = tmp_path / "album" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(scenes[number % len(scenes)])
        return tmp_path / "album"

    return make
