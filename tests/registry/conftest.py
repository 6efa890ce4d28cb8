"""A tested model, and run folders that hold it."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.registry.made import Tested, make_tested, run_with


@pytest.fixture(scope="session")
def tested(tmp_path_factory) -> Tested:
    """A model that was tested on photographs of the sample."""
    return make_tested(tmp_path_factory.mktemp("tested") / "run")


@pytest.fixture
def run_of(tested, tmp_path) -> Callable[..., Path]:
    """Return what makes a run folder of that name; see `run_with`."""
    (tmp_path / "runs").mkdir()

    def make(name: str, **how: object) -> Path:
        return run_with(tmp_path / "runs" / name, tested, **how)

    return make


@pytest.fixture(autouse=True)
def _alone(one_thread, monkeypatch):
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
