"""Toy workflows: small Python executables in a run folder of their own."""

import contextlib
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path
from unittest import mock

from Pegasus.api import Job, ReplicaCatalog, Transformation, TransformationCatalog, Workflow

from utils.dag.engines.local.attempts import Running


class Toy:
    """A run folder that is filled job by job and then written."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.workflow = Workflow("toy")
        self.replicas = ReplicaCatalog()
        self.transformations = TransformationCatalog()
        folder.mkdir(parents=True)

    def file(self, name: str, content: str = "") -> None:
        """Add a file that exists beforehand."""
        path = self.folder / name
        path.write_text(content)
        self.replicas.add_replica("local", name, path)

    def job(self, name: str, script: str, *arguments: str) -> Job:
        """Add a job that runs a Python script."""
        path = self.folder / f"{name}.py"
        path.write_text("#!/usr/bin/env python3\n" + textwrap.dedent(script))
        path.chmod(0o755)
        self.transformations.add_transformations(
            Transformation(name, site="local", pfn=path, is_stageable=True)
        )
        job = Job(name, _id=name).add_args(*arguments)
        self.workflow.add_jobs(job)
        return job

    def again(self, script: str, name: str, *arguments: str) -> Job:
        """Add a job that runs the script of another one."""
        job = Job(script, _id=name).add_args(*arguments)
        self.workflow.add_jobs(job)
        return job

    def write(self) -> Path:
        """Write the workflow and its catalogues; return the run folder."""
        self.replicas.write(str(self.folder / "replicas.yml"))
        self.transformations.write(str(self.folder / "transformations.yml"))
        self.workflow.write(str(self.folder / "workflow.yml"))
        return self.folder


@contextlib.contextmanager
def time_from_its_first_word() -> Iterator[None]:
    """Let a try have its second from when it has said something: Python may be slow to start."""
    stop = Running.stop

    def patiently(running: Running, everything: bool) -> None:
        for attempt in running.values():
            if not attempt.log.path.read_text().rpartition(" ---\n")[2]:
                attempt.deadline = time.monotonic() + 1
        stop(running, everything)

    with mock.patch.object(Running, "stop", patiently):
        yield
