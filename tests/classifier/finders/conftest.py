"""Two photographs with clear rights, one face each, that come with libraries."""

from pathlib import Path

import matplotlib
import numpy as np
import pytest
import skimage.data

from utils.dataset.images import decode

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
