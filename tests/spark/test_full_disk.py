"""What ends in the middle, of a full disk or without its folder, goes on or says what is lost."""

import errno
import os
import shutil
import signal
import time
from pathlib import Path

import pytest

from tests.spark.conftest import on_a_session, same_files
from utils.errors import InputError
from utils.records import read_record
from utils.spark import batch, full_disk, windows
from utils.spark.full_disk import full_disk_told, local_folder
from utils.spark.places import Place
from utils.spark.queries import Queries, clear_crumbs
from utils.spark.table import Table
from utils.spark.words import DiskFull

ANSWER = ("faces.csv", "faces.json", "rate.json")
FULL = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_which_disk_is_full_is_told_with_how_to_go_on(tmp_path, monkeypatch):
    sizes = {"out": (10**9, 5 * 10**8), "check": (10**7, 4096), "tmp": (10**9, 10**9)}

    def usage(folder):
        total, free = sizes[folder.name]
        return shutil._ntuple_diskusage(total, total - free, free)

    monkeypatch.setattr(full_disk.shutil, "disk_usage", usage)
    folders = {
        "--output": tmp_path / "out",
        "--checkpoint": tmp_path / "check",
        "x": tmp_path / "tmp",
    }
    for folder in sizes:
        (tmp_path / folder).mkdir()
    for error in (FULL, OSError(errno.EDQUOT, "quota"), DiskFull("of a worker")):
        with pytest.raises(InputError) as told, full_disk_told(folders, " with --output out"):
            raise error
        assert str(told.value) == (
            f"--checkpoint {tmp_path / 'check'}: its disk is full (0.0 of 10.0 MB are free); make "
            "room and give the same command again with --output out: it goes on where it stopped"
        )
    sizes["check"] = (10**9, 10**9)  # a worker's disk, or somebody's share of one of these
    with pytest.raises(InputError, match="or somebody's share of it"), full_disk_told(folders):
        raise FULL
    with pytest.raises(PermissionError), full_disk_told(folders):
        raise PermissionError(errno.EACCES, "another error is told as it is")


def test_where_spark_works_is_found_as_spark_does():
    assert local_folder({"spark.local.dir": "/a,/b"}, {"SPARK_LOCAL_DIRS": "/c"}) == "/a"
    assert local_folder({}, {"SPARK_LOCAL_DIRS": "/c,/d"}) == "/c"


def test_nobody_else_writes_into_a_folder_that_is_gone_on_in(tmp_path):
    out = tmp_path / "out"
    with Place(out, mark="batch.json") as place:
        (out / "batch.json").write_text("{}")
        with pytest.raises(InputError, match="another run writes into it"):
            Place(out, mark="batch.json")
        place.check()
        shutil.rmtree(out)
        with pytest.raises(InputError, match="was removed while it was written to"):
            place.check()
        out.mkdir()  # as Spark makes it again
        with pytest.raises(InputError, match="was removed while it was written to"):
            place.check()
    (out / "batch.json").write_text("{}")
    with pytest.raises(InputError, match="there are files in it"):
        Place(out, mark="stream.json")
    Place(out, mark="batch.json")


class Failing:
    """In place of `Table.add`: what is done to a part instead of writing it."""

    def __init__(self, monkeypatch, part: int, instead) -> None:
        self.written, self._part, self._instead = [], part, instead
        self._add = Table.add
        monkeypatch.setattr(Table, "add", lambda table, rows, part=0: self(table, rows, part))

    def __call__(self, table: Table, rows, part: int) -> None:
        if part == self._part:
            self._part = None
            self._instead(table)
        self._add(table, rows, part)
        self.written.append(part)


@on_a_session
def test_a_batch_goes_on_after_a_full_disk_and_gives_the_same_answer(
    album, on_spark, here, spark, monkeypatch, tmp_path
):
    folder, out = album(*(f"{number}.jpg" for number in range(7))), tmp_path / "out"
    (folder / "cut.jpg").write_bytes((folder / "1.jpg").read_bytes()[:900])
    (folder / "_left out by Spark.jpg").write_bytes((folder / "2.jpg").read_bytes())
    monkeypatch.setattr(batch, "A_PART", 3)

    def full(table: Table) -> None:
        """Leave the files of a part that was cut off, which nobody may count."""
        first, second = (Path(f"{table.address}/part={number}") for number in (0, 1))
        shutil.copytree(first, second)
        (second / "_SUCCESS").unlink()
        raise FULL

    failing = Failing(monkeypatch, 1, full)
    code, told = on_spark(folder, "--output", out)
    assert code == 2 and f"--output {out}" in told and "full" in told
    assert "make room and give the same command again: it goes on" in told
    code, told = on_spark(folder, "--output", out, "--threshold", "0.9")
    assert code == 2 and "holds an unfinished batch whose threshold is 0.2, not 0.9" in told
    with monkeypatch.context() as patch:  # all rows are there, and the answer does not fit
        patch.setattr("utils.apply.results.write_faces", lambda *_: full_answer())
        code, told = on_spark(folder, "--output", out)
        assert code == 2 and "it goes on where it stopped" in told
    code, told = on_spark(folder, "--output", out)
    assert code == 1 and "Goes on: rows of 9 files are there" in told
    assert failing.written == [0, 1, 2, 3]  # each part once; the last is of the file left out
    assert here(folder, "--output", tmp_path / "alone") == 1
    same_files(out, tmp_path / "alone", *ANSWER)
    paths = [row.path for row in Table(str(out / "faces.parquet")).read(spark).collect()]
    assert sorted(paths) == sorted(map(str, folder.iterdir()))
    assert on_spark(folder, "--output", out)[0] == 2  # it is done: nothing is overwritten


