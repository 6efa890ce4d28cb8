"""A trial of the hyper-parameter search with the detector: what it trains and is judged by."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from utils.detector.fit import fit
from utils.detector.plan import Plan
from utils.detector.validation import standard_error
from utils.errors import InputError
from utils.search.trial import AfterEpoch
from utils.seed import derive_seed
from utils.training.distributed import is_first
from utils.training.progress import EpochRecord


def trial_training(
    plan: Plan, checkpoint: Path, tries: int, stop: Callable[[], bool] = lambda: False
) -> Callable[[dict[str, Any], AfterEpoch], float | None]:
    """Return the training that `utils.search.trial.run_trial` runs.

    The objective is validation mAP (IoU 0.5:0.95), told with its standard error. All trials have
    the same seed: they differ in parameters alone.

    Parameters
    ----------
    plan
        Its recipe gives way to the suggested parameters, as do architecture and image size where
        they are searched.
    tries
        The trial fails at the start number `tries` without an epoch finished (see
        `Checkpoint.start`).
    """

    def train(params: dict[str, Any], after_epoch: AfterEpoch) -> float | None:
        planned = replace(plan.searched(params), seed=derive_seed(plan.seed, "trial"))

        def told(record: EpochRecord) -> None:
            if record["validation"]["map"] is None:
                raise InputError("the validation shards hold no faces; the search needs some")
            after_epoch(record["epoch"], record["validation"]["map"])

        fitted = fit(planned, checkpoint, stop, told, tries)
        if not is_first():
            return None
        return standard_error(fitted.found, fitted.validation, planned.seed)

    return train
