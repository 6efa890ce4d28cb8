"""A job for the tests of the pool: a Python program, submitted and followed by its event log."""

import time
from collections.abc import Callable
from pathlib import Path

from tests.condor.pool import SUBMITTER, Pool

# Numbers of events in a job's log.
EXECUTING, TERMINATED, REMOVED, HELD = "001", "005", "009", "012"
DISCONNECTED, RECONNECT_FAILED = "022", "024"


class Job:
    """A Python program, run by HTCondor as ``python job.py``.

    Parameters
    ----------
    pool : Pool
        Where it is submitted, from a folder of its own in the user's home.
    name : str
        The folder.
    program : str
        Its source.
    user : str
        Who submits it.
    annex : str
        Whose pilots it may run on.
    commands : str
        Submit commands besides.
    """

    def __init__(
        self,
        pool: Pool,
        name: str,
        program: str,
        *,
        annex: str,
        user: str = SUBMITTER,
        **commands: object,
    ) -> None:
        home = pool.home if user == SUBMITTER else Path("/home", user)
        self.pool, self.user, self.folder = pool, user, home / name
        commands = {
            "executable": "/usr/bin/env",
            "transfer_executable": "false",
            "arguments": "python -u job.py",
            "requirements": f'TARGET.AnnexName == "{annex}"',
            "should_transfer_files": "YES",
            "transfer_input_files": "job.py",
            "request_memory": "100",
            "output": "out",
            "error": "err",
            "log": "log",
            **commands,
        }
        lines = [f"{key} = {value}\n" for key, value in commands.items()]
        self._run("mkdir", self.folder, cwd=home)
        self._write("job.py", program)
        self._write("job.sub", "".join([*lines, "queue\n"]))
        self.id = self._run("condor_submit", "-terse", "job.sub").split(" ")[0]

    def _run(self, *argv: object, cwd: Path | None = None) -> str:
        place = {"user": self.user, "cwd": cwd or self.folder}
        return self.pool.run(argv, check=True, timeout=300, **place).stdout

    def _write(self, name: str, text: str) -> None:
        self._outside(name).write_text(text)

    def _outside(self, name: str) -> Path:
        return self.pool.submit.root / self.folder.relative_to("/") / name

    def read(self, name: str) -> str:
        """Return a file of its folder; empty where it is missing."""
        file = self._outside(name)
        return file.read_text() if file.exists() else ""

    def events(self, number: str) -> list[str]:
        """Return the events of a kind that its log holds."""
        return [event for event in self.read("log").split("...\n") if event.startswith(number)]

    def hosts(self) -> list[str]:
        """Return the hosts that it was started on, in this order."""
        lines = "".join(self.events(EXECUTING)).splitlines()
        return [line.split("@")[1] for line in lines if "SlotName:" in line]

    def attribute(self, name: str) -> str:
        """Return an attribute of the queued job, as text."""
        return self._run("condor_q", self.id, "-af", name).strip()

    def remove(self) -> None:
        """Remove it from the queue."""
        self._run("condor_rm", self.id)

    def until(self, holds: Callable[[], object], what: str, seconds: float = 300) -> float:
        """Wait until something holds, and return how many seconds that took."""
        start = time.monotonic()
        while not holds():
            waited = time.monotonic() - start
            assert waited < seconds, f"not {what} after {seconds} s:\n{self.read('log')}"
            time.sleep(0.3)
        return time.monotonic() - start

    def ended(self, seconds: float = 300) -> "Job":
        """Wait until it has terminated by itself."""
        self.until(lambda: self.events(TERMINATED), "terminated", seconds)
        return self
