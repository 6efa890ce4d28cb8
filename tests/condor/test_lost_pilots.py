"""A node that vanishes: when that is noticed, and where the job goes on."""

import pytest

from tests.condor.jobs import DISCONNECTED, EXECUTING, RECONNECT_FAILED, Job
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


@pytest.fixture(scope="module")
def killed(pool):
    """Run two jobs on a pilot that vanishes after the second's first hand-over."""
    checkpoint = {"checkpoint_exit_code": 85, "transfer_checkpoint_files": "count"}
    victim = pool.start_pilot("victim", annex="victim", cpus=2)
    plain = stay(pool, "plain", STAY, "victim")
    counting = stay(pool, "counting", COUNT, "victim", **checkpoint)
    counting.until(lambda: HANDED_OVER in counting.read("log"), "handed over")
    plain.until(lambda: plain.events(EXECUTING), "running")
    with pool.start_pilot("heir", annex="victim", cpus=2):
        victim.kill()
        noticed = plain.until(lambda: len(plain.events(EXECUTING)) == 2, "elsewhere", 120)
        yield plain.ended(), counting.ended(), noticed


def test_a_killed_pilot_is_noticed_within_the_lease(killed):
    plain, _, noticed = killed
    assert plain.events(DISCONNECTED)
    assert f"JobLeaseDuration ({LEASE} seconds) expired" in "".join(plain.events(RECONNECT_FAILED))
    assert plain.hosts() == ["victim.lab", "heir.lab"]
    assert plain.read("result") == "heir"
    assert LEASE / 2 < noticed < LEASE + KEEP_ALIVE + 30


def test_a_checkpointing_job_goes_on_from_its_checkpoint_elsewhere(killed):
    _, counting, _ = killed
    assert counting.hosts() == ["victim.lab", "heir.lab"]
    assert counting.read("result") == "12"
    assert counting.read("out").split("\n") == ["from 0", "from 4", "from 8", ""]


def test_a_cut_off_pilot_is_noticed_within_the_lease(pool):
    with pool.start_pilot("cut", annex="cut", cpus=1) as cut:
        job = stay(pool, "cut-off", STAY, "cut")
        job.until(lambda: job.events(EXECUTING), "running")
        with pool.start_pilot("spare", annex="cut", cpus=1):
            cut.cut()
            noticed = job.until(lambda: job.events(RECONNECT_FAILED), "noticed", 120)
            assert noticed < LEASE + KEEP_ALIVE + 30
            job.until(lambda: len(job.events(EXECUTING)) == 2, "elsewhere", 150)
            job.ended()
        assert job.hosts() == ["cut.lab", "spare.lab"]
        assert job.read("result") == "spare"
        assert cut.running() == [job.id], "what cannot be told to stop goes on"
        cut.mend()
        job.until(lambda: not cut.running(), "given up where nobody waits for it")
        job.until(lambda: pool.listed(cut), "listed again")
