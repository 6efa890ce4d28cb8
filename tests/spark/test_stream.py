"""A folder that fills: every file once, whatever ends in between; the rate by windows of time."""

import csv
import os
import shutil
import signal
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.spark.cluster import rows_of
from tests.spark.conftest import needs_java, same_files
from utils.records import read_record
from utils.spark.table import Table

pytestmark = [needs_java, pytest.mark.xdist_group("spark")]

START = datetime(2026, 3, 1, 9, 0, tzinfo=UTC).timestamp()


def arrive(album, spool, minutes: dict[str, float]) -> None:
    """Let photographs come into a folder by rename, of files from so many minutes after 9."""
    made = album(*minutes)
    for name, minute in minutes.items():
        os.utime(made / name, (START + 60 * minute,) * 2)
        (spool / name).parent.mkdir(parents=True, exist_ok=True)
        (made / name).rename(spool / name)


def table(path) -> list[dict[str, str]]:
    with open(path, newline="") as file:
        return list(csv.DictReader(file))


def test_each_photograph_is_looked_at_once_and_windows_are_told_when_they_are_over(
    album, on_spark, here, spark, tmp_path
):
    spool, out = tmp_path / "spool [1]", tmp_path / "out"
    spool.mkdir()
    words = (spool, "--stream", "--once", "--files-per-trigger", 2, "--output", out, "--late")
    words = (*words, "5 minutes")
    assert on_spark(*words)[1].endswith("Nothing has come yet.\n")
    arrive(album, spool, {"a.jpg": 1, "b/a.jpg": 4, "c d.jpg": 12})
    (spool / "cut.jpg").write_bytes((spool / "a.jpg").read_bytes()[:900])
    os.utime(spool / "cut.jpg", (START + 120,) * 2)
    code, told = on_spark(*words)
    assert code == 1 and "cut.jpg: not read" in told
    assert not (out / "windows.csv").exists()  # 9:12 is not five minutes after 9:10
    arrive(album, spool, {"e.jpg": 14, "f.jpg": 27})
    (spool / "empty.jpg").touch()  # which Spark's stream does not list
    code, told = on_spark(*words)
    assert code == 1 and "empty.jpg: not read" in told
    rows = Table(str(out / "faces.parquet")).read(spark).collect()
    assert sorted(row.path.removeprefix(f"{spool}/") for row in rows) == sorted(
        ["a.jpg", "b/a.jpg", "c d.jpg", "cut.jpg", "e.jpg", "f.jpg"]
    )
    here(spool, "--output", tmp_path / "alone")
    alone, ours = (table(tmp_path / name / "faces.csv") for name in ("alone", "out"))
    assert ours == alone
    (spool / "e.jpg").unlink()  # what was looked at may go
    on_spark(*words)
    assert table(out / "faces.csv") == alone
    windows = table(out / "windows.csv")
    assert [row["start"] for row in windows] == ["2026-03-01T09:00:00", "2026-03-01T09:10:00"]
    assert [row["files"] for row in windows] == ["3", "2"]
    assert [row["not_read"] for row in windows] == ["1", "0"]
    first = read_record(out / "windows" / "20260301T090000.json")
    assert first["rate"]["photos"]["new"] == 2 and first["rate"]["skipped"] == 1
    people = [row["passed_threshold"] for row in ours if row["photograph"].endswith("a.jpg")]
    assert int(windows[0]["people"]) == people.count("yes") == first["rate"]["people"]["found"] > 0


@pytest.fixture(scope="module")
def ended(on_spark, scenes, tmp_path_factory) -> tuple[Path, tuple[object, ...]]:
    """A stream that has ended, with all its sinks: its folder, and the words to go on with."""
    scratch = tmp_path_factory.mktemp("stream")
    for name in ("a.jpg", "b.jpg"):
        (scratch / "spool").mkdir(exist_ok=True)
        (scratch / "spool" / name).write_bytes(scenes[0])
    words = (scratch / "spool", "--stream", "--once", "--checkpoint", scratch / "here")
    words = (*words, "--output", scratch / "out")
    code, told = on_spark(*words, "--sink", "pictures", "--sink", "console")
    assert code == 0, told
    return scratch, words


