"""The sample, split as benchmarks split photographs."""

from pathlib import Path

import pytest

from benchmarks.common import PROJECT, pack

SAMPLE = PROJECT / "data" / "sample"


@pytest.fixture(scope="session")
def shards(tmp_path_factory) -> dict[str, Path]:
    """Return the shards of the three sides, a few photographs each."""
    return {
        side: pack(SAMPLE, tmp_path_factory.mktemp(side), photos)
        for side, photos in (("train", 5), ("val", 2), ("test", 3))
    }
