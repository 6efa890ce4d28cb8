"""The DAG of a run folder as DAGMan reads it: a submit description per job, and their order.

Files travel by HTCondor's own transfer between the run folder on the submit side and the folder of
the job; the nodes need no file system in common. Submit commands of the job, its transformation and
its site (Pegasus's ``condor`` profiles) are passed on as they are.
"""

import re
from collections.abc import Iterable
from pathlib import Path

from utils.dag.abstract_workflow import AbstractJob, AbstractWorkflow
from utils.dag.run_folder import LOGS, OUTPUT
from utils.errors import InputError
from utils.job import EXIT_BAD_INPUT

FOLDER = "condor"
DAG_FILE = "workflow.dag"
EVENTS = "jobs.log"
"""File in `FOLDER`: HTCondor's events of all jobs. DAGMan keeps a log too, but of fewer events, and
empties it when it is submitted again."""

FILES = "files"
"""Folder in `FOLDER`: what jobs make for each other, and links to what has another name
elsewhere."""

_MEANT = ",;=\"'\\$\n"
"""Characters that mean something to HTCondor in a list of files."""


def write_dag(folder: Path, workflow: AbstractWorkflow) -> Path:
    """Write the DAG and its submit descriptions into a run folder; return the DAG's path.

    Raises
    ------
    InputError
        If the folder, a job or a file has a name that HTCondor cannot take.
    """
    from htcondor import Submit

    folder = folder.resolve()
    own = folder / FOLDER
    (own / FILES).mkdir(parents=True, exist_ok=True)
    places = _places(workflow, folder)
    lines = []  # by hand: htcondor.dags takes a time that grows as the square of the jobs
    for job in workflow.jobs.values():
        if not re.fullmatch(r"[A-Za-z0-9_-]+", job.id):
            raise InputError(f"job {job.id!r}: DAGMan takes letters, digits, '_' and '-' in a name")
        described = Submit(submit_commands(job, workflow.pool, places, folder))
        (own / f"{job.id}.sub").write_text(f"{described}\nqueue\n")
        retries = workflow.retries if job.retries is None else job.retries
        lines += [
            f"JOB {job.id} {job.id}.sub",
            f"RETRY {job.id} {retries} UNLESS-EXIT {EXIT_BAD_INPUT}",
        ]
    for child, parents in workflow.parents.items():
        lines += [f"PARENT {' '.join(sorted(parents))} CHILD {child}"] if parents else []
    (own / DAG_FILE).write_text("\n".join([*lines, ""]))
    return own / DAG_FILE


def submit_commands(
    job: AbstractJob, pool: dict[str, str], places: dict[str, Path], folder: Path
) -> dict[str, str]:
    """Return the submit commands of one job.

    Parameters
    ----------
    pool
        Submit commands for every job.
    places
        Where each file lies on the submit side, or will lie.
    """
    streams = (job.stdout, job.stderr)
    made = [lfn for lfn in (*job.outputs, *job.checkpoints) if lfn not in streams]
    log = folder / LOGS / f"{job.id}.$(Cluster).log"
    asked = {
        "request_memory": f"{job.memory}MB" if job.memory else "",
        "request_disk": f"{job.disk}MB" if job.disk else "",
        "request_gpus": str(job.gpus or ""),
        # Of a job that checkpoints itself: between two checkpoints.
        "allowed_execute_duration": str(int(job.seconds)) if job.seconds else "",
        "input": str(places[job.stdin]) if job.stdin else "",
    }
    container = {
        "universe": "container",
        "container_image": job.container or "",
        "transfer_executable": "true",  # else its path would be taken for one in the image
    }
    return {
        "universe": "vanilla",
        "executable": str(job.executable),
        "arguments": quoted(job.arguments),
        "environment": quoted(f"{name}={value}" for name, value in job.environment.items()),
        "should_transfer_files": "YES",
        "when_to_transfer_output": "ON_EXIT",
        "transfer_input_files": ", ".join(str(places[f]) for f in (*job.inputs, *job.checkpoints)),
        "transfer_output_files": ", ".join(made),
        "transfer_output_remaps": '"' + "; ".join(f"{f}={places[f]}" for f in made) + '"',
        "output": str(places[job.stdout]) if job.stdout else str(log),
        "error": str(places[job.stderr]) if job.stderr else str(log),
        "log": str(folder / FOLDER / EVENTS),
        "request_cpus": str(job.cores),
        **{command: value for command, value in asked.items() if value},
        **pool,
        **job.condor,
        **(container if job.container else {}),
    }


def quoted(words: Iterable[str]) -> str:
    """Return arguments, or an environment, in HTCondor's newer syntax.

    Raises
    ------
    InputError
        If a word holds a line break, which no quoting lets through.
    """
    parts = []
    for word in words:
        if "\n" in word:
            raise InputError(f"HTCondor takes no line break in an argument: {word!r}")
        special = not word or any(letter in word for letter in " \t'")
        parts.append("'" + word.replace("'", "''") + "'" if special else word)
    return '"' + " ".join(parts).replace('"', '""').replace("$", "$(DOLLAR)") + '"'


def _places(workflow: AbstractWorkflow, folder: Path) -> dict[str, Path]:
    """Return where each file lies on the submit side, or will lie, under its own name."""
    files = folder / FOLDER / FILES
    places = {}
    for job in workflow.jobs.values():
        for lfn in (*job.inputs, *job.outputs, *job.checkpoints):
            places[lfn] = workflow.replicas.get(lfn, files / lfn)
            if lfn in workflow.replicas and places[lfn].name != lfn:
                (files / lfn).unlink(missing_ok=True)
                (files / lfn).symlink_to(places[lfn])
                places[lfn] = files / lfn
        for lfn in job.checkpoints:
            places[lfn].touch()  # HTCondor insists that an input exists
    kept = (lfn for job in workflow.jobs.values() for lfn in job.kept)
    places |= {lfn: folder / OUTPUT / lfn for lfn in kept}
    for lfn, place in places.items():
        if "/" in lfn or any(letter in _MEANT for letter in str(place)):
            raise InputError(
                f"{place}: HTCondor's file transfer takes no folder in the name of a job's file, "
                f"and none of {_MEANT[:-1]} in its path; name it, or --run-dir, otherwise"
            )
    return places
