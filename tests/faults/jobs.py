"""Jobs that misbehave, engines that meet, clocks that jump."""

import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from unittest import mock

from tests.dag.toy import Toy, time_from_its_first_word
from tests.faults.kills import system_points
from tests.faults.memory_limit import memory_limit
from tests.faults.stage import PROJECT, Stage, processes
from tests.faults.table import Row
from tests.faults.toys import described, disturbed
from tests.waiting import until
from utils.dag.engines.local import attempt, job_log
from utils.dag.engines.local.engine import LocalEngine
from utils.dag.run_folder import holder
from utils.dag.run_record import RunRecord

SEED = 7


def rows(quick: bool) -> Iterator[Row]:
    """Run workflows of one bad job each, and one of many."""
    with tempfile.TemporaryDirectory() as scratch:
        place = Path(scratch)
        yield clock(place / "clock", 1 if quick else 10)
        yield from memory(place / "memory")
        yield two_engines(place / "two", 1 if quick else 20)
        yield dead_lock(place / "dead", 2 if quick else 10)
        yield deaf(place / "deaf", 1 if quick else 5)
        yield babbling(place / "babbling", 48 if quick else 4000)
        yield closing(place / "closing")
        yield parents(place / "parents", 2 if quick else 10)
        yield unlucky(place / "unlucky", 60 if quick else 1000)


def run(toy: Toy, **limits: int) -> tuple[bool, dict[str, dict]]:
    """Write a toy and run it; tell whether it went well, and what is on record of its jobs."""
    folder = toy.folder
    if not (folder / "workflow.yml").exists():
        described(toy.write())
    well = LocalEngine(folder, **limits).run()
    assert not processes(folder)
    return well, RunRecord(folder).jobs


CLOCKED = """
import sys, time
import workflow
begin, real = time.monotonic(), time.time
jumping = lambda: real() - (86400 * 365 if time.monotonic() - begin > 0.8 else 0)
local, words = time.localtime, time.strftime
time.time = jumping
time.localtime = lambda seconds=None: local(jumping() if seconds is None else seconds)
time.strftime = lambda form, when=None: words(form, time.localtime() if when is None else when)
sys.exit(workflow.main(sys.argv[1:]))
"""
"""The engine, with a clock that goes back by a year when it has run for 0.8 s."""


def clock(place: Path, times: int) -> Row:
    """Let the engine's clock jump back; durations and run-time limits must not notice."""
    for turn in range(times):
        toy = Toy(place / str(turn) / "run")
        sleep = "import time; time.sleep(1.2); open('x', 'w')"
        toy.job("sleep", sleep).add_outputs("x").add_dagman_profile(retry=0)
        forever = toy.job("forever", "import time; time.sleep(600)").add_dagman_profile(retry=0)
        forever.add_pegasus_profile(runtime=2)
        described(toy.write())
        command = [sys.executable, "-c", CLOCKED, "--resume", str(toy.folder), "--cores", "2"]
        start = time.time()
        done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, timeout=300)
        assert done.returncode == 1, done.stdout + done.stderr
        jobs = RunRecord(toy.folder).jobs
        assert 1.2 <= jobs["sleep"]["seconds"] < 300
        assert 2 <= jobs["forever"]["seconds"] < 300
        assert "run-time limit of 2 s" in jobs["forever"]["reason"]
        changed = {job["changed"][:10] for job in jobs.values()}
        then = {_year_before(start), _year_before(time.time())}  # midnight may lie between
        assert changed <= then, "the clock was not set back"
    return Row(
        "the clock jumps back by a year", times, "durations and limits unaffected", "nothing"
    )


def _year_before(when: float) -> str:
    return time.strftime("%Y-%m-%d", time.localtime(when - 86400 * 365))


def memory(place: Path) -> Iterator[Row]:
    """Let memory limits end a job."""
    eat = "data = []\nwhile True: data.append(bytearray(10_000_000))"
    with memory_limit(64) as limit:
        toy = Toy(place / limit.kind)
        job = toy.job("eat", limit.enter + eat).add_dagman_profile(retry=1)
        job.add_pegasus_profile(memory="32 MB")
        well, jobs = run(toy)
        assert not well
        for words in limit.told:
            assert words in jobs["eat"]["reason"], jobs["eat"]["reason"]
        seen = "told as that, with the job's use and what the table sets aside for it"
        yield Row(f"a memory limit ends a job ({limit.kind})", 2, seen, "the job")
    toy = Toy(place / "137")
    toy.job("sh", "raise SystemExit(137)").add_dagman_profile(retry=0)
    well, jobs = run(toy)
    assert "exit code 137, which tells of signal 9 (SIGKILL)" in jobs["sh"]["reason"]
    yield Row(
        "a job ends with exit code 137", 1, "told as a kill, with the use of memory", "the job"
    )


