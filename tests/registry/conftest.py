"""A tested model, and run folders that hold it."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.registry.made import Tested, make_tested, run_with


@pytest.fixture(scope="session")
def tested(tmp_path_factory) -> Tested:
    """A model that was tested on photographs of the sample."""
    return make_tested(tmp_path_factory.mktemp("tested") / "run")


@pytest.fixture(scope="session")
def tested_kinds(tested, tmp_path_factory) -> dict[str, Tested]:
    """A model of each kind, tested on the same photographs."""
    folder = tmp_path_factory.mktemp("kinds")
    others = {kind: make_tested(folder / kind, kind) for kind in ("classifier", "two_stage")}
    return {"detector": tested, **others}


@pytest.fixture
def run_of(request, tested, tmp_path) -> Callable[..., Path]:
    """Return what makes a run folder of that name, of a model of that kind; see `run_with`."""
    (tmp_path / "runs").mkdir()

    def make(name: str, kind: str = "detector", **how: object) -> Path:
        of_kind = tested
        if kind != "detector":
            of_kind = request.getfixturevalue("tested_kinds")[kind]
            how = {"task": "classify", **how}
        return run_with(tmp_path / "runs" / name, of_kind, **how)

    return make


@pytest.fixture(autouse=True)
def _alone(one_thread, monkeypatch):
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
