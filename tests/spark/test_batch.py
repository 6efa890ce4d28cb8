"""A batch on Spark: the same rows as `detect.py` alone, whatever files are called."""

import csv
import os
import shutil
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest

from tests.spark.conftest import needs_java, same_files
from utils.spark.batch import key, part_of
from utils.spark.pictures import name_of
from utils.spark.rows import DONE, NOT_READ, OTHER, PHOTOGRAPHS
from utils.spark.sources import escaped, read_files
from utils.spark.table import Table
from utils.spark.workers import Loaded, Work, look_at

pytestmark = [needs_java, pytest.mark.xdist_group("spark")]

NAMES = (
    *("day1/IMG_1.jpg", "day2/IMG_1.jpg", "a b.jpg", "two\nlines.jpg", "p%20q.jpg", "é.JPG"),
    *("c[1]{x}*?.jpg", "_hidden from Spark.jpg", "_folder/a.jpg", "co:lon.jpg"),
    os.fsdecode(b"no utf-8 \xff.jpg"),
)
ANSWER = ("faces.csv", "faces.json", "rate.json")


@dataclass
class Looked:
    """A batch that was looked at once, which several tests look at."""

    folder: Path
    out: Path
    code: int
    told: str


@pytest.fixture(scope="module")
def looked(on_spark, scenes, tmp_path_factory) -> Looked:
    """Photographs with names of all kinds, damaged ones and other files, one by two names."""
    scratch = tmp_path_factory.mktemp("batch")
    here = scratch / "al[b]um {1,2} %41 é"
    for number, name in enumerate(NAMES):
        (here / name).parent.mkdir(parents=True, exist_ok=True)
        (here / name).write_bytes(scenes[number % len(scenes)])
    (here / "cut.jpg").write_bytes((here / "a b.jpg").read_bytes()[:900])
    (here / "empty.jpg").touch()
    (here / "page.jpg").write_bytes(b"<html><body>no photograph</body>")
    (here / "notes.txt").write_text("words")
    (here / "link.jpg").symlink_to("a b.jpg")
    out = scratch / "spark"
    return Looked(here, out, *on_spark(here, "--output", out, "--sink", "pictures"))


def test_the_answer_is_that_of_one_machine_to_the_byte(looked, on_spark, here, tmp_path):
    assert looked.code == here(looked.folder, "--output", tmp_path / "alone") == 1
    same_files(looked.out, tmp_path / "alone", *ANSWER)
    with open(looked.out / "faces.csv", newline="") as file:
        assert len({row["photograph"] for row in csv.DictReader(file)}) == len(NAMES) + 2
    assert "cut.jpg: not read: " in looked.told and "Not read: 2 photographs" in looked.told
    assert "1 HTML page" in looked.told and "1 other file was left alone" in looked.told
    again = on_spark(looked.folder, "--output", looked.out)
    assert again[0] == 2 and "none is overwritten" in again[1]


def test_each_file_has_one_row(looked, spark):
    rows = Table(str(looked.out / "faces.parquet")).read(spark).collect()
    folder, status = looked.folder, [(row.path, row.status) for row in rows if row.status != OTHER]
    expected = {key(str(folder / name)): DONE for name in (*NAMES, "link.jpg")}
    expected |= {str(folder / "cut.jpg"): NOT_READ, str(folder / "empty.jpg"): NOT_READ}
    assert sorted(status) == sorted(expected.items())
    assert {row.people for row in rows if row.status == DONE} != {0}
    seen = next(row for row in rows if row.path == str(folder / "a b.jpg"))
    counted = [face for face in seen.faces if face.confidence >= seen.threshold]
    assert seen.people == len(counted) and len(seen.fingerprint) > 1000


def test_pictures_are_drawn_once_under_names_of_their_own(looked):
    drawn = looked.out / "pictures"
    files = {str(path.relative_to(drawn)) for path in drawn.rglob("*.jpg")}
    expected = {name_of(str(looked.folder / name)) for name in NAMES[:-1]}
    assert expected | {name_of(str(looked.folder / "link.jpg"))} == files
    assert "1 were gone" in looked.told  # whose name is no UTF-8
    assert f"Drawn: {len(files)} photographs" in looked.told


