"""A toy workflow that the condor engine runs on the pool."""

import contextlib
import json
import os
import re
import subprocess
import time
from collections.abc import Iterator
from datetime import datetime

from tests.condor.host import Entered
from tests.condor.pool import Pool
from tests.dag.toy import Toy
from utils.dag import catalogs
from utils.dag.code_bundle import PROJECT
from utils.dag.run_record import RunRecord


class ToyRun:
    """A toy's run folder in the submitter's home, and the commands that speak of it."""

    def __init__(self, pool: Pool, name: str, annex: str) -> None:
        self.pool, self.folder, self.annex = pool, pool.home / "runs" / name, annex
        self.toy = Toy(self.folder)

    def write(self, **pool_commands: str) -> "ToyRun":
        """Write the run folder as `write_plan` does, for the pilots of its annex."""
        self.toy.write()
        options = catalogs.Options(pilots_only=self.annex)
        sites = catalogs.site_catalog(self.folder, options)
        for key, value in pool_commands.items():
            sites.sites["condorpool"].add_profiles(catalogs.Namespace.CONDOR, key=key, value=value)
        sites.write(str(self.folder / catalogs.SITES))
        catalogs.properties(self.folder).write(str(self.folder / catalogs.PROPERTIES))
        for part in ("output", "logs"):
            (self.folder / part).mkdir()
        RunRecord(self.folder).describe(engine="condor", name="toy")
        self.give()
        return self

    def give(self) -> None:
        """Make the submitter the owner of all."""
        owner = self.pool.home.stat()
        for path in (self.folder, *self.folder.rglob("*")):
            os.chown(path, owner.st_uid, owner.st_gid, follow_symlinks=False)
        os.chown(self.folder.parent, owner.st_uid, owner.st_gid)

    def do(self, *words: str, code: int = 0, timeout: float = 600) -> str:
        """Run workflow.py on the submit host; return what it prints."""
        command = ["python", str(PROJECT / "workflow.py"), *words]
        done = self.pool.run(command, timeout=timeout)
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout + done.stderr

    @contextlib.contextmanager
    def followed(self) -> Iterator[Entered]:
        """Start the run, and yield the command that tells of it from its beginning."""
        command = ["python", str(PROJECT / "workflow.py"), "--resume", str(self.folder)]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
        with self.pool.popen(command, **pipes) as going:
            try:
                yield going
            finally:
                going.kill()

    def __getattr__(self, command: str):
        return lambda **options: self.do(command, str(self.folder), **options)

    def resume(self, *words: str, **options: object) -> str:
        return self.do("--resume", str(self.folder), *words, **options)

    def job(self, name: str) -> dict:
        return json.loads((self.folder / "run.json").read_text())["jobs"][name]

    def until(self, words: str, seconds: float = 300) -> None:
        """Wait until the status tells so."""
        deadline = time.monotonic() + seconds
        while words not in (told := self.status()):
            assert time.monotonic() < deadline, told
            time.sleep(0.5)

    def output(self, name: str) -> str:
        return (self.folder / "output" / name).read_text()

    def events(self) -> str:
        return (self.folder / "condor" / "jobs.log").read_text()

    def times(self, number: str) -> list[datetime]:
        """Return when events of a kind happened."""
        found = re.findall(rf"^{number} \(\S+ (\S+ \S+) ", self.events(), re.MULTILINE)
        return [datetime.fromisoformat(one) for one in found]
