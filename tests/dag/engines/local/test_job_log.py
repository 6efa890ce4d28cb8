"""A job's log keeps the beginning and the end of what each try writes."""

import os
import re

import pytest

from utils.dag.engines.local import job_log
from utils.dag.engines.local.job_log import JobLog


@pytest.fixture
def small(monkeypatch):
    for name, size in (("HEAD", 1000), ("TAIL", 500), ("_BLOCK", 4096)):
        monkeypatch.setattr(job_log, name, size)


def write(path, data: bytes, bound: int = 0) -> None:
    log = JobLog(path, "job")
    for _ in range(bound):
        os.write(log.handle, bytes(65536).replace(b"\0", b"-"))
        log.bound()
    os.write(log.handle, data)
    log.release()
    log.close()


def test_a_short_log_stays_as_it_is(small, tmp_path):
    write(tmp_path / "log", b"x" * 1500)
    first, rest = (tmp_path / "log").read_text().split("\n", 1)
    assert re.fullmatch(r"--- [-\d]{10} [\d:]{8} job ---", first)
    assert rest == "x" * 1500


def test_of_a_long_log_head_and_tail_stay_and_the_rest_is_counted(small, tmp_path):
    write(tmp_path / "log", b"a" * 1000 + b"b" * 7000 + b"c" * 500)
    text = (tmp_path / "log").read_text().split("\n", 1)[1]
    assert text == "a" * 1000 + "\n--- 7,000 bytes are left out here ---\n" + "c" * 500


def test_each_try_has_a_head_and_a_tail_of_its_own(small, tmp_path):
    for letter in (b"1", b"2"):
        write(tmp_path / "log", letter * 9000)
    text = (tmp_path / "log").read_text()
    assert [text.count(number) > 1400 for number in "12"] == [True, True]
    assert text.count("7,500 bytes are left out") == 2


@pytest.mark.skipif(os.uname().sysname != "Linux", reason="holes are made by Linux")
def test_meanwhile_the_blocks_of_the_middle_are_given_back(small, tmp_path):
    path = tmp_path / "log"
    log = JobLog(path, "job")
    os.write(log.handle, b"begin" + bytes(2**20).replace(b"\0", b"-"))
    whole = path.stat().st_blocks
    log.bound()
    assert path.stat().st_blocks < whole / 4
    os.write(log.handle, b"the end\n")
    log.release()
    log.close()
    text = path.read_text()
    assert "begin---" in text and text.endswith("the end\n") and "\0" not in text


def test_a_log_that_was_removed_meanwhile_is_no_error(small, tmp_path):
    log = JobLog(tmp_path / "log", "job")
    (tmp_path / "log").unlink()
    log.bound()
    log.release()
    log.close()
