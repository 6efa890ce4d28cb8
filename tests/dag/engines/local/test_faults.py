"""What the embedded engine does when something of its own fails, each fault by itself."""

import contextlib
import errno
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.faults.stage import processes
from tests.faults.toys import described
from tests.waiting import PATIENCE, until
from utils import files
from utils.dag.engines.console import Console
from utils.dag.engines.local import attempt, strays
from utils.dag.engines.local.attempt import Attempt
from utils.dag.engines.local.cache import Cache
from utils.dag.engines.local.engine import LocalEngine
from utils.dag.engines.local.run import LocalRun
from utils.dag.run_folder import LOCK
from utils.dag.run_record import RunRecord
from utils.errors import InputError

PROJECT = Path(__file__).resolve().parents[4]
NO_SPACE = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "file")

SLEEP = "import time; open('begun', 'w'); time.sleep(600)"


def make(name: str) -> str:
    return f"open({name!r}, 'w').write('made')"


def test_a_job_that_cannot_be_prepared_is_not_started(toy, tmp_path, monkeypatch):
    mark = tmp_path / "ran"
    toy.job("job", f"open({str(mark)!r}, 'w')").add_dagman_profile(retry=0)
    monkeypatch.setattr(attempt, "KEY", "no/such/folder/key")
    assert not LocalEngine(toy.write()).run()
    assert "could not be started" in RunRecord(toy.folder).failed()["job"]
    assert not processes(toy.folder)
    assert not mark.exists(), "a job ran that nobody waits for"


def test_an_engine_that_fails_leaves_no_job_running(toy, monkeypatch):
    toy.job("quick", make("quick.txt")).add_outputs("quick.txt")
    toy.job("slow", SLEEP).add_outputs("slow.txt")

    def full(self, key, outputs):
        raise NO_SPACE

    monkeypatch.setattr(Cache, "keep", full)
    with pytest.raises(OSError, match="No space left"):
        LocalEngine(toy.write(), cores=2).run()
    assert not processes(toy.folder)
    assert not (toy.folder / "scratch").exists()
    assert RunRecord(toy.folder).jobs["slow"]["state"] == "stopped"


def test_an_engine_that_fails_keeps_the_checkpoints_of_its_jobs(toy, tmp_path, monkeypatch):
    mark = f"pathlib.Path({str(tmp_path / 'saved')!r})"
    saved = f"pathlib.Path('c.ckpt').write_text('saved'); {mark}.touch()"
    again = "import time; text = open('c.ckpt').read(); open('out', 'w').write(text); "
    script = f"import pathlib\n{again}\nif not text:\n    {saved}\n    time.sleep(600)"
    toy.file("c.ckpt")
    toy.job("train", script).add_outputs("out").add_checkpoint("c.ckpt", stage_out=False)
    waits = f"import pathlib, time\nwhile not {mark}.exists():\n    time.sleep(0.01)\n"
    toy.job("quick", f"{waits}open('quick', 'w')").add_outputs("quick")
    keep = Cache.keep
    monkeypatch.setattr(Cache, "keep", lambda *unused: (_ for _ in ()).throw(NO_SPACE))
    with pytest.raises(OSError, match="No space left"):
        LocalEngine(toy.write(), cores=2).run()
    monkeypatch.setattr(Cache, "keep", keep)
    assert LocalEngine(toy.folder, cores=2).run()
    assert (toy.folder / "output" / "out").read_text() == "saved"


def test_a_full_disk_is_told_with_the_way_on(toy, monkeypatch):
    toy.job("quick", make("quick.txt")).add_outputs("quick.txt")
    described(toy.write())
    monkeypatch.setattr(Cache, "keep", lambda *unused: (_ for _ in ()).throw(NO_SPACE))
    with pytest.raises(InputError, match=r"file: No space left on device.*--resume"):
        LocalRun(toy.folder).execute(Console())


def test_a_job_without_space_waits_for_those_that_have_it(toy, monkeypatch):
    toy.job("first", "import time; time.sleep(0.5)").add_dagman_profile(retry=0)
    toy.job("second", "pass").add_dagman_profile(retry=0)
    start, refused = Attempt._start, []

    def crowded(self, cores):
        if self.job.id == "second" and not refused:
            refused.append(time.monotonic())
            raise NO_SPACE
        return start(self, cores)

    monkeypatch.setattr(Attempt, "_start", crowded)
    assert LocalEngine(toy.write(), cores=2).run()
    assert RunRecord(toy.folder).jobs["second"]["tries"] == 1


def test_a_record_that_cannot_be_written_meanwhile_is_written_at_the_end(
    toy, tmp_path, monkeypatch, caplog
):
    mark = tmp_path / "tried twice"
    waits = f"while not os.path.exists({str(mark)!r}):\n    time.sleep(0.01)"
    toy.job("job", f"import os, time\n{waits}")
    write, tried = RunRecord.write, []

    def failing(self):
        tried.append(self)
        if len(tried) < 3:
            mark.touch() if len(tried) == 2 else None
            raise NO_SPACE
        write(self)

    monkeypatch.setattr(RunRecord, "write", failing)
    assert LocalEngine(toy.write()).run()
    assert RunRecord(toy.folder).jobs["job"]["state"] == "done"
    assert caplog.text.count("No space left on device; trying again") == 1


