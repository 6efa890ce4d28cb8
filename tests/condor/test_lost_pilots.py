"""A node that vanishes: when that is noticed, and where the job goes on."""

import contextlib
import time
from typing import NamedTuple

import pytest

from tests.condor.jobs import DISCONNECTED, EXECUTING, RECONNECT_FAILED, Job
from tests.condor.pilot import Pilot
from tests.condor.pool import Pool

pytestmark = pytest.mark.xdist_group("pool")

LEASE = 20  # seconds
# A silent peer is given up by the kernel after so many seconds, here.
KEEP_ALIVE = 30
HANDED_OVER = "Finished transferring output files"
# Ends nowhere but on another host than its first.
STAY = """
import pathlib, socket, sys, time
if socket.gethostname() == sys.argv[1]:
    time.sleep(600)
pathlib.Path("result").write_text(socket.gethostname())
"""
# Counts to 12, hands its count over after every 4 and is started again; its first host hangs at 6.
COUNT = """
import os, pathlib, socket, sys, time
count = int(pathlib.Path("count").read_text()) if os.path.exists("count") else 0
print("from", count)
for _ in range(4):
    time.sleep(600 if count == 6 and socket.gethostname() == sys.argv[1] else 1)
    count += 1
    pathlib.Path("count").write_text(str(count))
pathlib.Path("result").write_text(str(count))
sys.exit(0 if count == 12 else 85)
"""


def stay(pool: Pool, name: str, program: str, first: str, **commands: object) -> Job:
    """Submit a program to the annex named as its first host."""
    return Job(
        pool,
        name,
        program,
        annex=first,
        arguments=f"python -u job.py {first}",
        transfer_output_files="result",
        job_lease_duration=LEASE,
        **commands,
    )


class Lost(NamedTuple):
    """Two jobs of a killed pilot and one of a pilot that is cut off, which have all ended.

    Attributes
    ----------
    left
        What runs on the pilot that was cut off when its job has ended elsewhere.
    noticed
        Seconds until the plain job ran elsewhere, and until the cut-off one was given up.
    """

    plain: Job
    counting: Job
    cut_off: Job
    cut: Pilot
    left: list[str]
    noticed: dict[Job, float]


@pytest.fixture(scope="module")
def lost(pool):
    """Kill one pilot after the second job's first hand-over; at the same time cut another off."""
    checkpoint = {"checkpoint_exit_code": 85, "transfer_checkpoint_files": "count"}
    with contextlib.ExitStack() as pilots:

        def start(name: str, annex: str, cpus: int) -> Pilot:
            return pilots.enter_context(pool.start_pilot(name, annex=annex, cpus=cpus))

        victim, cut = start("victim", "victim", 2), start("cut", "cut", 1)
        plain, cut_off = stay(pool, "plain", STAY, "victim"), stay(pool, "cut-off", STAY, "cut")
        counting = stay(pool, "counting", COUNT, "victim", **checkpoint)
        counting.until(lambda: HANDED_OVER in counting.read("log"), "handed over")
        plain.until(lambda: plain.events(EXECUTING), "running")
        cut_off.until(lambda: cut_off.events(EXECUTING), "running")
        start("heir", "victim", 2), start("spare", "cut", 1)
        begun = time.monotonic()
        victim.kill()
        cut.cut()
        signs = {
            plain: lambda: len(plain.events(EXECUTING)) == 2,
            cut_off: lambda: cut_off.events(RECONNECT_FAILED),
        }
        noticed: dict[Job, float] = {}
        while len(noticed) < len(signs):
            for job, holds in signs.items():
                if job not in noticed and holds():
                    noticed[job] = time.monotonic() - begun
            assert time.monotonic() < begun + 120, [job.read("log") for job in signs]
            time.sleep(0.3)
        cut_off.until(lambda: len(cut_off.events(EXECUTING)) == 2, "elsewhere", 150)
        cut_off.ended()
        left = cut.running()
        yield Lost(plain.ended(), counting.ended(), cut_off, cut, left, noticed)


def test_a_killed_pilot_is_noticed_within_the_lease(lost):
    plain = lost.plain
    assert plain.events(DISCONNECTED)
    assert f"JobLeaseDuration ({LEASE} seconds) expired" in "".join(plain.events(RECONNECT_FAILED))
    assert plain.hosts() == ["victim.lab", "heir.lab"]
    assert plain.read("result") == "heir"
    assert LEASE / 2 < lost.noticed[plain] < LEASE + KEEP_ALIVE + 30


def test_a_checkpointing_job_goes_on_from_its_checkpoint_elsewhere(lost):
    counting = lost.counting
    assert counting.hosts() == ["victim.lab", "heir.lab"]
    assert counting.read("result") == "12"
    assert counting.read("out").split("\n") == ["from 0", "from 4", "from 8", ""]


def test_a_cut_off_pilot_is_noticed_within_the_lease(pool, lost):
    job, cut = lost.cut_off, lost.cut
    assert lost.noticed[job] < LEASE + KEEP_ALIVE + 30
    assert job.hosts() == ["cut.lab", "spare.lab"]
    assert job.read("result") == "spare"
    assert lost.left == [job.id], "what cannot be told to stop goes on"
    cut.mend()
    job.until(lambda: not cut.running(), "given up where nobody waits for it")
    job.until(lambda: pool.listed(cut), "listed again")