def test_pictures_are_fed_from_the_rows(ended):
    drawn = sorted(path.name for path in (ended[0] / "out" / "pictures").rglob("*.jpg"))
    assert drawn == ["a.jpg.jpg", "b.jpg.jpg"]


def test_a_stream_goes_on_only_as_it_was(ended, on_spark):
    code, told = on_spark(*ended[1], "--window", "1 minute")
    assert code == 2 and "holds a stream whose span is 10 minutes, not 1 minute" in told
    code, told = on_spark(*ended[1], "--threshold", "0.9")
    assert code == 2 and "whose threshold is 0.2" in told


def test_a_checkpoint_that_is_gone_or_of_another_stream_is_refused(ended, on_spark, tmp_path):
    """Spark itself would take what comes for done, and leave it out."""
    scratch, words = ended
    here, out = scratch / "here", scratch / "out"
    code, told = on_spark(*words[:-1], tmp_path / "other")
    assert code == 2 and f"--checkpoint {here}: tells how far another stream came" in told
    assert not (tmp_path / "other" / "stream.json").exists()
    code, told = on_spark(scratch / "spool", "--stream", "--once", "--output", out)
    assert code == 2 and f"holds a stream whose checkpoint is {here}, not {out}/checkpoint" in told
    here.rename(tmp_path / "moved")
    code, told = on_spark(*words)
    (tmp_path / "moved").rename(here)
    assert code == 2 and f"{here}: is gone, which told what is done" in told


def test_a_stream_that_is_interrupted_has_written_its_answer(album, on_spark, here, tmp_path):
    folder, out = album("a.jpg", "b.jpg", "c.jpg"), tmp_path / "out"
    over = threading.Event()

    def interrupt() -> None:  # from when all rows are there: the stream runs until it is told
        while not over.wait(0.1):
            if len(rows_of(out / "faces.parquet")) == 3:
                os.kill(os.getpid(), signal.SIGTERM)
                return

    thread = threading.Thread(target=interrupt, daemon=True)
    thread.start()
    try:
        words = ("--files-per-trigger", 2, "--every-seconds", 1, "--output", out)
        code, told = on_spark(folder, "--stream", *words)
    finally:
        over.set()
        thread.join()
    assert code == 128 + signal.SIGTERM, told
    assert here(folder, "--output", tmp_path / "alone") == 0
    same_files(out, tmp_path / "alone", "faces.csv")


def test_a_checkpoint_that_cannot_be_written_is_told(album, on_spark, tmp_path):
    (tmp_path / "file").write_text("no folder")
    words = (album("a.jpg"), "--stream", "--once", "--output", tmp_path / "out", "--checkpoint")
    code, told = on_spark(*words, tmp_path / "file")
    assert code == 2 and f"{tmp_path / 'file'}" in told and "name another folder" in told


def test_a_folder_with_links_to_folders_is_no_stream(album, on_spark, tmp_path):
    spool = album("a.jpg", "b/c.jpg")
    (spool / "b" / "up").symlink_to(spool)
    code, told = on_spark(spool, "--stream", "--once", "--output", tmp_path / "out")
    assert code == 2 and "holds links to folders, which Spark's stream would follow" in told


def test_segments_of_a_video_are_watched_as_they_come(film, on_spark, here, tmp_path):
    spool, out = tmp_path / "spool", tmp_path / "out"
    spool.mkdir()
    short = ("--limit", 8, "--least-seconds", 0.1)
    words = (spool, "--videos", "--stream", "--once", "--output", out, *short)
    for number, name in enumerate(("1.mp4", "2.mp4")):
        shutil.copy(film, spool / "coming.tmp")
        os.utime(spool / "coming.tmp", (START + 1800 * number,) * 2)
        (spool / "coming.tmp").rename(spool / name)
        code, told = on_spark(*words)
        assert code == 0, told
    assert here(spool / "1.mp4", "--output", tmp_path / "alone", *short) == 0
    folders = [next(out.glob(name)) for name in ("1-*", "2-*")]
    for folder in folders:
        same_files(folder, tmp_path / "alone", "people.csv", "faces.csv", "timeline.csv")
    (window,) = table(out / "windows.csv")
    people = len(table(tmp_path / "alone" / "people.csv"))
    assert (window["files"], int(window["people"])) == ("1", people)
    assert read_record(out / "rate.json")["people"] == 2 * people
