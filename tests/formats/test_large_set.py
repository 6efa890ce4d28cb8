"""A set as one is downloaded: 1,700 photographs of odd kinds, five of them without annotation."""

import io
import itertools
import shutil

import numpy as np
import pytest
from PIL import Image

import workflow
from tests.bad_input.pictures import READ, REFUSED, pictures
from tests.formats.shots import voc, write
from utils.dataset.shards import read_shard, write_shard
from utils.dataset.splitting import SIDES
from utils.dataset.splitting.split import split_dataset
from utils.records import read_record

ODD = [name for name in pictures() if name.split()[0] in READ and name not in REFUSED][:31]
NAMES = ("with_mask", "without_mask", "with_incorrect_mask")
SUFFIXES = {"png": ".png", "jpg": ".jpg", "webp": ".webp", "bmp": ".bmp", "tif": ".tif"}


def small(seed: int) -> bytes:
    """A photograph with structure, small enough for 1,700 of them."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(0, 255, (6, 8, 3), np.uint8)
    file = io.BytesIO()
    Image.fromarray(coarse).resize((64, 48), Image.Resampling.BICUBIC).save(file, "JPEG")
    return file.getvalue()


@pytest.fixture(scope="module")
def downloaded(tmp_path_factory):
    root = tmp_path_factory.mktemp("downloaded") / "set"
    for number in range(1700):
        odd = ODD[number // 10] if number % 10 == 0 and number // 10 < len(ODD) else None
        suffix = SUFFIXES[odd.split()[0]] if odd else ".jpg"
        photo = pictures()[odd] if odd else small(number)
        write(root / "JPEGImages" / f"{number:04d}{suffix}", photo)
        if number % 340 != 5:
            size = Image.open(io.BytesIO(photo)).size
            face = (NAMES[number % 3], (2, 2, size[0] // 2, size[1] // 2))
            write(root / "annotations" / f"{number:04d}.xml", voc([face], size))
    yield root
    shutil.rmtree(root)


def test_it_runs_by_data_and_unlabelled_skip_alone(downloaded, tmp_path, capsys):
    words = ["--data", str(downloaded), "--dry-run", "--engine", "local", "--weights", "none"]
    run = tmp_path / "run"
    assert workflow.main([*words, "--run-dir", str(run)]) == 2
    refused = capsys.readouterr().err
    assert "5 photographs (JPEGImages/0005.jpg, JPEGImages/0345.jpg, " in refused
    assert "--unlabelled skip" in refused and not run.exists()
    assert workflow.main([*words, "--run-dir", str(run), "--unlabelled", "skip"]) == 0
    told = capsys.readouterr().out
    assert "Photographs: 1,695 annotated, 0 new" in told
    assert "Without annotation: 5 photographs, left out" in told
    assert "with_incorrect_mask is mask_weared_incorrect" in told
    facts = read_record(run / "configuration.json")["data"]
    assert sum(facts["faces"].values()) == 1695 and not facts["classes_missing"]

    # All the odd ones, and so many others that the test takes seconds.
    write_shard(tmp_path / "some.tar", itertools.islice(read_shard(run / "dataset.tar"), 330))
    outputs = {side: tmp_path / f"{side}.tar" for side in SIDES}
    record = split_dataset(tmp_path / "some.tar", outputs, tmp_path / "split.json")
    assert record["skipped"] == [] and record["dropped_boxes"] == 0
    for side in SIDES:
        assert min(record["sides"][side]["faces"].values()) > 0
