"""A video watched on pilots that vanish: what is made is what one process makes undisturbed."""

import json
import os
import shutil
import subprocess
import sys
import time

import pytest

from data.painter.films import frame_times, write_film
from data.painter.moving import compose_scene
from tests.condor.toy_run import ToyRun
from utils.dag.calls import checkpoint_itself
from utils.dag.code_bundle import PROJECT, write_code_bundle
from utils.detector.names import IN_THE_BOX
from utils.records import write_record

pytestmark = [pytest.mark.xdist_group("runs"), pytest.mark.timeout(1200)]

ANNEX = "watchers"
CHECKPOINT = "predict_videos_0.ckpt"
RECORDING = "predict_videos_0.packets"
MADE = (
    *("video_predictions_0.json", "video_faces_0.csv", "people_images_0.tar"),
    "annotated_video_00000_clip.webm",
)
WORDS = (
    *("--model", "model.pth", "--videos", "video_00000_clip.mp4", "--listed", "videos_0.json"),
    *("--rate", "10", "--checkpoint", CHECKPOINT, "--segment", "0.5"),
    *("--predictions", MADE[0], "--faces", MADE[1], "--images", MADE[2]),
    *("--annotated", MADE[3], "--recording", RECORDING),
)
HANDED_OVER = "Finished transferring output files"


@pytest.fixture
def run(pool):
    """A run of one job, which hands its checkpoint over after every picture."""
    run = ToyRun(pool, "watching", ANNEX)
    toy, script = run.toy, (PROJECT / "bin" / "predict_videos.py").read_text()
    job = toy.job("predict_videos", script, *WORDS, "--checkpoint-minutes", "0")
    shutil.copy(IN_THE_BOX, run.folder / "model.pth")
    scene = compose_scene(5, 6, 6, (320, 180), widths=(0.1, 0.2), pillars=0)
    write_film(run.folder / "video_00000_clip.mp4", scene, frame_times(1, 10))
    listed = [{"file": "video_00000_clip.mp4", "name": "clip.mp4"}]
    write_record(run.folder / "videos_0.json", {"videos": listed})
    write_code_bundle(run.folder / "utils.zip")
    for name in (CHECKPOINT, RECORDING):
        (run.folder / name).touch()
    inputs = ("utils.zip", "model.pth", "video_00000_clip.mp4", "videos_0.json")
    for name in (*inputs, CHECKPOINT, RECORDING):
        toy.replicas.add_replica("local", name, run.folder / name)
    job.add_inputs(*inputs).add_outputs(*MADE)
    for name in (CHECKPOINT, RECORDING):
        job.add_checkpoint(name, stage_out=False, register_replica=False)
    checkpoint_itself(job, CHECKPOINT, RECORDING)
    job.add_env(PYTHONPATH="utils.zip", OMP_NUM_THREADS="1", MKL_NUM_THREADS="1")
    job.add_pegasus_profile(cores=1, memory="2000 MB")
    return run.write(**{"+JobLeaseDuration": "20"})


def test_a_lost_pilot_costs_a_segment_and_changes_nothing(pool, run, tmp_path):
    for name in ("model.pth", "video_00000_clip.mp4", "videos_0.json"):
        shutil.copy(run.folder / name, tmp_path)
    done = subprocess.run(
        [sys.executable, PROJECT / "bin" / "predict_videos.py", *WORDS],
        cwd=tmp_path,
        env={**os.environ, "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads((tmp_path / MADE[0]).read_text())["videos"][0]["frames"] == 10

    first = pool.start_pilot("seer", annex=ANNEX, cpus=1, memory=3000, idle=600)
    second = None
    try:
        run.resume("--no-wait")
        deadline = time.monotonic() + 600
        log = run.folder / "condor" / "jobs.log"
        while not log.exists() or HANDED_OVER not in log.read_text():
            assert time.monotonic() < deadline, run.status()
            time.sleep(0.5)
        first.kill()
        second = pool.start_pilot("heir", annex=ANNEX, cpus=1, memory=3000, idle=600)
        run.do("wait", str(run.folder), timeout=900)
    finally:
        for pilot in filter(None, (first, second)):
            pilot.kill()
    assert run.job("predict_videos")["host"].endswith("@heir.lab")
    for name in MADE:
        assert (run.folder / "output" / name).read_bytes() == (tmp_path / name).read_bytes(), name
