"""An untrained model and small shards, for the executables that use a model."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from utils.dataset.annotation import write_voc
from utils.dataset.faces import Faces
from utils.dataset.images import encode_png
from utils.dataset.shards import Photo, write_shard

BIN = Path(__file__).parents[2] / "bin"


@pytest.fixture(scope="session")
def execute() -> Callable[..., subprocess.CompletedProcess]:
    """Run an executable in a folder, on one thread, and return what became of it."""

    def run(name: str, folder: Path, *arguments: str) -> subprocess.CompletedProcess:
        return subprocess.run(
            [sys.executable, BIN / name, *map(str, arguments)],
            cwd=folder,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
            capture_output=True,
            text=True,
            timeout=300,
        )

    return run


@pytest.fixture(scope="session")
def photographs() -> list[Photo]:
    """Four photographs, with no, one, two and three faces."""
    rng = np.random.default_rng(0)
    photos = []
    for number in range(4):
        image = rng.integers(0, 255, (60, 96, 3)).astype(np.uint8)
        boxes = [(30 * k + 2, 10, 30 * k + 22, 34) for k in range(number)]
        faces = Faces(np.array(boxes, np.float32).reshape(-1, 4), np.arange(1, number + 1))
        name = f"photo{number}"
        xml = write_voc(f"{name}.png", 96, 60, faces)
        photos.append(Photo(name, f"{name}.png", encode_png(image), xml))
    return photos


@pytest.fixture(scope="session")
def model(tmp_path_factory, photographs) -> Path:
    """A model file of an untrained detector."""
    import torch

    from utils.detector.architectures import architecture, build_model
    from utils.detector.model_file import ModelFile
    from utils.networks.model_file import write_model

    name, size = "compact_resnet18_fpn", 96
    faces = [photo.read_annotation(96, 60).faces for photo in photographs]
    anchors = architecture(name).fit_anchors(faces, [(60, 96)] * len(faces), size)
    torch.manual_seed(0)
    state = build_model(name, anchors).state_dict()
    path = tmp_path_factory.mktemp("model") / "mask_detection_model.pth"
    write_model(path, ModelFile(name, anchors, size, 0.2, state))
    return path


@pytest.fixture
def scratch(tmp_path, model, photographs) -> Path:
    """A job's folder with model, test shard and a shard of photographs to predict on."""
    os.link(model, tmp_path / model.name)
    write_shard(tmp_path / "test_clean.tar", photographs)
    new = [Photo(photo.name, photo.filename, photo.image) for photo in photographs[1:]]
    write_shard(tmp_path / "predict_0.tar", new)
    return tmp_path