def full_answer() -> None:
    raise FULL


@on_a_session
def test_a_folder_that_is_removed_in_mid_batch_is_told(album, on_spark, monkeypatch, tmp_path):
    folder, out = album("a.jpg", "b.jpg"), tmp_path / "out"
    monkeypatch.setattr(batch, "A_PART", 1)
    failing = Failing(monkeypatch, 1, lambda _: shutil.rmtree(out))
    code, told = on_spark(folder, "--output", out)
    assert code == 2 and f"--output {out}: was removed while it was written to" in told
    assert failing.written == [0, 1] and not (out / "faces.csv").exists()


@on_a_session
def test_a_batch_that_is_interrupted_says_how_it_goes_on(album, on_spark, monkeypatch, tmp_path):
    folder, out = album("a.jpg", "b.jpg"), tmp_path / "out"
    monkeypatch.setattr(batch, "A_PART", 1)

    def interrupt(_: Table) -> None:
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(60)  # until it comes

    failing = Failing(monkeypatch, 1, interrupt)
    code, told = on_spark(folder, "--output", out)
    assert code == 128 + signal.SIGTERM
    assert "Interrupted: the same command goes on where it stopped." in told
    code, told = on_spark(folder, "--output", out)
    assert code == 0, told
    assert failing.written == [0, 1]


@on_a_session
def test_a_stream_goes_on_after_a_full_disk(album, on_spark, here, monkeypatch, tmp_path):
    """Of what it writes windows last: by then rows and checkpoint of the batch are there."""
    folder, out = album("a.jpg", "b.jpg"), tmp_path / "out"
    os.utime(folder / "a.jpg", (10**9,) * 2)  # in a window that is over
    words = (folder, "--stream", "--once", "--output", out)
    with monkeypatch.context() as patch:
        patch.setattr(windows.Windows, "write", lambda *_: full_answer())
        code, told = on_spark(*words)
    assert code == 2 and f"--output {out}" in told and "it goes on where it stopped" in told
    code, told = on_spark(*words)
    assert code == 0, told
    assert (out / "windows.csv").read_text().count("\n") == 2
    assert here(folder, "--output", tmp_path / "alone") == 0
    same_files(out, tmp_path / "alone", "faces.csv")


@on_a_session
def test_a_file_that_is_gone_before_a_stream_comes_to_it_is_told(
    album, on_spark, monkeypatch, tmp_path
):
    folder, out = album("a b%20.jpg", "c.jpg", "d.jpg"), tmp_path / "out"
    words = (folder, "--stream", "--once", "--output", out)

    def worker(work, batches):
        raise OSError(28, "No space left on device")
        yield

    with monkeypatch.context() as patch:  # the batch is noted, and not done
        patch.setattr("utils.spark.stream.look_at", worker)
        code, told = on_spark(*words)
    assert code == 2 and "it goes on where it stopped" in told
    (folder / "a b%20.jpg").unlink()
    (folder / "c.jpg").write_bytes((folder / "d.jpg").read_bytes()[:900])
    code, told = on_spark(*words)
    assert code == 1 and "a b%20.jpg: not read: Spark's stream left it out" in told
    assert "c.jpg: not read: " in told and "Not read: 2 photographs" in told
    assert read_record(out / "rate.json")["skipped"] == 2


@on_a_session
def test_rows_that_are_removed_while_a_stream_runs_are_told(spark, tmp_path):
    table = Table(str(tmp_path / "out" / "faces.parquet"))
    with Place(tmp_path / "out") as place:
        place.open(spark)
        log, checkpoint = tmp_path / "out" / "faces.parquet" / "_spark_metadata", tmp_path / "check"
        queries = Queries(spark, table, place, str(checkpoint), print)
        queries.check()  # nothing has come yet
        for folder in (log, checkpoint / "rows" / "offsets"):
            folder.mkdir(parents=True)
            (folder / "0").touch()
        queries.check()
        shutil.rmtree(log.parent)
        with pytest.raises(InputError, match=f"{log}: was removed while the stream ran"):
            queries.check()


def test_only_what_could_not_be_written_whole_is_removed_from_a_checkpoint(tmp_path):
    uuid = "82502729-1a20-41f2-9a72-3ef5efa47906"
    kept = ("metadata", "commits/0", "commits/.0.crc", "state/0/0/1.delta", "sources/0/.mine.tmp")
    left = (
        f"offsets/.0.{uuid}.tmp",
        f"commits/..1.{uuid}.tmp.crc",
        f"state/0/0/.2.delta.{uuid}.TID14.tmp",
    )
    for name in (*kept, *left, "offsets/.0.crc"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    clear_crumbs(tmp_path)  # no batch is noted: Spark wants its folder empty
    files = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()}
    assert files == set(kept)
    for name in ("offsets/0", "offsets/.0.crc"):
        (tmp_path / name).touch()
    clear_crumbs(tmp_path)
    assert (tmp_path / "offsets" / ".0.crc").exists()
