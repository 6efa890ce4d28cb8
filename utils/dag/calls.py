"""A job's call: one list, in the order of its command line.

It holds plain arguments, and files marked as input (`In`), output (`Out`) or checkpoint
(`Checkpoint`). Arguments and declared files cannot disagree.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain

from Pegasus.api import Job, Namespace, Workflow

from utils.dag.travelling import CODE
from utils.job import EXIT_CHECKPOINTED


@dataclass(frozen=True)
class In:
    """A file that the job reads."""

    lfn: str


@dataclass(frozen=True)
class Out:
    """A file that the job writes; `keep` puts it into the run's output folder."""

    lfn: str
    keep: bool = False


@dataclass(frozen=True)
class Checkpoint:
    """A file that the job writes as it goes and reads when it is started again."""

    lfn: str


def called(executable: str, name: str, call: Iterable) -> Job:
    """Return the job `name` that calls `executable`, with the files of the call declared."""
    call = list(call)
    job = Job(executable, _id=name, node_label=name)
    job.add_args(*(getattr(item, "lfn", item) for item in call))
    job.add_inputs(CODE)
    for item in call:
        if isinstance(item, In):
            job.add_inputs(item.lfn)
        elif isinstance(item, Out):
            job.add_outputs(item.lfn, stage_out=item.keep, register_replica=False)
        elif isinstance(item, Checkpoint):
            job.add_checkpoint(item.lfn, stage_out=False, register_replica=False)
    if saved := [item.lfn for item in call if isinstance(item, Checkpoint)]:
        checkpoint_itself(job, *saved)
    return job


def checkpoints(workflow: Workflow) -> list[str]:
    """Return the names of all checkpoint files, each of which needs a placeholder replica."""
    uses = chain.from_iterable(job.uses for job in workflow.jobs.values())
    return sorted(use.file.lfn for use in uses if use._type == "checkpoint")


def checkpoint_itself(job: Job, *checkpoints: str) -> None:
    """Let HTCondor fetch the files of a checkpoint when a job exits with 85, and start it again.

    A job that goes on elsewhere finds the checkpoint that was fetched last. These are what the
    submit commands ``checkpoint_exit_code`` and ``transfer_checkpoint_files`` set. ``-I`` keeps
    Pegasus from taking those exits for failures.
    """
    attributes = {
        "+SuccessCheckpointExitCode": str(EXIT_CHECKPOINTED),
        "+WantFTOnCheckpoint": "true",
        "+TransferCheckpoint": f'"{",".join(checkpoints)}"',
    }
    for key, value in attributes.items():
        job.add_profiles(Namespace.CONDOR, key=key, value=value)
    job.add_profiles(Namespace.DAGMAN, key="POST.ARGUMENTS", value="-I")
