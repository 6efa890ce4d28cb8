"""The condor engine on a real pool: toy workflows of seconds, and what goes wrong with them."""

import re
from pathlib import Path

import pytest

from tests.condor.jobs import HELD, REMOVED
from tests.condor.toy_run import ToyRun
from tests.dag.toy import Toy
from tests.waiting import until
from utils.dag.calls import checkpoint_itself
from utils.dag.code_bundle import write_code_bundle

pytestmark = pytest.mark.xdist_group("runs")

ANNEX = "toys"
COPY = """
    import pathlib, sys
    pathlib.Path(sys.argv[1]).write_text("".join(pathlib.Path(p).read_text() for p in sys.argv[2:]))
"""
# Counts to 6 and hands over after every 2; on the host that it is told it hangs at 3.
COUNT = """
    import pathlib, socket, sys, time
    kept = pathlib.Path("count.ckpt")
    count = int(kept.read_text() or 0)
    print("from", count, flush=True)
    for _ in range(2):
        time.sleep(600 if count == 3 and socket.gethostname() == sys.argv[1] else 0.5)
        count += 1
        kept.write_text(str(count))
    pathlib.Path("result.txt").write_text(str(count))
    sys.exit(0 if count == 6 else 85)
"""
# What the executables in bin/ are: `run` makes the declared outputs of a job that fails.
WRAPPED = """
    import argparse
    from utils.job import OutputPath, run
    parser = argparse.ArgumentParser()
    parser.add_argument("--output", type=OutputPath)
    def main(args):
        raise ValueError("no luck today")
    run(parser, main)
"""


@pytest.fixture(scope="module")
def pilot(pool):
    """A pilot that outlives the tests of this file."""
    pilot = pool.start_pilot("toyhost", annex=ANNEX, cpus=4, idle=900)
    yield pilot
    pilot.kill()


@pytest.fixture
def run(pool, pilot, request):
    return ToyRun(pool, re.sub(r"\W", "_", request.node.name), ANNEX)


def chain(toy: Toy, script: str = COPY) -> None:
    """Two jobs, the second of which reads what the first makes."""
    toy.file("given.txt", "given;")
    first = toy.job("first", script, "first.txt", "given.txt").add_inputs("given.txt")
    first.add_outputs("first.txt", stage_out=False)
    last = toy.job("last", COPY, "last.txt", "first.txt", "given.txt")
    last.add_inputs("first.txt", "given.txt").add_outputs("last.txt")


def test_jobs_run_on_pilots_and_files_go_by_file_transfer(run):
    chain(run.toy)
    told = run.write().resume()
    assert "[  2/2] last" in told
    assert run.output("last.txt") == "given;given;"
    assert not (run.folder / "output" / "first.txt").exists()
    assert run.job("last")["host"].endswith("@toyhost.lab")
    assert "2 jobs: 2 done" in run.status()
    assert re.search(r"last +done +1 ", run.statistics())
    assert "no job failed" in run.analyze()
    assert "nothing is left to do" in run.resume()


def test_a_run_that_was_handed_over_is_followed_removed_and_resumed(run):
    chain(run.toy, "import time; time.sleep(600)")
    assert "DAGMan is job" in run.write().resume("--no-wait")
    assert "on its way already" in run.resume(code=2)
    run.until("first  running")
    assert "and with it those" in run.remove()
    run.until("stopped")
    (run.folder / "first.py").write_text("#!/usr/bin/env python3\nopen('first.txt', 'w')\n")
    run.resume("--no-wait")
    assert "[  2/2] last" in run.wait()
    assert run.output("last.txt") == "given;"


