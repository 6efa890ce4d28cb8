"""What tests of several rooms share."""

import pytest


@pytest.fixture
def one_thread():
    """Let torch compute on one thread: several tests run at a time."""
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)
