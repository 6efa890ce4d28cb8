"""A run folder that is disturbed, resumed, looked at from outside, and made new again."""

import json
import os
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from utils.dag.run_folder import holder
from utils.dag.workflow_file import read_workflow
from utils.records import digest_of

PROJECT = Path(__file__).resolve().parents[2]
HOOKED = Path(__file__).with_name("hooked.py")

PATIENCE = 1800.0
"""Seconds that a run may take, on a machine with much else to do; then it is taken to hang."""

NO_THREADS = {"OMP_NUM_THREADS": "1", "OMP_WAIT_POLICY": "PASSIVE"}


class Stage:
    """One planned run, at one path, as often as it is wanted.

    Parameters
    ----------
    place
        An empty folder; the run folder is ``runs/run`` in it.
    plan
        Called with the run folder, to plan it.
    """

    def __init__(self, place: Path, plan: Callable[[Path], object]) -> None:
        self.place, self.folder = place, place / "runs" / "run"
        self.folder.parent.mkdir(parents=True)
        plan(self.folder)
        shutil.copytree(self.folder, place / "pristine", symlinks=True)
        workflow = read_workflow(self.folder)
        self.jobs = set(workflow.jobs)
        self._maker = {lfn: job.id for job in workflow.jobs.values() for lfn in job.outputs}
        self._settled: dict[str, int] = {}  # starts of the jobs that had finished at some fault
        self.expected: dict[str, str] = {}
        """Digests of what an undisturbed run leaves in the output folder."""

    def renew(self) -> None:
        """Make the run folder as it was planned, the cache empty, and forget what was said."""
        shutil.rmtree(self.folder.parent)
        (self.place / "told").unlink(missing_ok=True)
        shutil.copytree(self.place / "pristine", self.folder, symlinks=True)
        self._settled.clear()
        (self.place / "told").write_bytes(b"")

    def undisturbed(self) -> float:
        """Run once without a fault, for the expected output; return the seconds that it took."""
        start = time.monotonic()
        self.finish()
        self.expected = self.outputs()
        seconds = time.monotonic() - start
        self.renew()
        return seconds

    def settle(self) -> None:
        """Note after a fault which jobs have finished: they must not be started any more."""
        starts = self.starts()
        for name in self.finished():
            self._settled.setdefault(name, starts[name])

    def command(self, *words: str, hook: tuple[str, int] | None = None) -> list[str]:
        """Return the command line that resumes the run, with a fault of `hooked` or without."""
        program = [str(PROJECT / "workflow.py")]
        if hook:
            program = [str(HOOKED), hook[0], str(self.folder.parent), str(hook[1])]
        return [sys.executable, *program, "--resume", str(self.folder), "--cores", "2", *words]

    def start(self, *words: str, hook: tuple[str, int] | None = None) -> subprocess.Popen:
        """Start an engine; what it says is appended to ``told``, which is not in the run folder."""
        with open(self.place / "told", "ab") as told:
            return subprocess.Popen(
                self.command(*words, hook=hook),
                env=os.environ | NO_THREADS,
                stdin=subprocess.DEVNULL,
                stdout=told,
                stderr=told,
            )

    def finish(self) -> None:
        """Resume until the end, which must be reached, and must be as if nothing had happened."""
        self.settle()
        engine = self.start()
        try:
            code = engine.wait(timeout=PATIENCE)
        finally:
            engine.terminate()
        assert code == 0, f"--resume ended with {code}:\n{self.told()}"
        starts = self.starts()
        again = {name for name, count in self._settled.items() if starts[name] != count}
        assert not again, f"finished before, and run again: {again}"
        assert self.finished() == self.jobs
        self.check_nothing_left()
        if self.expected:
            wrong = {name for name, digest in self.outputs().items() ^ self.expected.items()}
            assert not wrong, f"output differs from an undisturbed run: {wrong}"

    def told(self) -> str:
        """Return the last that the engines said since `renew`."""
        return (self.place / "told").read_text(errors="replace")[-4000:]

    def outputs(self) -> dict[str, str]:
        """Return the digests of the files in the output folder."""
        output = self.folder / "output"
        return {
            path.relative_to(output).as_posix(): digest_of(path)
            for path in output.rglob("*")
            if path.is_file()
        }

    def finished(self) -> set[str]:
        """Return the jobs whose results are recorded in the cache."""
        results = (self.folder.parent / ".cache" / "results").glob("*.json")
        return {self._maker[lfn] for path in results for lfn in json.loads(path.read_bytes())}

    def starts(self) -> Counter[str]:
        """Return how often each job was started, by the logs."""
        logs = {path.stem: path.read_text(errors="replace") for path in self._logs()}
        return Counter({name: log.count(f" {name} ---\n") for name, log in logs.items()})

    def _logs(self) -> list[Path]:
        return [path for path in (self.folder / "logs").glob("*.log") if path.stem in self.jobs]

    def check_nothing_left(self) -> None:
        """Hold that no scratch folder, lock, temporary file or process is left behind."""
        assert not (self.folder / "scratch").exists()
        assert holder(self.folder) is None
        temporary = [
            path
            for path in self.folder.parent.rglob("*")
            if path.name.endswith(".tmp") or path.name == ".lock"
        ]
        assert not temporary
        assert not processes(self.place)


def processes(place: Path) -> list[str]:
    """Return the command lines of processes that have something to do with a folder."""
    found = []
    for process in Path("/proc").iterdir():
        if not process.name.isdecimal() or process.name == str(os.getpid()):
            continue
        try:
            parts = [(process / name).read_bytes() for name in ("environ", "cmdline")]
            parts.append(os.fsencode(os.readlink(process / "cwd")))  # noqa: PTH115
        except OSError:  # gone, or somebody else's
            continue
        if any(os.fsencode(place) + b"/" in part for part in parts):
            found.append(parts[1].replace(b"\0", b" ").decode(errors="replace"))
    return found
