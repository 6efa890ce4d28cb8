"""Where the recipes lie."""

from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def docker() -> Path:
    """Return the folder of the recipes."""
    return ROOT / "docker"


@pytest.fixture(scope="session")
def requirements() -> Path:
    """Return the file that pins what the recipes install."""
    return ROOT / "requirements.txt"
