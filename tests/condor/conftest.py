"""One pool for all tests of a worker: those of the xdist groups "pool" and "runs"."""

import os

import pytest

from tests.condor.pool import Pool
from tests.condor.tree import PoolUnavailable

REQUIRED = ("CI", "MASK_DETECTION_POOL_REQUIRED")


@pytest.fixture(scope="session")
def pool():
    """A real HTCondor pool without pilots; skipped with the reason where it cannot start."""
    pool = Pool()
    try:
        pool.__enter__()
    except PoolUnavailable as reason:
        if any(os.environ.get(name) for name in REQUIRED):
            pytest.fail(f"the pool cannot start, and must here: {reason}")
        pytest.skip(f"the pool cannot start: {reason}")
    yield pool
    pool.__exit__(None, None, None)
