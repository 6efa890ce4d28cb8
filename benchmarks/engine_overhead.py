#!/usr/bin/env python3
"""The embedded engine's own time for each job, on a DAG of 1,000 jobs that run ``true``.

Compared with starting ``true`` 1,000 times from Python, in the same run.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parent.parent))

from Pegasus.api import Job, ReplicaCatalog, Transformation, TransformationCatalog, Workflow

from utils.dag.engines.local.engine import LocalEngine

JOBS = 1000


def main() -> None:
    argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    ).parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "run"
        folder.mkdir()
        write_workflow(folder)
        start = time.perf_counter()
        for _ in range(JOBS):
            subprocess.run(["/bin/true"], check=True)
        bare = time.perf_counter() - start
        start = time.perf_counter()
        execute(folder)
        engine = time.perf_counter() - start
        start = time.perf_counter()
        execute(folder)
        again = time.perf_counter() - start
    for name, seconds in (
        ("starting true from Python", bare),
        ("the embedded engine", engine),
        ("the same run again, all from the cache", again),
    ):
        print(f"{name:<40} {1000 * seconds / JOBS:8.2f} ms a job")


def execute(folder: Path) -> None:
    if not LocalEngine(folder).run():
        sys.exit(f"{folder}: a job failed")


def write_workflow(folder: Path) -> None:
    """Write 1,000 jobs in ten layers; each waits for one of the layer above."""
    workflow = Workflow("overhead")
    for number in range(JOBS):
        job = Job("true", _id=f"job_{number}")
        job.add_args(number)
        workflow.add_jobs(job)
        if number >= 100:
            workflow.add_dependency(job, parents=[workflow.get_job(f"job_{number - 100}")])
    true = Transformation("true", site="local", pfn="/bin/true", is_stageable=False)
    TransformationCatalog().add_transformations(true).write(str(folder / "transformations.yml"))
    ReplicaCatalog().write(str(folder / "replicas.yml"))
    workflow.write(str(folder / "workflow.yml"))


if __name__ == "__main__":
    main()
