"""Tiny networks, faces that they can be told apart by in seconds, and photographs of people.

The photographs come with libraries, have clear rights, and show one face each.
"""

from pathlib import Path

import matplotlib
import numpy as np
import pytest
import skimage.data
import torch

from utils.classifier.architectures import build_network
from utils.classifier.model_file import ModelFile
from utils.classifier.names import CENTERFACE
from utils.dataset.annotation import write_voc
from utils.dataset.faces import Faces
from utils.dataset.images import decode, encode_png
from utils.dataset.labels import CLASSES
from utils.dataset.shards import Photo, write_shard
from utils.metrics.temperature import Temperature
from utils.networks.model_file import write_model

COLOURS = ((60, 160, 60), (200, 90, 60), (230, 170, 30))
SIDE = 32


def face(label: int, rng: np.random.Generator, side: int = SIDE) -> np.ndarray:
    """Return a picture of noise whose lower half has the colour of a class."""
    picture = rng.integers(60, 200, (side, side, 3)).astype(np.uint8)
    picture[side // 2 :] = np.clip(
        np.array(COLOURS[label - 1]) + rng.integers(-20, 20, (side - side // 2, side, 3)), 0, 255
    )
    return picture


def make_faces(path: Path, labels: list[int], seed: int) -> Path:
    """Write a shard of faces that were cut: each a picture with one box, which is all of it."""
    rng = np.random.default_rng(seed)
    written = []
    for number, label in enumerate(labels):
        box = Faces(np.array([[0, 0, SIDE, SIDE]], np.float32), np.array([label], np.int64))
        name = f"photo{seed}_face{100 + number}"
        xml = write_voc(f"{name}.png", SIDE, SIDE, box)
        written.append(Photo(name, f"{name}.png", encode_png(face(label, rng)), xml))
    write_shard(path, written)
    return path


@pytest.fixture(autouse=True)
def _one_thread(one_thread):
    """Every test here computes."""


@pytest.fixture(scope="session")
def shards(tmp_path_factory) -> dict[str, Path]:
    """Return shards of faces to learn from and to validate on, as unbalanced as real ones."""
    folder = tmp_path_factory.mktemp("faces")
    return {
        "train": make_faces(folder / "train.tar", [1] * 12 + [2] * 6 + [3] * 3, 1),
        "val": make_faces(folder / "val.tar", [1] * 5 + [2] * 3 + [3] * 2, 2),
    }


@pytest.fixture(scope="session")
def model(tmp_path_factory) -> ModelFile:
    """Return an untrained model that has not learnt the third class."""
    torch.manual_seed(0)
    network = build_network(CENTERFACE)
    torch.nn.init.normal_(network.head.linear.weight)  # else it says the same of all
    return ModelFile(
        arch=CENTERFACE,
        image_size=SIDE,
        threshold=0.0,
        state=network.state_dict(),
        calibration=Temperature(2.0),
        absent=CLASSES[2:],
        margin=0.3,
        params={"label_smoothing": 0.1},
        data_digest="abc",
        fingerprints=b"PK\0\xff",
        evaluation={"photos": 3, "share": None},
        started_from={"source": "a package", "licence": "MIT"},
    )


@pytest.fixture(scope="session")
def path(tmp_path_factory, model) -> Path:
    """Return its file."""
    path = tmp_path_factory.mktemp("model") / "model.pth"
    write_model(path, model)
    return path


FACES = {"hopper": (185, 140, 358, 345), "astronaut": (180, 75, 268, 182)}
"""From the eyebrows to below the chin, in pixels of the photographs."""


@pytest.fixture(scope="session")
def photographs() -> dict[str, np.ndarray]:
    """Return the photographs, RGB."""
    path = Path(matplotlib.get_data_path(), "sample_data", "grace_hopper.jpg")
    return {"hopper": decode(path.read_bytes(), path.name), "astronaut": skimage.data.astronaut()}


@pytest.fixture(params=FACES)
def photograph(request, photographs) -> tuple[np.ndarray, np.ndarray]:
    """Return each photograph with the box of its face, float32 (4,)."""
    return photographs[request.param], np.array(FACES[request.param], np.float32)
