import errno
import hashlib
import json
import threading

import pytest

from utils.errors import InputError
from utils.records import atomic_file, digest_of, read_record, write_atomically, write_record


def test_a_record_comes_back_with_its_schema(tmp_path):
    write_record(tmp_path / "r.json", {"value": 1.5, "name": "Zoë"})
    assert read_record(tmp_path / "r.json") == {"schema": 1, "value": 1.5, "name": "Zoë"}


@pytest.mark.parametrize("content", ["", "{", "[]", "1", '{"value": 1}', '{"schema": 2}'])
def test_what_is_no_record_of_this_schema_is_refused_by_name(tmp_path, content):
    (tmp_path / "r.json").write_text(content)
    with pytest.raises(InputError, match=r"r\.json"):
        read_record(tmp_path / "r.json")


def test_a_missing_record_is_refused_by_name(tmp_path):
    with pytest.raises(InputError, match=r"none\.json: no such file"):
        read_record(tmp_path / "none.json")


def test_nan_is_refused_and_the_old_record_stays(tmp_path):
    write_record(tmp_path / "r.json", {"value": 1})
    with pytest.raises(ValueError):
        write_record(tmp_path / "r.json", {"value": float("nan")})
    assert json.loads((tmp_path / "r.json").read_text())["value"] == 1


def test_writing_leaves_no_temporary_file(tmp_path):
    write_atomically(tmp_path / "x", b"one")
    write_atomically(tmp_path / "x", b"two")
    assert [p.name for p in tmp_path.iterdir()] == ["x"]
    assert (tmp_path / "x").read_bytes() == b"two"


def test_a_failure_leaves_the_old_file_and_no_temporary_one(tmp_path):
    write_atomically(tmp_path / "x", b"old")
    with pytest.raises(RuntimeError), atomic_file(tmp_path / "x") as file:
        file.write(b"half")
        raise RuntimeError
    assert [p.name for p in tmp_path.iterdir()] == ["x"]
    assert (tmp_path / "x").read_bytes() == b"old"


def test_a_full_disk_is_told_by_the_file_that_did_not_fit(tmp_path):
    with pytest.raises(OSError, match="No space") as caught, atomic_file(tmp_path / "x") as file:
        file.write(b"half")
        raise OSError(errno.ENOSPC, "No space left on device")
    assert caught.value.filename == str(tmp_path / "x")


def test_what_a_kill_left_behind_is_used_up(tmp_path):
    (tmp_path / "x.tmp").write_bytes(b"left behind, and longer")
    write_atomically(tmp_path / "x", b"new")
    assert [p.name for p in tmp_path.iterdir()] == ["x"]
    assert (tmp_path / "x").read_bytes() == b"new"


def test_of_many_writers_each_writes_all_and_the_last_one_stays(tmp_path):
    texts = [bytes([letter]) * 50_000 for letter in b"abcdefgh"]
    writers = [
        threading.Thread(target=lambda text=text: [write(text) for _ in range(25)])
        for text in texts
    ]
    failed = []

    def write(text: bytes) -> None:
        try:
            write_atomically(tmp_path / "x", text)
        except OSError as error:
            failed.append(error)

    for writer in writers:
        writer.start()
    while any(writer.is_alive() for writer in writers):
        if (tmp_path / "x").exists():
            assert (tmp_path / "x").read_bytes() in texts
    assert not failed
    assert [p.name for p in tmp_path.iterdir()] == ["x"]


def test_the_digest_is_sha256(tmp_path):
    (tmp_path / "a").write_bytes(b"abc")
    assert digest_of(tmp_path / "a") == hashlib.sha256(b"abc").hexdigest()
