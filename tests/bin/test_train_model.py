"""The command line of bin/train_model.py, each time in a folder that holds its inputs alone."""

import json
import os
import shutil
import signal
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest

from tests.classifier.conftest import make_faces
from tests.holding import hold
from tests.waiting import PATIENCE, until
from utils.classifier.architectures import architecture
from utils.classifier.inference import FaceClassifier
from utils.classifier.two_stage import TwoStageDetector
from utils.dataset.annotation import write_voc
from utils.dataset.faces import Faces
from utils.dataset.images import encode_png
from utils.dataset.shards import Photo, write_shard
from utils.detector.final import train_final
from utils.detector.inference import Detector
from utils.errors import Checkpointed
from utils.models import load_model
from utils.records import write_record
from utils.search.space import read_params
from utils.training.plan import Plan
from utils.training.recipe import Recipe

SCRIPT = Path(__file__).parents[2] / "bin" / "train_model.py"

pytestmark = pytest.mark.usefixtures("one_thread")


def shard(path, photos, faces=True):
    rng = np.random.default_rng(photos)
    written = []
    for number in range(photos):
        image = rng.integers(0, 90, (64, 64, 3)).astype(np.uint8)
        image[10:40, 20:45] = (250, 200, 60)
        box = Faces(np.array([[20, 10, 45, 40]], np.float32), np.array([1 + number % 3]))
        xml = write_voc(f"p{number}.png", 64, 64, box if faces else Faces())
        written.append(Photo(f"p{number}", f"p{number}.png", encode_png(image), xml))
    write_shard(path, written)


@pytest.fixture
def folder(tmp_path):
    shard(tmp_path / "train.tar", 6)
    shard(tmp_path / "val.tar", 2)
    (tmp_path / "train_model.ckpt").touch()
    write_record(
        tmp_path / "best.json", {"params": {"batch_size": 1, "augmentation": 1.0}, "number": 0}
    )
    return tmp_path


def command(epochs, *more, script=SCRIPT):
    return [
        *(sys.executable, script, "--params", "best.json", "--train", "train.tar"),
        *("--val", "val.tar", "--arch", "compact_resnet18_fpn", "--epochs", str(epochs)),
        *("--image-size", "64", "--seed", "3", "--checkpoint", "train_model.ckpt"),
        *("--recipe", "batch_size=9", "clip=3"),  # best.json goes over it
        *("--data-version", "ab12"),
        *("--model", "model.pth", "--log", "training.json", "--curves", "curves.png", *more),
    ]


ENVIRONMENT = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(SCRIPT.parents[1])}
STEP = "utils.training.step:Step.__call__"


def held_at_step(folder, number):
    """Return what trains in a folder and stays at a step, and the mark that it is there."""
    mark = folder / "held"
    return hold(SCRIPT, STEP, number, mark, copy=folder / "held.py"), mark


def run(folder, epochs=1, *more):
    return subprocess.run(
        command(epochs, *more),
        cwd=folder,
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        check=False,
    )


def train_alone(folder, epochs, checkpoint_minutes=None):
    """Train in this process, with nobody to interrupt it."""
    plan = Plan(
        arch="compact_resnet18_fpn",
        recipe=Recipe.from_params({"clip": 3.0} | read_params(folder / "best.json")),
        epochs=epochs,
        seed=3,
        train=[folder / "train.tar"],
        validation=[folder / "val.tar"],
        image_size=64,
        checkpoint_minutes=checkpoint_minutes,
    )
    names = ("train_model.ckpt", "model.pth", "training.json")
    train_final(plan, *(folder / name for name in names), data_version="ab12")


def test_terminated_in_an_epoch_and_started_again_gives_the_same_model(folder, tmp_path_factory):
    other = tmp_path_factory.mktemp("straight")
    shutil.copytree(folder, other, dirs_exist_ok=True)
    train_alone(other, epochs=2)

    log, (script, held) = folder / "log", held_at_step(folder, 3)
    with open(log, "w") as stream:
        job = subprocess.Popen(
            command(2, script=script), cwd=folder, env=ENVIRONMENT, stderr=stream
        )
    until(held.exists, job)
    job.send_signal(signal.SIGTERM)
    assert job.wait(PATIENCE) == 85, log.read_text()
    assert "stopped in epoch 1 after step 3" in log.read_text()
    assert (folder / "model.pth").read_bytes() == b""  # no declared output is missing

    resumed = run(folder, 2)
    assert resumed.returncode == 0, resumed.stderr
    assert "going on from epoch 1, step 4" in resumed.stderr
    assert (folder / "model.pth").read_bytes() == (other / "model.pth").read_bytes()

    record = json.loads((folder / "training.json").read_text())
    assert (record["schema"], record["arch"], record["photos"]) == (1, "compact_resnet18_fpn", 6)
    assert (record["params"]["batch_size"], record["params"]["clip"]) == (1, 3.0)
    assert [epoch["epoch"] for epoch in record["epochs"]] == [1, 2]
    assert {"total", "objectness"} <= record["epochs"][0]["loss"].keys()
    assert set(record["epochs"][0]["validation"]) == {"map", "map_50", "loss"}
    detector = Detector.load(folder / "model.pth", "cpu")
    assert detector.file.data_version == "ab12"
    assert detector.threshold == record["threshold"] == record["operating_point"]["threshold"]
    assert [list(level) for level in detector.file.anchors.sizes] == record["anchors"]
    assert (folder / "curves.png").read_bytes().startswith(b"\x89PNG")


