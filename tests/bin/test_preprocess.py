"""``bin/preprocess.py`` by its command line."""

import io
import subprocess
import sys
from pathlib import Path

from PIL import Image

from utils.dataset.annotation import write_voc
from utils.dataset.faces import Faces
from utils.dataset.images import is_plain
from utils.dataset.shards import Photo, read_shard, write_shard

SCRIPT = Path(__file__).parents[2] / "bin" / "preprocess.py"


def run(folder: Path) -> subprocess.CompletedProcess:
    command = [sys.executable, SCRIPT, "--input", "val.tar", "--output", "val_clean.tar"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300)


def test_an_rgba_photo_becomes_plain(tmp_path):
    file = io.BytesIO()
    Image.new("RGBA", (8, 6), (10, 20, 30, 255)).save(file, "PNG")
    photo = Photo("a", "a.png", file.getvalue(), write_voc("a.png", 8, 6, Faces()))
    write_shard(tmp_path / "val.tar", [photo])
    done = run(tmp_path)
    assert done.returncode == 0, done.stderr
    (clean,) = read_shard(tmp_path / "val_clean.tar")
    assert is_plain(clean.image, "a")
    assert clean.decode()[0, 0].tolist() == [10, 20, 30]


def test_a_missing_and_an_empty_input_are_refused_with_code_2(tmp_path):
    assert run(tmp_path).returncode == 2
    (tmp_path / "val.tar").touch()
    done = run(tmp_path)
    assert done.returncode == 2
    assert "val.tar: not a whole shard" in done.stderr
    assert (tmp_path / "val_clean.tar").exists()
