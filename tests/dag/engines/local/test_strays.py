"""Processes that jobs leave behind are found by a mark, wherever they went."""

import os
import shutil
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
    monkeypatch.setattr(strays, "_marked", lambda scratch: ([2**22 + 1], False))  # none: stays
    with pytest.raises(OSError, match="does not end after SIGKILL"):
        strays.end(tmp_path)


def proc(folder: Path, pid: int, environment: bytes, state: str = "R", flags: int = 0) -> None:
    """Write what Linux tells of a process; an environment that is not empty has an address."""
    (folder / str(pid)).mkdir(exist_ok=True)
    fields = [state, *["0"] * 5, str(flags), *["0"] * 41, str(len(environment)), "0"]
    (folder / str(pid) / "stat").write_text(f"{pid} (a) b) {' '.join(fields)}\n")
    (folder / str(pid) / "environ").write_bytes(environment)


def test_a_process_that_has_no_environment_yet_is_waited_for(tmp_path, monkeypatch):
    """While a program takes the place of another it has none: the mark is seen a moment later."""
    ended, marked = [], strays.MARK.encode() + b"=" + os.fsencode(tmp_path)
    proc(tmp_path, 7, b"")
    proc(tmp_path, 8, b"", "Z")
    proc(tmp_path, 9, b"", "I", 0x208040)

    def sleep(seconds: float) -> None:
        if not ended:
            proc(tmp_path, 7, marked)

    def kill(pid: int, number: int) -> None:
        ended.append((pid, number))
        shutil.rmtree(tmp_path / str(pid))

    monkeypatch.setattr(strays, "_PROC", tmp_path)
    monkeypatch.setattr(strays.time, "sleep", sleep)
    monkeypatch.setattr(strays.os, "kill", kill)
    assert strays.end(tmp_path) == 1
    assert ended == [(7, 9)]


def test_a_process_that_gets_its_environment_between_two_looks_is_seen(tmp_path, monkeypatch):
    marked, begins = strays.MARK.encode() + b"=" + os.fsencode(tmp_path), strays._begins
    proc(tmp_path, 7, b"")

    def late(pid: str) -> bool:
        proc(tmp_path, 7, marked)
        return begins(pid)

    monkeypatch.setattr(strays, "_PROC", tmp_path)
    monkeypatch.setattr(strays, "_begins", late)
    assert strays._marked(os.fsencode(tmp_path)) == ([7], False)