def two_engines(place: Path, times: int) -> Row:
    """Start two engines on one run folder at the same time."""
    stage = Stage(place, disturbed)
    stage.undisturbed()
    points = system_points(stage)
    for _ in range(times):
        # It is still at it when the other comes, however late.
        engines = [stage.start(hook=("stop", points // 2)) for _ in range(2)]
        until(lambda both=engines: any(engine.poll() is not None for engine in both))
        first, other = sorted(engines, key=lambda engine: engine.poll() is not None)
        assert holder(stage.folder) == first.pid, stage.told()
        os.waitid(os.P_PID, first.pid, os.WSTOPPED)
        first.send_signal(signal.SIGCONT)
        assert (first.wait(), other.returncode) == (0, 2), stage.told()
        assert re.search(r"in use by another run \(process \d+\)", stage.told()), stage.told()
        starts = stage.starts()
        assert set(starts.values()) == {1}, f"run twice: {starts}"
        stage.finish()
        stage.renew()
    seen = "one runs, the other is refused and names it"
    return Row("two engines on one run folder", times, seen, "nothing")


def dead_lock(place: Path, times: int) -> Row:
    """Leave the lock of a dead engine, also with the number of a process that lives."""
    stage = Stage(place, disturbed)
    stage.undisturbed()
    for turn in range(times):
        owner = os.getpid() if turn % 2 else 2**22 + 1
        (stage.folder / ".lock").write_text(f"{owner}\n")
        stage.finish()
        stage.renew()
    return Row("the lock file of a dead engine", times, "does not block", "nothing")


def deaf(place: Path, times: int) -> Row:
    """Let a job that ignores SIGTERM run into its run-time limit."""
    script = "import signal, time; signal.signal(15, signal.SIG_IGN)\n"
    script += "print('deaf', flush=True); time.sleep(600)"
    with mock.patch.object(attempt, "KILL_AFTER", 0.5), time_from_its_first_word():
        for turn in range(times):
            toy = Toy(place / str(turn))
            job = toy.job("deaf", script).add_dagman_profile(retry=0)
            job.add_pegasus_profile(runtime=1)
            start = time.monotonic()
            well, jobs = run(toy)
            assert not well
            assert time.monotonic() - start < 120
            assert "run-time limit of 1 s, by SIGKILL" in jobs["deaf"]["reason"]
    seen = "killed after the grace time (here 0.5 s), told as over its limit"
    return Row("a job ignores SIGTERM at its limit", times, seen, "the job")


BABBLE = """
    import os, sys
    print("the first line", flush=True)
    for number in range(int(sys.argv[1])):
        os.write(1, (b"%07d " % number + b"x" * 55 + b"\\n") * 2**14)
    print("the last line", flush=True)
"""


def resident_mib(pid: int) -> float:
    """Return the memory of a process; what `wait4` tells of it counts its parent's, too."""
    status = Path(f"/proc/{pid}/status").read_text()
    found = re.search(r"^VmRSS:\s+(\d+) kB", status, re.MULTILINE)
    return int(found[1]) / 1024 if found else 0.0  # it has just ended


def babbling(place: Path, mib: int) -> Row:
    """Let a job print a lot; watch the log on disk and the memory of the engine."""
    toy = Toy(place / "run")
    toy.job("babble", BABBLE, str(mib))
    described(toy.write())
    command = [sys.executable, str(PROJECT / "workflow.py"), "--resume", str(toy.folder)]
    engine = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    log, most, resident = toy.folder / "logs" / "babble.log", 0, 0.0
    while engine.poll() is None:
        if log.exists():
            most = max(most, log.stat().st_blocks * 512)
        resident = max(resident, resident_mib(engine.pid))
        time.sleep(0.05)
    assert engine.returncode == 0 and resident > 0
    assert resident < 200, f"the engine took {resident:.0f} MiB"
    text = log.read_text()
    assert "the first line" in text[:1000]
    assert text.endswith("the last line\n")
    cut = int(re.search(r"--- ([\d,]+) bytes are left out here ---", text)[1].replace(",", ""))
    kept = job_log.HEAD + job_log.TAIL
    assert abs(cut + kept - mib * 2**20) < 1000, "the number is wrong"
    assert log.stat().st_size < kept + 1000
    seen = (
        f"log of {kept // 2**20} MiB, head and tail, says how much is left out; at most "
        f"{most // 2**20} MiB on disk meanwhile; engine {resident:.0f} MiB"
    )
    return Row(f"a job prints {mib / 1024:.1f} GiB", 1, seen, "the middle")


CLOSE = """
    import os
    print("begun", flush=True)
    os.close(1)
    os.close(2)
    open("out.txt", "w").write("made")
"""

CLOSE_WRAPPED = f"""
    import argparse, os, sys
    sys.path.insert(0, {str(PROJECT)!r})
    from utils.job import OutputPath, run
    parser = argparse.ArgumentParser()
    parser.add_argument("out", type=OutputPath)
    def main(args):
        sys.stdout.close()
        os.close(2)
        args.out.write_text("made")
    run(parser, main)
"""


def closing(place: Path) -> Row:
    """Let jobs close their output early, ours (in the shared wrapper) and a stranger's."""
    toy = Toy(place / "run")
    toy.job("plain", CLOSE).add_outputs("out.txt")
    toy.job("wrapped", CLOSE_WRAPPED, "wrapped.txt").add_outputs("wrapped.txt")
    well, jobs = run(toy)
    assert well, jobs
    assert {job["tries"] for job in jobs.values()} == {1}
    assert (toy.folder / "output" / "wrapped.txt").read_text() == "made"
    return Row("a job closes its output early", 2, "done, as any other", "nothing")


PARENT = """
    import subprocess
    for session in (False, True):
        subprocess.Popen(["sleep", "300"], start_new_session=session)
    child = "import os, time; os.fork() and os._exit(0); os.setsid(); time.sleep(300)"
    subprocess.run(["python3", "-c", child])
"""


def parents(place: Path, times: int) -> Row:
    """Let jobs leave processes behind: in their group, in another session, as a daemon."""
    toy = Toy(place / "run")
    for turn in range(times):
        toy.job(f"parent{turn}", PARENT)
    well, _ = run(toy)  # which looks for processes that are left
    assert well
    log = (toy.folder / "logs" / "parent0.log").read_text()
    assert "left 3 processes behind, which were ended" in log
    return Row("a job leaves processes behind", 3 * times, "ended with the job, counted", "nothing")


CHANCY = """
    import pathlib, sys
    out, fate, *inputs = sys.argv[1:]
    tried = pathlib.Path(fate)
    if fate == "always" or fate != "never" and not tried.exists():
        fate == "always" or tried.touch()
        raise SystemExit(3)
    pathlib.Path(out).write_text("".join(pathlib.Path(name).read_text() for name in inputs) + out)
"""


def unlucky(place: Path, count: int) -> Row:
    """Run `count` jobs, each of which reads one of those before, and a tenth of which fails."""
    chance = random.Random(SEED)  # noqa: S311
    toy = Toy(place / "run")
    toy.file("given.txt", "given;")
    toy.job("chancy", CHANCY)  # for its executable; called by all others
    fates, reads = {}, {}
    for number in range(count):
        name = f"job{number}"
        fates[name] = chance.choice(["first", "always"]) if chance.random() < 0.1 else "never"
        reads[name] = f"job{chance.randrange(number)}.txt" if number >= 20 else "given.txt"
    for name, fate in fates.items():
        words = (f"{name}.txt", str(place / name) if fate == "first" else fate, reads[name])
        job = toy.again("chancy", name, *words).add_inputs(reads[name])
        job.add_outputs(f"{name}.txt").add_dagman_profile(retry=1)
    hopeless: set[str] = set()
    for name, fate in fates.items():
        if fate == "always" or reads[name].removesuffix(".txt") in hopeless:
            hopeless.add(name)
    well, jobs = run(toy, cores=2)
    assert not well
    by_fate = {name: job["state"] for name, job in jobs.items() if name in fates}
    failing = {name for name, fate in fates.items() if fate == "always"}
    reached = {name for name in failing if reads[name].removesuffix(".txt") not in hopeless}
    assert {name for name, state in by_fate.items() if state == "failed"} == reached
    assert {name for name, state in by_fate.items() if state == "done"} == fates.keys() - hopeless
    assert {by_fate[name] for name in hopeless - reached} <= {"waiting"}
    first = {name for name, fate in fates.items() if fate == "first"} - hopeless
    tries = {name: jobs[name]["tries"] for name in fates.keys() - hopeless}
    assert {name for name, number in tries.items() if number == 2} == first
    seen = (
        f"{len(first)} done at the second try, {len(reached)} failed for good, "
        f"{len(hopeless) - len(reached)} after these not begun, all others done once"
    )
    return Row(f"{count} jobs, of which a tenth fails", len(first | reached), seen, "the failed")
