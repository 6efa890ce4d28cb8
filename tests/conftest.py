"""What tests of several rooms share."""

from pathlib import Path

import pytest
from hypothesis import settings

# The suite finds the same examples every time; `--hypothesis-profile=thorough` looks for new ones.
settings.register_profile("suite", derandomize=True, deadline=None, max_examples=100, database=None)
settings.register_profile("thorough", deadline=None, max_examples=4000)
settings.load_profile("suite")


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
    return runs.run(folder / "run", "--data", str(data), "--predict", *runs.NEW, *runs.WHOLE)
