"""A trial of the hyper-parameter search with the detector: what it trains and is judged by."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from utils.detector.fit import fit
from utils.detector.validation import standard_error
from utils.search import trial
from utils.search.trial import AfterEpoch
from utils.training.plan import Plan


def trial_training(
    plan: Plan, checkpoint: Path, tries: int, stop: Callable[[], bool] = lambda: False
) -> Callable[[dict[str, Any], AfterEpoch], float | None]:
    """Return the training that `utils.search.trial.run_trial` runs.

    The objective is validation mAP (IoU 0.5:0.95), told with its standard error.

    Parameters
    ----------
    plan
        See `utils.search.trial.trial_training`.
    tries
        The trial fails at the start number `tries` without an epoch finished (see
        `Checkpoint.start`).
    """
    return trial.trial_training(
        plan,
        "map",
        lambda planned, told: fit(planned, checkpoint, stop, told, tries),
        lambda fitted, seed: standard_error(fitted.found, fitted.validation, seed),
    )
