"""``bin/predict_videos.py`` by its command line, ended in every way."""

import json
import os
import signal
import subprocess
import sys

import pytest

from data.painter.films import frame_times, write_film
from data.painter.moving import compose_scene
from tests.bin.conftest import BIN
from tests.holding import hold
from tests.waiting import until
from utils.job import EXIT_CHECKPOINTED
from utils.records import write_record

ARGUMENTS = (
    *("--model", "mask_detection_model.pth", "--videos", "video_0000_a.mp4"),
    *("--listed", "videos_0.json", "--checkpoint", "predict_videos_0.ckpt"),
    *("--predictions", "video_predictions_0.json", "--faces", "video_faces_0.csv"),
    *("--images", "people_images_0.tar", "--rate", "10", "--least-seconds", "0.2"),
)
MADE = ("video_predictions_0.json", "video_faces_0.csv", "people_images_0.tar")


@pytest.fixture
def scratch(tmp_path, model):
    """A job's folder with a model and a video of a second."""
    os.link(model, tmp_path / model.name)
    scene = compose_scene(5, 3, 2, (96, 56), pillars=0)
    write_film(tmp_path / "video_0000_a.mp4", scene, frame_times(1.2, 10))
    listed = [{"file": "video_0000_a.mp4", "name": "a.mp4"}]
    write_record(tmp_path / "videos_0.json", {"videos": listed})
    return tmp_path


def test_asked_to_stop_it_exits_with_85_and_makes_what_it_would_have_made(execute, scratch):
    done = execute("predict_videos.py", scratch, *ARGUMENTS)
    assert done.returncode == 0, done.stderr
    undisturbed = {name: (scratch / name).read_bytes() for name in MADE}
    record = json.loads(undisturbed["video_predictions_0.json"])
    assert record["videos"][0]["frames"] == 12
    for name in (*MADE, "predict_videos_0.ckpt"):
        (scratch / name).unlink()

    held = scratch / "held"
    look = "utils.video.watch:Watcher.look"
    script = hold(BIN / "predict_videos.py", look, 5, held, copy=scratch / "held.py")
    job = subprocess.Popen(
        [sys.executable, script, *ARGUMENTS],
        cwd=scratch,
        env={**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(BIN.parent)},
        stderr=subprocess.PIPE,
    )
    until(held.exists, job)
    job.send_signal(signal.SIGTERM)
    _, told = job.communicate(timeout=300)
    assert job.returncode == EXIT_CHECKPOINTED, told.decode()
    assert b"stopped at a.mp4" in told and (scratch / "predict_videos_0.ckpt").stat().st_size
    assert all((scratch / name).exists() for name in MADE), "or HTCondor holds the job"
    done = execute("predict_videos.py", scratch, *ARGUMENTS)
    assert done.returncode == 0, done.stderr
    assert {name: (scratch / name).read_bytes() for name in MADE} == undisturbed
