"""The whole workflow on the pool makes what the local engine made of the same photographs."""

import os
import shutil

import pytest

import workflow
from tests.condor.toy_run import ToyRun
from tests.determinism import runs
from tests.tracking.engines import tracked_alike

pytestmark = [pytest.mark.xdist_group("runs"), pytest.mark.timeout(1800)]

ANNEX = "same"


@pytest.fixture
def pilot(pool):
    pilot = pool.start_pilot("samehost", annex=ANNEX, cpus=4, memory=9000, idle=900)
    yield pilot
    pilot.kill()


def test_files_report_and_sample_are_those_of_the_local_engine(pool, pilot, whole_run, tmp_path):
    new = (*runs.NEW, str(pool.home / whole_run.parent.name / "clip.mp4"))
    there = same_on_the_pool(pool, whole_run, "--predict", *new, *runs.OPTIONS)
    dealt = []
    for name, folder in (("pool", there), ("local", whole_run)):
        target = tmp_path / name
        asked = "--number", "3", "--output", str(target)
        assert workflow.main(["suggest", str(folder), *asked]) == 0
        files = sorted(path for path in target.rglob("*") if path.is_file())
        dealt.append({str(path.relative_to(target)): path.read_bytes() for path in files})
    assert len(dealt[0]) == 8, "photographs, annotations, advice and record"
    assert dealt[0] == dealt[1]


def test_a_run_that_judges_single_faces_is_that_of_the_local_engine_and_tracked_alike(
    pool, pilot, judged_run, address
):
    there = same_on_the_pool(pool, judged_run, *runs.JUDGING)
    found = tracked_alike(judged_run, there, address)
    assert "test/classification/balanced_accuracy" in found["history"]


def same_on_the_pool(pool, local, *options):
    """Run the workflow on the pool, on the data of a run of the local engine; compare both.

    Returns the folder of the run on the pool.
    """
    place = pool.home / local.parent.name
    shutil.copytree(local.parent / "faces", place / "faces")
    for clip in local.parent.glob("*.mp4"):
        shutil.copy(clip, place)
    owner = pool.home.stat()
    for path in (place, *place.rglob("*")):
        os.chown(path, owner.st_uid, owner.st_gid)
    engine = ("--engine", "condor", "--pilots-only", ANNEX, "--run-dir", str(place / "run"))
    front = ("python", str(runs.PROJECT / "workflow.py"), "--data", str(place / "faces"))
    done = pool.run([*front, *engine, *options], timeout=1500)
    assert done.returncode == 0, done.stdout + done.stderr
    there, here = runs.made(place / "run"), runs.made(local)
    assert len(there) > 25
    assert [name for name in there if there[name] != here[name]] == []
    assert here.keys() - there.keys() == set()
    lines = (runs.report(f, o) for f, o in ((place / "run", local), (local, place / "run")))
    assert next(lines) == next(lines)
    return place / "run"


def test_the_plans_threads_hold_where_a_slot_has_other_cores(pool, pilot):
    """HTCondor tells jobs the cores of their slot; the weights would depend on the pilot."""
    run = ToyRun(pool, "threads", ANNEX)
    script = """
        import os
        words = [os.environ[name] for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS")]
        open("threads.txt", "w").write(" ".join(words))
    """
    job = run.toy.job("threads", script).add_outputs("threads.txt")
    job.add_env(OMP_NUM_THREADS="3", MKL_NUM_THREADS="3")
    job.add_pegasus_profile(cores=1)
    run.write().resume()
    assert run.output("threads.txt") == "3 3"
