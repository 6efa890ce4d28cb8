import os
import subprocess
import sys
import time

import pytest

from benchmarks.processes import processes, processor_seconds, resident

MIB = 2**20


@pytest.fixture
def child():
    """A process that holds 64 MiB and waits."""
    words = f"held = bytearray(b'x') * {64 * MIB}; print(flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", words], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        process.stdout.readline()
        yield process
        process.kill()


def test_what_came_of_a_process_counts_as_its_own(child):
    assert set(processes(os.getpid())) >= {os.getpid(), child.pid}
    assert 64 <= resident(child.pid) < resident(os.getpid())


def test_what_is_computed_is_counted():
    before, end = processor_seconds(os.getpid()), time.process_time() + 0.2
    while time.process_time() < end:
        pass
    assert processor_seconds(os.getpid()) - before >= 0.15  # in ticks of a hundredth
