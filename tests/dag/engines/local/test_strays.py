"""Processes that jobs leave behind are found by a mark, wherever they went."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.waiting import PATIENCE
from utils.dag.engines.local import strays

pytestmark = pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="needs /proc")

DAEMON = "import os, time; os.fork() and os._exit(0); os.setsid(); os.chdir('/'); time.sleep(600)"


def start(*command: str, scratch: Path) -> subprocess.Popen:
    return subprocess.Popen(command, env=os.environ | {strays.MARK: str(scratch)})


def test_whatever_a_job_started_is_ended_also_a_daemon(tmp_path):
    scratch = tmp_path / "scratch" / "job"
    start(sys.executable, "-c", DAEMON, scratch=scratch).wait()
    child = start("sleep", "600", scratch=scratch)
    assert strays.end(tmp_path / "scratch") == 2
    assert child.wait(PATIENCE) == -9
    assert strays.end(tmp_path / "scratch") == 0


def test_other_jobs_are_left_alone(tmp_path):
    other = start("sleep", "600", scratch=tmp_path / "job10")
    mentions = {"PATH": os.defpath, "X": f"{tmp_path}/job1"}
    inside = subprocess.Popen(["/bin/sleep", "600"], env=mentions)
    try:
        assert strays.end(tmp_path / "job1") == 0
        assert other.poll() is None and inside.poll() is None
    finally:
        for process in (other, inside):
            process.kill()
            process.wait()


def test_a_process_that_does_not_go_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr(strays, "PATIENCE", 0.1)
    monkeypatch.setattr(strays, "_marked", lambda scratch: [2**22 + 1])  # no process: does not die
    with pytest.raises(OSError, match="does not end after SIGKILL"):
        strays.end(tmp_path)
