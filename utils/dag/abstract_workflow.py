"""An abstract workflow as plain Python objects: what an engine needs to know of its jobs."""

from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class AbstractJob:
    """One job, as far as an engine needs to know it.

    Attributes
    ----------
    executable
        Path on this machine.
    inputs, outputs, checkpoints
        Logical file names (LFNs).
    kept
        Those of `outputs` that go to the output folder.
    stdin, stdout, stderr
        LFNs, or None.
    environment
        Environment variables that the job asks for.
    memory, disk
        In MiB.
    seconds
        Run time after which the job is asked to stop; None: no limit.
    retries
        How often it is tried again; None: as the engine's properties say.
    condor
        HTCondor submit commands that the job asks for.
    container
        Image to run in: a path on this machine, or a ``docker://`` reference.
    """

    id: str
    transformation: str
    executable: Path
    arguments: tuple[str, ...] = ()
    inputs: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    kept: frozenset[str] = frozenset()
    checkpoints: tuple[str, ...] = ()
    stdin: str | None = None
    stdout: str | None = None
    stderr: str | None = None
    environment: dict[str, str] = field(default_factory=dict)
    cores: int = 1
    memory: int = 0
    disk: int = 0
    gpus: int = 0
    seconds: float | None = None
    retries: int | None = None
    condor: dict[str, str] = field(default_factory=dict)
    container: str | None = None


@dataclass(frozen=True)
class AbstractWorkflow:
    """The jobs by id, the parents of each, and where the files lie that exist beforehand.

    `retries` is how often a job is tried again that does not say so itself, `pool` the HTCondor
    submit commands of every job.
    """

    name: str
    jobs: dict[str, AbstractJob]
    parents: dict[str, set[str]]
    replicas: dict[str, Path]
    retries: int = 0
    pool: dict[str, str] = field(default_factory=dict)
