"""Bad photographs and odd names through `workflow.py` and the executables: told, and nothing lost.

Each job runs in an empty folder of its own, as the engines run it; nothing may appear beside it.
"""

import json
import os
from pathlib import Path

import pytest

import workflow
from tests.bad_input.bombs import overlapping_tags
from tests.bad_input.pictures import pictures
from tests.bad_input.test_names import ODD
from utils.analysis.prediction.tables import predictions_table
from utils.dataset.shards import Photo, read_shard, write_shard
from utils.records import read_record

SIDES = ("train", "val", "test")
SPLIT = ["--dataset", "dataset.tar", "--report", "split.json"]
SPLIT += [word for side in SIDES for word in (f"--{side}", f"{side}.tar")]


@pytest.fixture
def job(execute, tmp_path):
    """Run an executable in a folder of its own; assert that it told no traceback, and its code."""

    def run(name: str, inputs: list[Path], *arguments: str, code: int = 0) -> Path:
        folder = tmp_path / f"job {len(list(tmp_path.iterdir()))}"
        folder.mkdir()
        for path in inputs:
            os.link(path, folder / path.name)
        beside = everything(tmp_path, folder)
        done = execute(name, folder, *arguments)
        assert "Traceback" not in done.stderr
        assert done.returncode == code, done.stderr
        assert everything(tmp_path, folder) == beside
        assert all(path.is_file() for path in folder.iterdir())
        return folder

    return run


def everything(root: Path, but: Path) -> set[Path]:
    return {path for path in root.rglob("*") if but not in (path, *path.parents)}


def test_bad_photographs_are_refused_or_left_out_and_told(make_dataset, job, tmp_path, capsys):
    data = make_dataset(ODD)
    bad = {  # photograph, and what is wrong with it
        "nothing.png": b"",
        "gif.png": pictures()["gif one"],
        "half.jpg": pictures()["jpg RGB"][:300],
        "bomb.tif": overlapping_tags(3000, 2**20),
        "float.tiff": pictures()["tif float"],
    }
    good = (data / "annotations" / "A.xml").read_bytes()
    for name, image in bad.items():
        (data / "images" / name).write_bytes(image)
        (data / "annotations" / name).with_suffix(".xml").write_bytes(good)
    broken = {"*": good.replace(b"<xmin>", b"<xmin>left "), "-rf": good[:200], "nul": b"\xff"}
    for stem, voc in broken.items():
        (data / "annotations" / f"{stem}.xml").write_bytes(voc)
    before = everything(tmp_path, tmp_path / "run")
    options = ["--data", data, "--predict", data / "images", "--run-dir", tmp_path / "run"]
    options += ["--dry-run", "--engine", "local", "--weights", "none", "--predict-shards", 1]
    assert workflow.main(list(map(str, options))) == 2
    assert "7 photographs or annotations cannot be used: " in capsys.readouterr().err
    assert everything(tmp_path, tmp_path / "run") == before
    assert workflow.main([*map(str, options), "--skip-bad"]) == 0
    assert "Cannot be read: 7 photographs, left out" in capsys.readouterr().out
    assert everything(tmp_path, tmp_path / "run") == before
    packed = tmp_path / "run" / "dataset.tar"
    left_out = read_record(tmp_path / "run" / "configuration.json")["data"]["unreadable"]
    seen = sorted(f"images/{name}" for name in [*bad, *(f"{s}.png" for s in broken)])
    seen.remove("images/float.tiff")  # which only decoding shows
    assert sorted(item["file"] for item in left_out) == seen
    assert all(item["reason"].isprintable() for item in left_out)

    refused = job("split_data.py", [packed], *SPLIT, code=2)
    assert {path.name for path in refused.iterdir()} == {
        *(f"{side}.tar" for side in ("dataset", *SIDES)),
        "split.json",
    }
    split = job("split_data.py", [packed], *SPLIT, "--skip-bad")
    record = read_record(split / "split.json")
    assert [item["file"] for item in record["skipped"]] == ["float.tiff"]
    assert record["photos"].keys() == set(ODD) - broken.keys()
    for side in SIDES:
        clean = job(
            *("preprocess.py", [split / f"{side}.tar"]),
            *("--input", f"{side}.tar", "--output", "clean.tar"),
        )
        names = [photo.name for photo in read_shard(clean / "clean.tar")]
        assert names == sorted(n for n, p in record["photos"].items() if p["side"] == side)


def test_one_bad_photograph_among_many_costs_nothing_but_itself(model, job, tmp_path):
    shard = tmp_path / "predict_0.tar"
    some = [
        *("png RGBA", "png 16-bit grey", "png interlaced", "jpg CMYK", "webp animated"),
        *("bmp 1", "tif tiff_lzw", "tif float", "gif one", "pfm float"),
    ]
    images = {name: pictures()[name] for name in some}
    images |= {"empty": b"", "half": pictures()["jpg RGB"][:300]}
    images |= dict.fromkeys(ODD[::5], pictures()["png 1"])
    images["bomb"] = overlapping_tags(3000, 2**20)
    write_shard(shard, (Photo(n, f"{n}.png", images[n]) for n in sorted(images)))
    done = job(
        *("predict.py", [model, shard], "--model", model.name, "--photos", shard.name),
        *("--predictions", "predictions_0.json", "--images", "images.tar"),
    )
    record = json.loads((done / "predictions_0.json").read_text())
    left_out = ["bomb.png", "empty.png", "gif one.png", "half.png", "pfm float.png"]
    left_out.append("tif float.png")
    assert [item["file"] for item in record["skipped"]] == left_out
    assert [photo["name"] for photo in record["photos"]] == sorted(
        images.keys() - {name.removesuffix(".png") for name in left_out}
    )
    drawings = [drawing.name for drawing in read_shard(done / "images.tar")]
    assert drawings == [photo["name"] for photo in record["photos"]]
    table = predictions_table([], 0.5, record["skipped"])
    assert [line for line in table.splitlines() if line.startswith("# not read: ")] == [
        f"# not read: {item['file']}: {item['reason']}" for item in record["skipped"]
    ]
