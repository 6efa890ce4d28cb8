"""What is left when the Python that made a pool has ended: nothing."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.condor.host import until_gone
from tests.condor.place import clean_stale
from tests.condor.software import PROJECT

pytestmark = pytest.mark.xdist_group("pool")

MAKE = """
from tests.condor.pool import Pool
with Pool() as pool:
    pilot = pool.start_pilot("left", wait=0)
    print(pool.folder, *pool.submit.processes(), *pilot.processes(), flush=True)
    input()
"""


def traces(folder: str) -> list[str]:
    """Return the real machine's network devices, and its mounts in the folder."""
    mounts = Path("/proc/mounts").read_text().splitlines()
    devices = sorted(device.name for device in Path("/sys/class/net").iterdir())
    return [*devices, *(mount for mount in mounts if folder in mount)]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL], ids=["ctrl-c", "kill"])
def test_nothing_of_a_pool_outlives_its_python(pool, number):
    before = traces("mask-detection-pool")
    process = subprocess.Popen(
        [sys.executable, "-c", MAKE],
        cwd=PROJECT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    with process:
        folder, *pids = process.stdout.readline().split()
        assert len(pids) > 4  # of two hosts; some daemons may yet be starting
        assert traces("mask-detection-pool") == before, "the pool shows on the real machine"
        process.send_signal(number)
    for pid in pids:
        until_gone(int(pid))
    assert Path(folder).exists() == (number == signal.SIGKILL)
    clean_stale()
    assert not Path(folder).exists()
    assert pool.folder.exists(), "a pool in use was taken for a stale one"