def test_results_that_vanish_before_they_are_taken_in_are_made_again(toy, monkeypatch):
    toy.job("job", make("out.txt")).add_outputs("out.txt").add_dagman_profile(retry=1)
    keep, calls = Cache.keep, []

    def vanishing(self, key, outputs):
        calls.append(key)
        if len(calls) == 1:
            outputs["out.txt"].unlink()
        return keep(self, key, outputs)

    monkeypatch.setattr(Cache, "keep", vanishing)
    assert LocalEngine(toy.write()).run()
    assert "which then vanished" in (toy.folder / "logs" / "job.log").read_text()


def test_a_checkpoint_that_vanishes_while_it_is_taken_in_is_no_reason_to_stop(toy, monkeypatch):
    script = """
        import pathlib, sys
        saved = pathlib.Path("c.ckpt")
        if saved.read_text() != "saved":
            saved.write_text("saved")
            sys.exit(1)
        pathlib.Path("out").write_text("made")
    """
    toy.file("c.ckpt")
    job = toy.job("train", script).add_outputs("out").add_checkpoint("c.ckpt", stage_out=False)
    job.add_dagman_profile(retry=2)
    move, gone = files.move, []

    def vanishing(source, target):
        if source.name == "c.ckpt" and not gone:
            gone.append(source.unlink())
        move(source, target)

    monkeypatch.setattr(files, "move", vanishing)
    assert LocalEngine(toy.write()).run()
    assert RunRecord(toy.folder).jobs["train"]["tries"] == 3


def test_what_a_killed_engine_left_running_is_ended_before_the_run_goes_on(toy):
    toy.job("quick", make("quick.txt")).add_outputs("quick.txt")
    folder = described(toy.write())
    scratch = folder / "scratch" / "lost"
    lost = subprocess.Popen(["/bin/sleep", "600"], env={strays.MARK: str(scratch)})
    assert LocalEngine(folder).run()
    assert lost.wait(PATIENCE) == -signal.SIGKILL


def test_a_job_whose_engine_dies_while_forking_never_runs(toy, tmp_path):
    mark = tmp_path / "ran"
    toy.job("job", f"open({str(mark)!r}, 'w')")
    code = (
        "import os, signal, sys, time\n"
        "from pathlib import Path\n"
        "from utils.dag.engines.local import attempt\n"
        "from utils.dag.engines.local.engine import LocalEngine\n"
        "die = attempt._die_with\n"
        "def late(parent):\n"
        "    os.kill(parent, signal.SIGKILL)\n"
        "    while os.getppid() == parent:\n"
        "        time.sleep(0.01)\n"
        "    die(parent)\n"
        "attempt._die_with = late\n"
        "LocalEngine(Path(sys.argv[1])).run()\n"
    )
    engine = subprocess.run([sys.executable, "-c", code, str(toy.write())], cwd=PROJECT)
    assert engine.returncode == -signal.SIGKILL
    until(lambda: not processes(toy.folder))
    assert not mark.exists()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_jobs_save_when_the_engine_is_asked_to_go_or_its_terminal_is_closed(toy, number):
    save = "import signal, sys, time\nsignal.signal(15, lambda *a: sys.exit(85))\n"
    toy.job("job", f"{save}open('begun', 'w'); print('begun', flush=True); time.sleep(600)")
    folder = described(toy.write())
    with signalled(folder, number, signal.SIG_DFL) as engine:
        assert engine.wait(PATIENCE) == 130
        assert "what was done is kept" in engine.stdout.read()
    assert RunRecord(folder).jobs["job"] | {"exit_code": 85} == RunRecord(folder).jobs["job"]


def test_under_nohup_a_closed_terminal_changes_nothing(toy, tmp_path):
    mark = tmp_path / "sent"
    waits = f"while not os.path.exists({str(mark)!r}):\n    time.sleep(0.01)"
    toy.job("job", f"import os, time\nprint('begun', flush=True)\n{waits}")
    folder = described(toy.write())
    with signalled(folder, signal.SIGHUP, signal.SIG_IGN) as engine:
        mark.touch()
        assert engine.wait(PATIENCE) == 0
    assert RunRecord(folder).is_done("job")


@contextlib.contextmanager
def signalled(folder, number, disposition):
    """Start an engine that finds a signal treated so, and send it once the job has begun."""
    with subprocess.Popen(
        [sys.executable, str(PROJECT / "workflow.py"), "--resume", str(folder)],
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(number, disposition),
    ) as engine:
        log = folder / "logs" / "job.log"
        try:
            until(lambda: log.exists() and "begun" in log.read_text(), engine)
            engine.send_signal(number)
            yield engine
        finally:
            engine.kill()


def test_nobody_who_listens_is_no_reason_to_stop(toy):
    for number in range(3):
        toy.job(f"job{number}", make(f"{number}.txt")).add_outputs(f"{number}.txt")
    folder = described(toy.write())
    read, write = os.pipe()
    os.close(read)
    command = [sys.executable, str(PROJECT / "workflow.py"), "--resume", str(folder)]
    done = subprocess.run(command, stdout=write, stderr=subprocess.PIPE, text=True)
    os.close(write)
    assert "Traceback" not in done.stderr
    assert {job["state"] for job in RunRecord(folder).jobs.values()} == {"done"}


def test_a_killed_engines_jobs_are_not_said_to_run(toy):
    toy.job("job", "pass")
    folder = described(toy.write())
    record = RunRecord(folder)
    record.update("job", state="running")
    record.write()
    (folder / LOCK).write_text("1\n")
    run = LocalRun(folder)
    assert run.refresh() == "stopped"
    assert "running" not in run.status()
