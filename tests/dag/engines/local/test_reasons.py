"""Why a try failed is told with what it was, and with what can be done."""

import os
from pathlib import Path
from types import SimpleNamespace

import pytest

from utils.dag.abstract_workflow import AbstractJob
from utils.dag.engines.local import reasons

JOB = AbstractJob("train_7", "train_model", Path("/bin/true"), memory=4000, seconds=60.0)


@pytest.mark.parametrize("code", [-9, 137])
def test_a_kill_is_told_with_the_memory_that_was_used_and_set_aside(code):
    told = reasons.ended(JOB, code, 3100.4, memory_ran_out=False)
    assert "signal 9 (SIGKILL)" in told
    assert "3100 MiB of the 4000 MiB that are set aside for it in utils/dag/resources.py" in told
    assert "by hand, or by a memory limit" in told
    assert "raise that number" not in told, "it did not use what it was given"


def test_that_the_kernel_ran_out_of_memory_is_told_as_that():
    told = reasons.ended(JOB, -9, 5000, memory_ran_out=True)
    assert "the kernel killed a process for want of memory" in told
    assert "raise that number" in told


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (3, "ended with exit code 3"),
        (-15, "was ended by signal 15 (SIGTERM)"),
        (-40, "was ended by signal 40"),  # of real time: it has no name
    ],
)
def test_other_ends_are_told_plainly(code, words):
    assert reasons.ended(JOB, code, 1, memory_ran_out=True) == words


def test_overtime_is_told_with_the_table_that_sets_it():
    told = reasons.overtime(JOB, killed=True)
    assert "run-time limit of 60 s, by SIGKILL" in told
    assert "raise its minutes in utils/dag/resources.py" in told


@pytest.mark.parametrize(
    ("bytes_left", "files_left", "told"), [(0, 9, True), (2**30, 0, True), (2**30, 9, False)]
)
def test_a_full_disk_is_told_whether_of_bytes_or_of_files(
    monkeypatch, tmp_path, bytes_left, files_left, told
):
    disk = SimpleNamespace(f_bavail=bytes_left, f_frsize=1, f_favail=files_left, f_files=10)
    monkeypatch.setattr(os, "statvfs", lambda path: disk)
    assert ("is full: free some space" in reasons.full_disk(tmp_path)) == told