def test_a_job_that_always_fails_is_tried_as_declared_and_the_rest_goes_on_once_mended(run):
    run.toy.file("utils.zip")
    write_code_bundle(run.folder / "utils.zip")
    chain(run.toy, WRAPPED)
    first = run.toy.workflow.get_job("first")
    first.args[:] = ["--output", "first.txt"]
    first.add_inputs("utils.zip").add_env(PYTHONPATH="utils.zip")
    other = run.toy.job("other", COPY, "other.txt", "given.txt")
    other.add_inputs("given.txt").add_outputs("other.txt")
    told = run.write().resume(code=1)
    assert told.count("first ended with exit code 1") == 4  # three tries, and the analysis
    assert run.job("first")["tries"] == 3
    assert "was held" not in run.events(), "it is to be tried again at once"
    assert list((run.folder / "condor").glob("*.rescue001"))
    told = run.analyze()
    assert "ValueError: no luck today" in told
    assert f"python workflow.py --resume {run.folder}" in told
    assert run.output("other.txt") == "given;", "what does not depend on it is done"
    assert run.job("last")["state"] == "waiting"

    (run.folder / "first.py").write_text("#!/usr/bin/env python3\nopen('first.txt', 'w')\n")
    run.resume()
    assert run.output("last.txt") == "given;"
    tries = re.findall(r"DAG Node: (\w+)", run.events())
    assert tries.count("other") == 1, "what was done is not run again"
    assert run.job("first")["tries"] == 4


def test_bad_input_is_tried_once_and_told_in_the_jobs_own_words(run):
    run.toy.file("utils.zip")
    write_code_bundle(run.folder / "utils.zip")
    bad = WRAPPED.replace("import argparse", "import argparse; from utils.errors import InputError")
    chain(
        run.toy,
        bad.replace('ValueError("no luck today")', "InputError('faces.xml: no box; mend it')"),
    )
    first = run.toy.workflow.get_job("first")
    first.args[:] = ["--output", "first.txt"]
    first.add_inputs("utils.zip").add_env(PYTHONPATH="utils.zip")
    told = run.write().resume(code=1)
    assert run.job("first")["tries"] == 1
    reason = "ended with exit code 2: faces.xml: no box; mend it"
    assert f"{'first':<28} FAILED: {reason}\n" in told
    assert "Mend that and start the run again" in told
    assert "Go on with" not in told


def test_a_run_that_was_moved_goes_on(run):
    chain(run.toy, "raise SystemExit(3)")
    run.toy.workflow.get_job("first").add_dagman_profile(retry=0)
    run.write().resume(code=1)
    (run.folder / "first.py").write_text("#!/usr/bin/env python3\nopen('first.txt', 'w')\n")
    run.folder = run.folder.rename(run.folder.with_name("moved"))
    assert "its catalogues are brought up to date" in run.resume()
    assert run.output("last.txt") == "given;"


def test_a_job_killed_without_its_outputs_is_tried_again_soon(run):
    script = "import os, pathlib; pathlib.Path('/tmp/x'); os.kill(os.getpid(), 9)"
    chain(run.toy, script)
    told = run.write().resume(code=1)
    assert run.job("first")["tries"] == 3
    assert "was held" in told
    held, removed = (run.times(number) for number in (HELD, REMOVED))
    waited = [(end - begin).seconds for begin, end in zip(held, removed, strict=True)]
    assert len(waited) == 3 and max(waited) < 60


def test_a_training_goes_on_elsewhere_from_its_last_checkpoint(run, pool):
    script = COUNT.replace("sys.argv[1]", repr("doomed"))
    job = run.toy.job("count", script).add_outputs("result.txt")
    job.add_checkpoint("count.ckpt", stage_out=False)
    checkpoint_itself(job, "count.ckpt")
    doomed = pool.start_pilot("doomed", annex="fragile", cpus=1)
    run.annex = "fragile"
    with run.write(**{"+JobLeaseDuration": "20"}).followed() as going:
        kept = doomed.folder.glob
        until(lambda: "3" in {p.read_text() for p in kept("execute/*/count.ckpt")}, going, 300)
        heir = pool.start_pilot("heir", annex="fragile", cpus=1)
        doomed.kill()
        told, _ = going.communicate(timeout=600)
    assert going.returncode == 0, told
    assert "is lost with its node" in told or "was evicted" in told
    assert run.output("result.txt") == "6"
    log = Path(run.folder / run.job("count")["log"]).read_text()
    assert re.findall(r"from (\d)", log) == ["0", "2", "4"]
    assert run.job("count")["tries"] == 1
    heir.kill()


def test_a_run_goes_on_when_the_submit_side_was_down(run, pool):
    chain(run.toy, "import time; time.sleep(40); open('first.txt', 'w')")
    run.write().resume("--no-wait")
    run.until("first  running")
    pool.stop_submit_side()
    pool.start_submit_side()
    run.wait()
    assert run.output("last.txt") == "given;"
    assert run.job("first")["starts"] == 1
