import argparse
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from utils.job import Help

PROJECT = Path(__file__).resolve().parents[1]

EXECUTABLE = """
import argparse, os, signal, sys, time
from utils.errors import Checkpointed, InputError
from utils.job import InputPath, OutputPath, run, stop_flag

parser = argparse.ArgumentParser()
parser.add_argument("--read", type=InputPath, nargs="*", default=[])
parser.add_argument("--write", type=OutputPath, nargs="+", default=[])

def main(args):
    {body}

run(parser, main)
"""


def execute(tmp_path: Path, body: str, *arguments: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-c", EXECUTABLE.format(body=body), *arguments],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(PROJECT)},
        capture_output=True,
        text=True,
        timeout=300,
        # Where the tests run in the background, SIGINT is ignored, and so it would be here.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )


@pytest.mark.parametrize(
    ("body", "code", "words"),
    [
        ("args.write[0].write_text('made')", 0, ""),
        ("raise InputError('a.xml: field xmin: mend it')", 2, "a.xml: field xmin: mend it"),
        ("1 / 0", 1, "ZeroDivisionError"),
        ("raise Checkpointed('saved')", 85, "saved"),
        ("raise MemoryError", 1, "MemoryError"),
        ("sys.exit(7)", 7, ""),
        ("os.kill(os.getpid(), signal.SIGTERM); time.sleep(600)", 143, "terminated by signal 15"),
        ("os.kill(os.getpid(), signal.SIGINT); time.sleep(600)", 130, ""),
    ],
)
def test_every_end_has_its_exit_code_and_leaves_no_output_missing(tmp_path, body, code, words):
    done = execute(tmp_path, body, "--write", "a.txt", "b.txt")
    assert done.returncode == code, done.stderr
    assert words in done.stderr
    assert (tmp_path / "a.txt").exists()
    assert (tmp_path / "b.txt").exists() == (code != 0)


def test_outputs_made_before_a_failure_are_not_touched(tmp_path):
    execute(tmp_path, "args.write[0].write_text('made'); 1 / 0", "--write", "a.txt")
    assert (tmp_path / "a.txt").read_text() == "made"


def test_a_missing_input_is_named_before_any_work(tmp_path):
    done = execute(tmp_path, "print('worked')", "--read", "none.tar", "--write", "a.txt")
    assert done.returncode == 2
    assert "none.tar: no such file" in done.stderr
    assert done.stdout == ""


def test_a_checkpointing_job_sees_sigterm_as_a_flag(tmp_path):
    body = """stopped = stop_flag()
    assert not stopped()
    os.kill(os.getpid(), signal.SIGTERM)
    assert stopped()
    raise Checkpointed("epoch 1 saved")"""
    assert execute(tmp_path, body).returncode == 85


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (
            "raise OSError(28, 'No space left on device', 'model.pth')",
            "model.pth: the disk is full",
        ),
        ("raise MemoryError", "memory ran out"),
    ],
)
def test_what_ran_out_is_said(tmp_path, body, words):
    done = execute(tmp_path, body)
    assert done.returncode == 1
    assert words in done.stderr.splitlines()[-1]


def test_an_output_that_cannot_be_made_does_not_change_the_exit_code(tmp_path):
    done = execute(tmp_path, "raise InputError('x')", "--write", "no/such/folder/a.txt", "b.txt")
    assert done.returncode == 2
    assert "no/such/folder/a.txt cannot be made" in done.stderr
    assert (tmp_path / "b.txt").exists()


def test_bad_input_shows_no_traceback(tmp_path):
    assert "Traceback" not in execute(tmp_path, "raise InputError('x')").stderr


assert signal.SIGTERM == 15  # the codes above are written out


@pytest.mark.parametrize(
    ("default", "said"),
    [
        (0, " (default: 0)"),
        (0.0, " (default: 0.0)"),
        (True, " (default: True)"),
        ("a", " (default: a)"),
    ]
    + [(nothing, "") for nothing in (None, False, [], "")],
)
def test_help_names_a_default_where_there_is_one(default, said):
    made = argparse.ArgumentParser(formatter_class=Help)
    made.add_argument("--one", default=default, help="what it is")
    assert made.format_help().endswith(f"what it is{said}\n")
