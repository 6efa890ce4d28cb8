"""Inputs that once broke a reader, and those that fuzzing starts from, break it no more."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.fuzz import targets
from tests.fuzz.__main__ import SECONDS_EACH, main, starting_files
from utils.errors import InputError

PROJECT = Path(__file__).parents[2]
FOUND = sorted(path for path in targets.SEEDS.glob("*/*"))


@pytest.mark.parametrize("path", FOUND, ids=lambda path: f"{path.parent.name}-{path.name}")
def test_what_was_found_once(path):
    start = time.process_time()
    targets.TARGETS[path.parent.name].run(path.read_bytes())
    assert time.process_time() - start < SECONDS_EACH


@pytest.mark.parametrize("name", targets.TARGETS)
def test_what_fuzzing_starts_from(name):
    for data in starting_files(name):
        targets.TARGETS[name].run(data)


@pytest.mark.parametrize(
    ("name", "defect"), [("voc", ValueError("size")), ("archives", RecursionError())]
)
def test_another_error_is_a_finding(monkeypatch, name, defect):
    def broken(*_: object) -> None:
        raise defect

    monkeypatch.setattr(targets, {"voc": "read_voc", "archives": "Source"}[name], broken)
    with pytest.raises(type(defect)):
        targets.TARGETS[name].run(next(targets.TARGETS[name].start()))


def test_an_error_that_does_not_name_the_file_is_a_finding(monkeypatch):
    def vague(*_: object) -> None:
        raise InputError("something is wrong")

    monkeypatch.setattr(targets, "read_voc", vague)
    with pytest.raises(AssertionError):
        targets.voc(b"")


def test_fuzzing_prints_a_table():
    pytest.importorskip("atheris", reason="it is to be had for Linux on x86-64 alone")
    command = [sys.executable, "-m", "tests.fuzz", "--minutes", "0.02", "voc"]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, timeout=600)
    head, row = done.stdout.splitlines()[:2]
    assert head.split() == ["target", "runs", "runs/s", "coverage", "minutes", "findings"]
    name, runs, *_, findings = row.split()
    assert name == "voc" and int(runs) > 10 and done.returncode == int(findings != "0")


def test_an_unknown_target_is_named(capsys):
    with pytest.raises(SystemExit):
        main(["vox"])
    assert (
        "no target vox; there are voc, yolo, coco, cvat, recognise, archives"
        in capsys.readouterr().err
    )