def test_two_processes_go_on_together_from_what_one_saved_stop_together_and_one_goes_on(folder):
    log = folder / "log"
    write_record(folder / "best.json", {"params": {"batch_size": 4}, "number": 0})
    with pytest.raises(Checkpointed, match="after epoch 1"):
        train_alone(folder, epochs=2, checkpoint_minutes=0)
    script, held = held_at_step(folder, 1)
    with open(log, "w") as stream:
        words = command(2, "--processes", "2", script=script)
        job = subprocess.Popen(words, cwd=folder, env=ENVIRONMENT, stderr=stream)
    until(held.exists, job)
    job.send_signal(signal.SIGTERM)  # reaches the launcher alone
    assert job.wait(300) == 85, log.read_text()
    assert log.read_text().count("going on from epoch 2") == 1  # one speaks for both
    assert log.read_text().count("stopped in epoch 2") == 1
    assert (folder / "model.pth").read_bytes() == b""

    train_alone(folder, epochs=2)
    assert Detector.load(folder / "model.pth", "cpu").threshold > 0
    record = json.loads((folder / "training.json").read_text())
    assert [epoch["epoch"] for epoch in record["epochs"]] == [1, 2]


def test_impossible_input_is_named_and_leaves_no_output_missing(folder):
    shard(folder / "train.tar", 2, faces=False)
    job = run(folder)
    assert job.returncode == 2
    assert "no faces" in job.stderr
    assert "Traceback" not in job.stderr
    assert (folder / "model.pth").read_bytes() == b""
    (folder / "train.tar").unlink()
    job = run(folder)
    assert (job.returncode, "train.tar: no such file" in job.stderr) == (2, True)


def test_unknown_architecture_is_refused_with_those_there_are(folder):
    job = run(folder, 1, "--arch", "yolo")
    assert job.returncode == 2
    assert "compact_resnet18_fpn" in job.stderr


@pytest.fixture
def of_faces(tmp_path):
    """A folder with shards of faces that were cut, and of photographs."""
    make_faces(tmp_path / "train.tar", [1] * 6 + [2] * 4 + [3] * 2, 1)
    make_faces(tmp_path / "val.tar", [1, 2, 3, 1], 2)
    shard(tmp_path / "photographs.tar", 3)
    (tmp_path / "train_model.ckpt").touch()
    weights = architecture("centerface").packaged.locate()
    (tmp_path / "weights.onnx").write_bytes(weights.read_bytes())
    return tmp_path


def judging(*more, script=SCRIPT):
    return [
        *(sys.executable, script, "--task", "classify", "--train", "train.tar", "--val", "val.tar"),
        *("--epochs", "3", "--image-size", "32", "--seed", "3", "--checkpoint", "train_model.ckpt"),
        *("--recipe", "batch_size=4", "--weights", "weights.onnx", "--margin", "0.3"),
        *("--model", "model.pth", "--log", "training.json", "--curves", "curves.png", *more),
    ]


def judge(folder, *more):
    options = {"env": ENVIRONMENT, "capture_output": True, "text": True, "check": False}
    return subprocess.run(judging(*more), cwd=folder, **options)


def test_a_classifier_killed_and_started_again_gives_the_same_model(of_faces, tmp_path_factory):
    other = tmp_path_factory.mktemp("straight")
    shutil.copytree(of_faces, other, dirs_exist_ok=True)
    assert (done := judge(other)).returncode == 0, done.stderr
    log, (script, held) = of_faces / "log", held_at_step(of_faces, 5)
    with open(log, "w") as stream:
        job = subprocess.Popen(judging(script=script), cwd=of_faces, env=ENVIRONMENT, stderr=stream)
    until(held.exists, job)
    job.kill()
    job.wait(PATIENCE)
    resumed = judge(of_faces)
    assert resumed.returncode == 0, resumed.stderr
    assert "features of 12 faces" in log.read_text()
    assert "features of 12 faces" not in resumed.stderr, "they were kept"
    assert (of_faces / "model.pth").read_bytes() == (other / "model.pth").read_bytes()
    record = json.loads((of_faces / "training.json").read_text())
    assert (record["task"], record["arch"], record["photos"]) == ("classify", "centerface", 12)
    assert (record["freeze"], record["margin"]) == ("backbone", 0.3)
    assert [epoch["epoch"] for epoch in record["epochs"]] == [1, 2, 3]
    assert (of_faces / "curves.png").read_bytes().startswith(b"\x89PNG")
    assert FaceClassifier.load(of_faces / "model.pth", "cpu").margin == 0.3


def test_with_a_finder_of_faces_it_becomes_a_detector_of_two_stages(of_faces):
    job = judge(of_faces, "--faces", "haar:smallest=20", "--val-photographs", "photographs.tar")
    assert job.returncode == 0, job.stderr
    model = load_model(of_faces / "model.pth", "cpu")
    assert isinstance(model, TwoStageDetector)
    assert model.classifier.margin == 0.3
    record = json.loads((of_faces / "training.json").read_text())
    told = (record["faces"], record["threshold"], record["operating_point"]["threshold"])
    assert told == ("haar:smallest=20", model.threshold, model.threshold)
    assert record["calibration"] == asdict(model.file.calibration)
    assert record["classifier"]["threshold"] == model.classifier.threshold
    job = judge(of_faces, "--faces", "haar")
    assert (job.returncode, "takes --val-photographs" in job.stderr) == (2, True)
    job = judge(of_faces, "--task", "detect", "--image-size", "64", "--arch", "centerface")
    assert job.returncode == 2
    assert "--arch centerface: is of another task" in job.stderr
