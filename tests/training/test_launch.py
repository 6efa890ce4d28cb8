import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from tests.waiting import PATIENCE, until
from utils.errors import InputError
from utils.training import launch as launch_module
from utils.training.launch import launch

HEAD = """
import os, pathlib, signal, sys, time
rank, folder = int(os.environ["RANK"]), pathlib.Path(sys.argv[1])
"""


def children(folder, script):
    return [sys.executable, "-c", HEAD + script, folder]


def never():
    return False


def test_processes_know_their_number_and_share_the_threads(tmp_path, monkeypatch):
    monkeypatch.setattr(torch, "get_num_threads", lambda: 7)
    script = """
words = [os.environ[name] for name in ("RANK", "WORLD_SIZE", "OMP_NUM_THREADS")]
(folder / str(rank)).write_text(" ".join(words))
"""
    assert launch(3, never, children(tmp_path, script)) == 0
    assert [(tmp_path / str(rank)).read_text() for rank in range(3)] == ["0 3 2", "1 3 2", "2 3 2"]


@pytest.mark.parametrize(("end", "code"), [("sys.exit(2)", 2), ("os.kill(os.getpid(), 9)", 137)])
def test_failing_process_ends_those_that_wait_for_it(tmp_path, monkeypatch, end, code):
    monkeypatch.setattr(launch_module, "GRACE", 0.2)
    script = f"time.sleep(3000) if rank != 1 else {end}"  # longer than a test may take
    assert launch(3, never, children(tmp_path, script)) == code


class Ended:
    """In place of a process that has ended."""

    def __init__(self, code):
        self.poll = lambda: code


@pytest.mark.parametrize(
    ("codes", "first"), [((1, -11), 1), ((-6, -9), 1), ((-9, 1), 0), ((1, 1), 0)]
)
def test_of_those_that_are_seen_to_have_ended_at_once_the_killed_one_is_the_cause(codes, first):
    ended = launch_module._watch([Ended(code) for code in codes], never)
    assert ended.failed == (first, codes[first])


def test_first_process_decides_if_it_got_to_its_end(tmp_path, monkeypatch):
    monkeypatch.setattr(launch_module, "GRACE", PATIENCE)
    assert launch(2, never, children(tmp_path, "sys.exit(1 if rank else 0)")) == 0


def test_request_to_stop_reaches_all_and_waits_until_the_first_has_saved(tmp_path):
    script = """
signal.signal(signal.SIGTERM, lambda *_: (time.sleep(0.5 * (rank == 0)), sys.exit(85)))
(folder / str(rank)).touch()
time.sleep(300)
"""
    both = [tmp_path / "0", tmp_path / "1"]
    assert launch(2, lambda: all(p.exists() for p in both), children(tmp_path, script)) == 85


def test_processes_end_when_their_launcher_is_killed(tmp_path):
    root = Path(__file__).parents[2]
    child = HEAD + (
        "from utils.training.distributed import _end_with_the_launcher\n"
        "_end_with_the_launcher()\n"
        "(folder / str(rank)).write_text(str(os.getpid()))\n"
        "time.sleep(300)\n"
    )
    script = (
        "import sys\nfrom utils.training.launch import launch\n"
        "launch(2, lambda: False, [sys.executable, '-c', *sys.argv[1:]])\n"
    )
    launcher = subprocess.Popen([sys.executable, "-c", script, child, tmp_path], cwd=root)
    files = [tmp_path / "0", tmp_path / "1"]
    until(lambda: all(file.exists() and file.read_text() for file in files), launcher)
    launcher.send_signal(signal.SIGKILL)
    launcher.wait()
    until(lambda: not any(Path(f"/proc/{file.read_text()}").exists() for file in files))


def test_more_processes_than_gpus_are_refused(monkeypatch):
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    with pytest.raises(InputError, match=r"--processes 3: 2 GPU\(s\) are visible.*take 2"):
        launch(3, never, ["false"])


AGAIN = """
start = len(list(folder.glob(f"{rank}_*")))
(folder / f"new_{rank}_{start}").write_text(os.environ["MASK_DETECTION_REPLACED"])
(folder / f"new_{rank}_{start}").rename(folder / f"{rank}_{start}")  # whole, once it is there
first = start == 0
"""


@pytest.mark.parametrize(
    ("end", "why"),
    [
        ("os.kill(os.getpid(), 9)", "was killed by signal 9"),
        ("raise MemoryError", "ended with exit code 1"),
    ],
)
def test_worker_that_dies_is_replaced_told_and_named_to_those_that_go_on(
    tmp_path, monkeypatch, caplog, end, why
):
    monkeypatch.setattr(launch_module, "GRACE", 0.2)
    script = f"""{AGAIN}
while first and rank == 1 and not (folder / "0_0").exists():
    time.sleep(0.01)
if first and rank == 1:
    {end}
time.sleep(3000 if first else 0)
"""
    assert launch(2, never, children(tmp_path, script), replacements=1) == 0
    assert f"worker 2 of 2 {why}; it is replaced" in caplog.text
    for rank in range(2):
        before, after = (json.loads((tmp_path / f"{rank}_{n}").read_text()) for n in range(2))
        assert list(before.values()) == [[]]
        assert after == {start: [{"worker": 2, "why": why}] for start in before}


def test_replacements_are_bounded(tmp_path, caplog):
    script = f"{AGAIN}\nsys.exit(7)"
    assert launch(1, never, children(tmp_path, script), replacements=2) == 7
    assert len(list(tmp_path.iterdir())) == 3
    assert "2 were replaced before, and no more are" in caplog.text


def test_bad_input_in_any_worker_is_the_end_whoever_fails_first(tmp_path, monkeypatch):
    monkeypatch.setattr(launch_module, "GRACE", PATIENCE)
    script = f"{AGAIN}\ntime.sleep(rank)\nsys.exit(1 + rank)"
    assert launch(2, never, children(tmp_path, script), replacements=2) == 2
    assert len(list(tmp_path.iterdir())) == 2


def test_nobody_is_replaced_once_it_is_to_stop(tmp_path):
    script = f"""
signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
{AGAIN}
time.sleep(300)
"""
    both = [tmp_path / "0_0", tmp_path / "1_0"]
    stop = lambda: all(p.exists() for p in both)  # noqa: E731
    assert launch(2, stop, children(tmp_path, script), replacements=2) == 1
    assert len(list(tmp_path.iterdir())) == 2
