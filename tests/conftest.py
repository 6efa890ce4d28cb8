"""What tests of several rooms share."""

import shutil
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

HERE = Path(__file__).parent

# The suite finds the same examples every time; `--hypothesis-profile=thorough` looks for new ones.
# How long that takes says nothing: others have the processor, too.
PATIENT = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow]}
settings.register_profile("suite", derandomize=True, max_examples=100, database=None, **PATIENT)
settings.register_profile("thorough", max_examples=4000, **PATIENT)
settings.load_profile("suite")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep tests that share a fixture of their file on one worker, so that it is made once."""
    for item in items:
        fixtures = item._fixtureinfo.name2fixturedefs.values()
        shared = any(fixture[-1].scope == "module" for fixture in fixtures)
        if shared and not item.get_closest_marker("xdist_group"):
            item.add_marker(pytest.mark.xdist_group(item.path.relative_to(HERE).as_posix()))


@pytest.hookimpl(tryfirst=True)
def pytest_fixture_setup() -> None:
    """Let a fixture draw the same numbers, whatever ran on its worker before."""
    _draw_anew()


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_call() -> None:
    """Let a test draw the same numbers, whatever ran on its worker before."""
    _draw_anew()


def _draw_anew() -> None:
    if torch := sys.modules.get("torch"):
        torch.manual_seed(0)


@pytest.fixture
def one_thread():
    """Let torch compute on one thread: several tests run at a time."""
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="session")
def whole_run(tmp_path_factory) -> Path:
    """The folder of a small run of the whole workflow, on one core; its data lie beside it.

    Tests that ask for it belong to the xdist group "runs", so that it is made once; those of the
    pool that do without, to the group "pool", which waits on another worker meanwhile.
    """
    from tests.determinism import runs

    folder = tmp_path_factory.mktemp("whole")
    data = runs.dataset(folder / "faces")
    new = (*runs.NEW, runs.clip(folder))
    return runs.run(folder / "run", "--data", str(data), "--predict", *new, *runs.WHOLE)


@pytest.fixture(scope="session")
def judged_run(tmp_path_factory) -> Path:
    """The folder of a small run that learns to judge single faces, as `whole_run` has it."""
    from tests.determinism import runs

    folder = tmp_path_factory.mktemp("judged")
    data = ("--data", str(runs.dataset(folder / "faces")))
    return runs.run(folder / "run", *data, *runs.JUDGING, "--cores", "1", "--train-shards", "2")


@pytest.fixture(scope="session")
def empty_store(tmp_path_factory) -> Path:
    """The folder of a store without runs; making its tables takes seconds."""
    from utils.tracking.mlflow_store import Store

    folder = tmp_path_factory.mktemp("store")
    Store(f"sqlite:///{folder / 'mlflow.db'}")
    return folder


@pytest.fixture
def address(empty_store, tmp_path) -> str:
    """The address of a store without runs."""
    (tmp_path / "store").mkdir()
    shutil.copy(empty_store / "mlflow.db", tmp_path / "store")
    return f"sqlite:///{tmp_path / 'store' / 'mlflow.db'}"
