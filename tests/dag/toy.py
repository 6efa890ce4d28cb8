"""Toy workflows: small Python executables in a run folder of their own."""

import textwrap
from pathlib import Path

from Pegasus.api import Job, ReplicaCatalog, Transformation, TransformationCatalog, Workflow


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
