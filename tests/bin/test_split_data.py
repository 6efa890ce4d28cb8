"""``bin/split_data.py`` by its command line."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from utils.dataset.annotation import write_voc
from utils.dataset.faces import Faces
from utils.dataset.images import encode_png
from utils.dataset.shards import Photo, read_shard, write_shard
from utils.dataset.splitting.fingerprints import fingerprint
from utils.dataset.splitting.learnt import LearntPhotographs

SCRIPT = Path(__file__).parents[2] / "bin" / "split_data.py"
OUTPUTS = ("train.tar", "val.tar", "test.tar", "split.json")
BOXES = np.array([[0, 0, 9, 9], [10, 0, 19, 9], [20, 0, 29, 9]], np.float32)


@pytest.fixture
def scratch(tmp_path):
    """A folder that holds nothing but ``dataset.tar``, as a job's does."""
    rng = np.random.default_rng(0)
    photos = []
    for number in range(10):
        voc = write_voc(f"p{number}.png", 48, 32, Faces(BOXES, np.array([1, 2, 3])))
        image = encode_png(rng.integers(0, 255, (32, 48, 3), np.uint8))
        photos.append(Photo(f"p{number}", f"p{number}.png", image, voc))
    write_shard(tmp_path / "dataset.tar", photos)
    return tmp_path


def run(folder: Path, *options: str) -> subprocess.CompletedProcess:
    files = ["--dataset", "dataset.tar", "--train", "train.tar", "--val", "val.tar"]
    files += ["--test", "test.tar", "--report", "split.json"]
    command = [sys.executable, SCRIPT, *files, *options]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300)


def test_the_sides_and_the_record_are_written(scratch):
    done = run(scratch, "--seed", "1", "--fractions", "0.5", "0.2", "0.3")
    assert done.returncode == 0, done.stderr
    counts = [len(list(read_shard(scratch / name))) for name in OUTPUTS[:3]]
    assert counts == [5, 2, 3]
    record = json.loads((scratch / "split.json").read_text())
    assert (record["schema"], record["seed"], record["groups"]) == (1, 1, 10)
    assert {path.name for path in scratch.iterdir()} == {"dataset.tar", *OUTPUTS}


def test_what_weights_have_learnt_from_goes_to_the_training_side(scratch):
    seen = [photo for photo in read_shard(scratch / "dataset.tar") if photo.name < "p6"]
    learnt = LearntPhotographs.of([fingerprint(photo.decode()) for photo in seen])
    (scratch / "learnt.npz").write_bytes(learnt.as_bytes())
    done = run(scratch, "--learnt", "learnt.npz")
    assert done.returncode == 0, done.stderr
    record = json.loads((scratch / "split.json").read_text())
    assert {record["photos"][photo.name]["side"] for photo in seen} == {"train"}
    assert record["learnt"] == {"in_all": 6, "photos": 6, "off_train": 0}
    (scratch / "learnt.npz").write_bytes(b"none")
    done = run(scratch, "--learnt", "learnt.npz")
    assert done.returncode == 2 and "learnt.npz: holds no fingerprints" in done.stderr


def test_bad_photos_stop_it_with_code_2_and_no_output_missing(scratch):
    photos = list(read_shard(scratch / "dataset.tar"))
    photos[4] = Photo("p4", "p4.png", b"broken", photos[4].annotation)
    write_shard(scratch / "dataset.tar", photos)
    done = run(scratch)
    assert done.returncode == 2
    assert "p4.png" in done.stderr
    assert "Traceback" not in done.stderr
    assert all((scratch / name).exists() for name in OUTPUTS)

    assert run(scratch, "--skip-bad").returncode == 0
    record = json.loads((scratch / "split.json").read_text())
    assert [entry["file"] for entry in record["skipped"]] == ["p4.png"]


def test_sides_that_are_given_are_kept(scratch):
    sides = {f"p{n}": ("train", "val", "test")[n % 3] for n in range(10)}
    (scratch / "sides.json").write_text(json.dumps({"schema": 1, "sides": sides}))
    done = run(scratch, "--sides", "sides.json")
    assert done.returncode == 0, done.stderr
    record = json.loads((scratch / "split.json").read_text())
    assert {name: photo["side"] for name, photo in record["photos"].items()} == sides
