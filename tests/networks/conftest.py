"""What is computed here is little, and other tests run at the same time."""

import pytest


@pytest.fixture(autouse=True)
def _one_thread(one_thread):
    """Every test here computes."""
