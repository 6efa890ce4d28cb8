"""A process that trains keeps the memory that it frees."""

import subprocess
import sys

import pytest

from utils.dag.code_bundle import PROJECT

CODE = """
import resource, sys
import torch
from utils.training.memory import keep_freed

def faults(tensors):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(tensors):
        torch.ones(16 << 20)  # 64 MiB: 16,384 pages of 4 KiB
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

if sys.argv[1] == "kept":
    keep_freed()
faults(20)  # until holes of the right size are left
print(faults(10))
"""


def faults(how):
    """Return the page faults of ten large tensors, one after another, in a fresh process."""
    command = [sys.executable, "-c", CODE, how]
    return int(subprocess.check_output(command, cwd=PROJECT, text=True))


@pytest.mark.skipif(sys.platform != "linux", reason="of glibc")
def test_a_large_tensor_takes_the_memory_of_the_one_before():
    assert 10 * faults("kept") < faults("as it is")  # of huge pages, too


def test_another_c_library_is_left_alone(monkeypatch):
    from utils.training import memory

    monkeypatch.setattr("ctypes.CDLL", lambda name: object())
    memory.keep_freed()
