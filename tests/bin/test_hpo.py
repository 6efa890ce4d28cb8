"""The command line of bin/hpo.py: the rounds of a search, with trials that end in every way."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from utils.dataset.annotation import write_voc
from utils.dataset.faces import Faces
from utils.dataset.images import encode_png
from utils.dataset.shards import Photo, write_shard
from utils.detector.inference import Detector

BIN = Path(__file__).parents[2] / "bin"


@pytest.fixture
def folder(tmp_path):
    image = np.full((64, 64, 3), 80, np.uint8)
    image[10:40, 20:45] = (250, 200, 60)
    xml = write_voc("p.png", 64, 64, Faces(np.array([[20, 10, 45, 40]], np.float32), np.array([1])))
    write_shard(tmp_path / "train.tar", [Photo("p", "p.png", encode_png(image), xml)])
    return tmp_path


def run(folder, *arguments, script="hpo.py"):
    return subprocess.run(
        [sys.executable, BIN / script, *map(str, arguments)],
        cwd=folder,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )


def suggest(folder, number, *more):
    names = [f"hpo_{number}_0.json", f"hpo_{number}_1.json"]
    job = run(
        *(folder, "suggest", "--round", number, "--trials", 4, "--seed", 1, *more),
        *("--recipe", "clip=3"),
        *("--study-out", f"study_{number}.log", "--suggestions", *names),
    )
    assert job.returncode == 0, job.stderr
    return [json.loads((folder / name).read_text()) for name in names]


def trial(folder, name, number, *more):
    job = run(
        *(folder, "trial", "--suggestion", f"{name}.json", "--study", f"study_{number}.log"),
        *("--train", "train.tar", "--val", "train.tar", "--arch", "compact_resnet18_fpn"),
        *("--epochs", 1, "--image-size", 64, "--seed", 1, "--checkpoint", f"{name}.ckpt"),
        *("--result", f"{name}_result.json", "--cache-mb", 0, *more),
    )
    result = folder / f"{name}_result.json"
    return job, json.loads(result.read_text() or "null")


def test_a_search_of_two_rounds(folder):
    first = suggest(folder, 1)
    assert [suggestion["number"] for suggestion in first] == [0, 1]
    assert [suggestion["params"]["clip"] for suggestion in first] == [3.0, 3.0]

    job, result = trial(folder, "hpo_1_0", 1)
    assert job.returncode == 0, job.stderr
    assert (result["schema"], result["number"], result["state"]) == (1, 0, "complete")
    assert result["value"] == result["values"][-1]
    assert len(result["values"]) == 1
    assert result["params"] == first[0]["params"]

    failed = result | {"number": 1, "state": "fail", "value": None, "reason": "out of memory"}
    (folder / "hpo_1_1_result.json").write_text(json.dumps(failed))
    results = ["--results", "hpo_1_0_result.json", "hpo_1_1_result.json"]
    second = suggest(folder, 2, "--study", "study_1.log", *results)
    assert [suggestion["number"] for suggestion in second] == [2, 3]
    assert {suggestion["round"] for suggestion in second} == {2}

    best = ("best", "--study", "study_2.log", *results, "--params", "best.json")
    job = run(folder, *best, "--study-out", "study.log", "--history", "history.png")
    assert job.returncode == 0, job.stderr
    record = json.loads((folder / "best.json").read_text())
    assert (record["number"], record["complete"], record["failed"]) == (0, 1, 3)
    assert "2 trials without a usable result count as failed: 2, 3" in job.stderr
    assert record["params"] == first[0]["params"]
    assert (folder / "history.png").read_bytes().startswith(b"\x89PNG")
    assert (folder / "study.log").stat().st_size > 0


def test_a_search_of_architectures_and_optimisers_trains_what_it_found(folder):
    archs = ("compact_resnet18_fpn", "fasterrcnn_mobilenet_v3_large_fpn")
    search = (f"arch={','.join(archs)}", "optimizer=adamw,sgd", "image_size=64,96")
    first = suggest(folder, 1, "--image-size", 64, "--search", *search)
    second = suggest(folder, 2, "--study", "study_1.log", "--image-size", 64, "--search", *search)
    params = [suggestion["params"] for suggestion in (*first, *second)]
    assert [params[0][name] for name in ("arch", "optimizer", "image_size")] == [
        *(archs[0], "adamw", 64),
    ]
    number = next(n for n, one in enumerate(params) if one["arch"] == archs[1])
    found, study = f"hpo_{number // 2 + 1}_{number % 2}", f"study_{number // 2 + 1}.log"
    job, result = trial(folder, found, number // 2 + 1)
    assert job.returncode == 0, job.stderr
    assert (result["state"], result["params"]) == ("complete", params[number])
    best = ("best", "--study", study, "--results", f"{found}_result.json")
    outputs = ("--params", "best.json", "--study-out", "study.log", "--history", "history.png")
    assert run(folder, *best, *outputs).returncode == 0
    record = json.loads((folder / "best.json").read_text())
    assert record["searched"]["image_size"] == {"choices": [64, 96]}

    learning = ("--train", "train.tar", "--val", "train.tar", "--epochs", 1, "--image-size", 480)
    learning += ("--params", "best.json", "--recipe", "clip=3", "--checkpoint", "a.ckpt")
    outputs = ("--model", "model.pth", "--log", "training.json", "--curves", "curves.png")
    job = run(folder, *learning, *outputs, script="train_model.py")
    assert job.returncode == 0, job.stderr
    trained = json.loads((folder / "training.json").read_text())
    wanted = dict(record["params"])
    assert trained["arch"] == wanted.pop("arch") == archs[1]
    assert trained["image_size"] == wanted.pop("image_size")
    assert trained["params"] == wanted
    detector = Detector.load(folder / "model.pth")
    assert (detector.arch, detector.image_size) == (archs[1], trained["image_size"])


def test_search_without_a_completed_trial_is_an_error_that_says_why(folder):
    asked = suggest(folder, 1)[0]
    record = {"schema": 1, "state": "fail", "values": [], "value": None, "reason": "no memory"}
    record |= {"number": 0, "error": None, "study": asked["study"]}
    (folder / "r.json").write_text(json.dumps(record))
    best = ("best", "--study", "study_1.log", "--results", "r.json")
    outputs = ("--params", "best.json", "--study-out", "study.log", "--history", "history.png")
    job = run(folder, *best, *outputs)
    assert job.returncode == 2
    assert "no trial of the search was completed" in job.stderr
    assert "trial 0: no memory" in job.stderr
    assert all((folder / name).exists() for name in outputs[1::2])


def test_missing_input_is_refused(folder):
    suggest(folder, 1)
    job, result = trial(folder, "hpo_1_0", 1, "--weights", "absent.pth")
    assert job.returncode == 2
    assert "absent.pth: no such file" in job.stderr
    assert result is None
