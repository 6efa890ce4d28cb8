"""A film of drawn people, and what a detector would say of it."""

from pathlib import Path

import numpy as np
import pytest

from data.painter.films import frame_times, write_film
from data.painter.moving import Scene, compose_scene

SIZE = (192, 112)


@pytest.fixture(scope="session")
def scene() -> Scene:
    """Six people in four seconds."""
    return compose_scene(5, 6, 4, SIZE, speed=(1.0, 3.0), widths=(0.08, 0.14), pillars=0)


@pytest.fixture(scope="session")
def times() -> np.ndarray:
    return frame_times(4, 10)


@pytest.fixture(scope="session")
def film(scene, times, tmp_path_factory) -> Path:
    """The scene at ten frames a second, each with its number."""
    path = tmp_path_factory.mktemp("film") / "clip.mp4"
    write_film(path, scene, times, stamped=True)
    return path
