"""Options of what executes a run, where, and on how much of a machine."""

from dataclasses import dataclass
from pathlib import Path

from utils.dag.options.declared import always, option
from utils.dag.options.readers import choice, flag, image, path, real, text, whole, word

ENGINES = ("auto", "local", "condor", "pegasus")

CHECKPOINT_MINUTES = 15.0
"""Default of ``--checkpoint-minutes`` on a pool."""


@dataclass(frozen=True)
class PlaceOptions:
    """What executes a run, what it is called, and where it is kept."""

    engine: str = option(
        choice(*ENGINES),
        "auto",
        "what executes the workflow; auto: Pegasus where pegasus-plan is on the PATH, else local "
        "(default: auto)",
        "{" + ",".join(ENGINES) + "}",
    )
    name: str = option(text, "mask-detection", "name of the workflow (default: mask-detection)")
    run_dir: Path | None = option(
        path, None, "new folder for this run (default: runs/<name>-<time>)", "DIR", is_path=always
    )


@dataclass(frozen=True)
class MachineOptions:
    """What a run may take of a machine, and how it is followed."""

    seed: int = option(whole(0, 2**32 - 1), 0, "the one seed of the run (default: 0)", "N")
    cores: int | None = option(
        whole(1), None, "cores that the local engine may use (default: all)", "N", goes_on=True
    )
    training_cores: int = option(
        whole(1, 256),
        2,
        "cores, and threads, of the final training; the last bits of the weights follow from "
        "their number, and more than the machine has are slow (default: 2)",
        "N",
    )
    workers: int | None = option(
        whole(1, 64),
        None,
        "processes that train the final model together on one node, each batch shared among them: "
        "each has a GPU of --gpus, or without any its share of --training-cores, of which it gets "
        "one at least; one that dies is replaced (default: one, or as many as --gpus)",
        "N",
    )
    memory: int | None = option(
        whole(256),
        None,
        "memory that the local engine may use (default: 90%% of it)",
        "MIB",
        goes_on=True,
    )
    gpus: int = option(
        whole(0, 64), 0, "GPUs for each job that trains or detects (default: 0)", "N"
    )
    checkpoint_minutes: float | None = option(
        real(0),
        None,
        "on a pool: minutes after which a training hands its checkpoint over, at the end of an "
        f"epoch; a pilot that ends then costs no more than that (default: {CHECKPOINT_MINUTES:g})",
        "MIN",
        pool_only=True,
    )
    container: str | None = option(
        image,
        None,
        "on a pool: image that the jobs run in, a .sif file or docker://REPOSITORY/IMAGE:TAG "
        "(default: what the node's own python3 has)",
        "IMAGE",
        is_path=lambda value: "://" not in value,
        pool_only=True,
    )
    site: str = option(
        word,
        "condorpool",
        "on a pool: its name in the site catalogue (default: condorpool)",
        pool_only=True,
    )
    pilots_only: str | None = option(
        word,
        None,
        "on a pool: run only on pilots of this HTCondor annex (default: any)",
        "NAME",
        pool_only=True,
    )
    project: str | None = option(
        word,
        None,
        "on a pool: project that the jobs name for accounting (default: none)",
        "NAME",
        pool_only=True,
    )
    wait: bool = option(
        flag,
        True,
        "follow the run to its end; --no-wait hands it over and returns (default: wait)",
        goes_on=True,
    )
    dry_run: bool = option(flag, False, "write the run folder and stop (default: run)")
    verbose: bool = option(flag, False, "tell more (default: one line a job)", goes_on=True)

    @property
    def processes(self) -> int:
        """Processes of the final training."""
        return self.workers or max(1, self.gpus)

    @property
    def cores_to_train(self) -> int:
        """Cores of the final training, which its processes share."""
        return max(self.training_cores, self.processes if self.gpus == 0 else 1)