def test_links_in_a_circle_do_not_make_photographs_come_again(album, on_spark, here, tmp_path):
    folder = album("a.jpg", "sub/b.jpg")
    (folder / "sub" / "up").symlink_to(folder)
    code, told = on_spark(folder, "--output", tmp_path / "spark")
    assert code == 0, told
    assert here(folder, "--output", tmp_path / "alone") == 0
    same_files(tmp_path / "spark", tmp_path / "alone", *ANSWER)


def test_a_file_that_vanished_is_a_row(album, on_spark, tmp_path):
    folder = album("a.jpg", "b.jpg")
    (folder / "gone.jpg").symlink_to(folder / "nowhere.jpg")
    code, told = on_spark(folder, "--output", tmp_path / "spark")
    with open(tmp_path / "spark" / "faces.csv", newline="") as file:
        status = {row["photograph"]: row["status"] for row in csv.DictReader(file)}
    assert status == {"a.jpg": "face", "b.jpg": "face", "gone.jpg": "not_read"}
    assert code == 1 and "gone.jpg: not read: no such file or folder" in told


def test_a_worker_loads_the_model_once_and_no_picture_is_shuffled(album, spark, tested, tmp_path):
    folder = album(*(f"{number}.jpg" for number in range(12)))
    shutil.copy(tested, tmp_path / "once.pth")
    spark.sparkContext.addFile(str(tmp_path / "once.pth"))
    work = Work("once.pth", device="cpu")
    spark.conf.set("spark.sql.files.openCostInBytes", 2**27)  # a task a photograph
    try:
        files = read_files(spark, [escaped(str(folder))])
        rows = files.mapInPandas(partial(look_at, work), PHOTOGRAPHS)
        assert rows.rdd.getNumPartitions() == 12
        parts = [part_of(files, part, 3) for part in range(3)]
        assert sum(part.rdd.getNumPartitions() for part in parts) == 12  # each file is of one
        plan = rows._jdf.queryExecution().toString()
        assert "MapInPandas" in plan and "Exchange" not in plan
        workers = {row.worker for row in rows.select("worker").collect()}
    finally:
        spark.conf.unset("spark.sql.files.openCostInBytes")
    assert len(workers) <= 2

    def times(batches):
        import gc

        import pandas as pd

        for _ in batches:
            told = {"key": str(Loaded.key), "times": Loaded.times}
            yield pd.DataFrame([{**told, "frozen": gc.get_freeze_count()}])

    columns = "key string, times int, frozen int"
    told = spark.range(0, 2, 1, 2).mapInPandas(times, columns).collect()
    assert all("once.pth" in row.key for row in told)
    assert all(row["times"] <= 2 for row in told)  # one of the tests before, and this
    # PySpark collects garbage after each task: PyTorch and the model are kept out of it.
    assert all(row["frozen"] > 50_000 for row in told)


def test_videos_have_the_files_of_detect(film, on_spark, here, spark, tmp_path):
    clips = tmp_path / "clips"
    clips.mkdir()
    for name in ("a b%20.mp4", "é.mp4"):
        shutil.copy(film, clips / name)
    (clips / "broken.mp4").write_bytes(b"no video")
    options = ("--limit", "8", "--least-seconds", "0.1")
    code, told = on_spark(clips, "--videos", "--output", tmp_path / "spark", *options)
    assert code == 1
    assert "broken.mp4: not read: " in told and "Not read: 1 video" in told
    words = [clips / "a b%20.mp4", clips / "é.mp4"]
    assert here(*words, "--output", tmp_path / "alone", *options) == 0
    pairs = zip(("001-a-b-20", "003-é"), sorted((tmp_path / "alone").iterdir()), strict=True)
    for ours, alone in pairs:
        names = {path.name for path in alone.iterdir()}
        assert {"people.csv", "rate.json", "timeline.csv", "report.html"} <= names
        assert {path.name for path in (tmp_path / "spark" / ours).iterdir()} == names
        same_files(tmp_path / "spark" / ours, alone, *names)
    table = Table(str(tmp_path / "spark" / "videos.parquet"))
    rows = {row.path: row for row in table.read(spark).collect()}
    assert [rows[str(word)].status for word in words] == [DONE, DONE]
    assert rows[str(clips / "broken.mp4")].status == NOT_READ
