"""``bin/augment.py`` by its command line."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from utils.dataset.annotation import write_voc
from utils.dataset.faces import Faces
from utils.dataset.images import encode_png
from utils.dataset.shards import Photo, read_shard, write_shard

SCRIPT = Path(__file__).parents[2] / "bin" / "augment.py"


@pytest.fixture
def scratch(tmp_path):
    photos = []
    for number, label in enumerate([1, 1, 1, 1, 1, 1, 3]):
        faces = Faces(np.array([[2, 2, 9, 9]], np.float32), np.array([label]))
        image = encode_png(np.full((24, 32, 3), 20 * number, np.uint8))
        voc = write_voc(f"p{number}.png", 32, 24, faces)
        photos.append(Photo(f"p{number}", f"p{number}.png", image, voc))
    write_shard(tmp_path / "train.tar", photos)
    return tmp_path


def run(folder: Path, output: str, *options: str) -> subprocess.CompletedProcess:
    command = [sys.executable, SCRIPT, "--input", "train.tar", "--output", output, *options]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300)


def test_two_shards_hold_all_photos_and_their_copies(scratch):
    options = ["--sigma", "0.1", "--copies", "1", "--rare-copies", "2", "--seed", "5"]
    names = []
    for shard in ("0", "1"):
        output = f"train_aug_{shard}.tar"
        done = run(scratch, output, "--shard", shard, "--shards", "2", *options)
        assert done.returncode == 0, done.stderr
        names += [photo.name for photo in read_shard(scratch / output)]
    expected = [f"p{i}" for i in range(7)] + [f"p{i}_noise1" for i in range(7)] + ["p6_noise2"]
    assert sorted(names) == sorted(expected)


def test_an_impossible_sigma_is_refused_with_code_2(scratch):
    done = run(scratch, "out.tar", "--sigma", "20")
    assert done.returncode == 2
    assert "sigma is 20.0; expected 0..1" in done.stderr
    assert (scratch / "out.tar").exists()
