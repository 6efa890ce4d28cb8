"""The jobs of a workflow as they are added, each with what it asks for of a machine."""

from collections.abc import Iterable, Mapping
from itertools import chain
from pathlib import Path

from Pegasus.api import Workflow

from utils.dag.calls import Out, called
from utils.dag.options.table import Options
from utils.dag.resources import (
    BATCH_SIZES,
    CHIP,
    NO_MORE,
    PROGRAM,
    RESOURCES,
    More,
    Resources,
    training_memory,
)


class Jobs:
    """The jobs of one workflow, and what those who add them share.

    Parameters
    ----------
    weights
        The names under which weights to start from travel, by architecture.

    Attributes
    ----------
    judges
        Whether the network judges faces, and finds none.
    seed, handing_over
        Arguments of many jobs.
    shown
        The names of the pictures that the report shows.
    """

    def __init__(self, options: Options, weights: Mapping[str, str]) -> None:
        self.options, self.weights = options, weights
        self.workflow = Workflow(options.name)
        self.judges = options.task == "classify"
        self.seed = ["--seed", options.seed]
        minutes = options.checkpoint_minutes
        self.handing_over = [] if minutes is None else ["--checkpoint-minutes", minutes]
        self.shown: list[str] = []
        self._image_mib = _size(options.container)

    def add(
        self,
        kind: str,
        *arguments: Iterable,
        executable: str = "",
        suffix: str = "",
        besides: More = NO_MORE,
    ) -> None:
        """Add one job: `kind` names its row in the table of resources, to which comes `besides`."""
        job = called(executable or kind, kind + suffix, chain(*arguments))
        asked = RESOURCES[kind]
        final = kind == "train_model"
        cores = self.options.cores_to_train if final else asked.cores
        job.add_env(OMP_NUM_THREADS=str(cores), MKL_NUM_THREADS=str(cores))
        job.add_pegasus_profile(
            cores=cores,
            memory=f"{self._memory(asked, final)} MB",
            diskspace=f"{asked.disk + besides.disk + self._image_mib} MB",
            runtime=(asked.minutes + besides.minutes) * 60,
            **({"gpus": self.options.gpus} if asked.learns and self.options.gpus else {}),
        )
        self.workflow.add_jobs(job)

    def pictures(self, *names: str) -> list[Out]:
        """Return the pictures that a job writes, and let the report show them."""
        self.shown += names
        return [Out(name, keep=True) for name in names]

    def _memory(self, asked: Resources, final: bool) -> int:
        """Return the MiB that a job gets; `final` is the training whose model is kept."""
        if not asked.caches:
            return asked.memory
        processes = self.options.processes if final else max(1, self.options.gpus)
        least = asked.memory + (processes - 1) * PROGRAM
        return max(least, self._largest_training(processes)) + self.options.cache_mb

    def _largest_training(self, processes: int) -> int:
        """Return the MiB that the largest training takes that recipe or search may ask for."""
        o = self.options
        if self.judges and o.freeze == "backbone" and self.weights.keys() >= set(o.archs):
            return 0  # nothing is kept for a gradient; from scratch nothing is frozen
        size = o.largest("image_size", o.image_size)
        batch = o.largest("batch_size", BATCH_SIZES[o.task])
        chip = 1 if self.judges else o.largest("chip", CHIP)  # a face is seen as a whole
        return training_memory(o.archs, int(size), int(batch), chip, processes)


def _size(image: str | None) -> int:
    """Return the MiB that an image takes in a job's folder; 0 of none, or of one in a registry."""
    path = Path(image or "")
    return -(-path.stat().st_size // 2**20) if path.is_file() else 0
