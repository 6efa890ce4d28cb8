"""What a pilot may and may not do: join, run whose jobs, show them what, leave when."""

import json

import pytest

from tests.condor import software
from tests.condor.jobs import EXECUTING, Job
from tests.waiting import until

pytestmark = pytest.mark.xdist_group("pool")

LOOK = """
import getpass, json, os, pathlib, socket, sys
seen = [path for path in sys.argv[1:] if os.path.exists(path)]
pathlib.Path("made.txt").write_text(pathlib.Path("given.txt").read_text().upper())
print(json.dumps([socket.gethostname(), getpass.getuser(), seen]))
"""
IMPORT = """
import sys
import torch
print(sys.prefix, torch.ones(3).sum().item())
"""


@pytest.fixture(scope="module")
def north(pool):
    """Return a pilot that stays."""
    with pool.start_pilot("north", cpus=2, annex="north") as pilot:
        yield pilot


def test_a_pilot_joins_by_its_token(pool, north):
    attributes = ["Machine", "AnnexName", "TotalSlotCpus", "AuthenticatedIdentity"]
    query = ["condor_status", "-constraint", 'Machine == "north.lab"', "-af", *attributes]
    assert pool.run(query).stdout.split() == ["north.lab", "north", "2", "pilot@lab"]


def test_a_job_sees_its_inputs_and_nothing_of_the_submit_host(pool, north):
    (pool.home / "given.txt").write_text("from there")
    paths = [pool.folder, pool.home, pool.home / "given.txt", software.PROJECT / "workflow.py"]
    there = pool.run(["ls", "-d", *paths])
    assert there.returncode == 0
    job = Job(
        pool,
        "look",
        LOOK,
        annex="north",
        arguments=" ".join(map(str, ["python", "job.py", *paths])),
        transfer_input_files=f"job.py, {pool.home / 'given.txt'}",
    )
    job.ended()
    assert json.loads(job.read("out")) == ["north", "pilot", []]
    assert job.read("made.txt") == "FROM THERE"


def test_jobs_find_the_python_of_the_project(pool, north):
    job = Job(pool, "import", IMPORT, annex="north", request_memory="1000").ended(seconds=240)
    assert job.read("out").split() == [str(software.PREFIX), "3.0"], job.read("err")


def test_a_strangers_job_is_refused_by_the_owner_guard(pool, north):
    strange = Job(pool, "strange", "print(1)", annex="north", user="stranger")
    own = Job(pool, "own", "print(1)", annex="north")
    own.ended()
    assert own.hosts() == ["north.lab"]
    assert strange.attribute("Owner") == "stranger"
    assert strange.attribute("JobStatus") == "1"  # idle, though submitted first and a core is free
    assert not strange.events(EXECUTING)
    strange.remove()


def test_an_idle_pilot_leaves(pool):
    with pool.start_pilot("brief", annex="brief", idle=20) as pilot:
        pilot.wait_gone(120)
        until(lambda: not pool.listed(pilot))


def test_a_pilot_that_is_told_to_leave_gives_its_job_back(pool):
    with pool.start_pilot("told", annex="told") as pilot:
        job = Job(pool, "leaving", "import time; time.sleep(600)", annex="told")
        job.until(lambda: job.events(EXECUTING), "running")
        pilot.stop()
        job.until(lambda: job.attribute("JobStatus") == "1", "idle again")
    job.remove()
