"""A trial of the hyper-parameter search with the classifier: what it trains and is judged by."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from utils.classifier.fit import fit
from utils.classifier.plan import FacePlan
from utils.classifier.validation import OBJECTIVE, standard_error
from utils.search import trial
from utils.search.trial import AfterEpoch


def trial_training(
    plan: FacePlan, checkpoint: Path, tries: int, stop: Callable[[], bool] = lambda: False
) -> Callable[[dict[str, Any], AfterEpoch], float | None]:
    """Return the training that `utils.search.trial.run_trial` runs.

    The objective is validation balanced accuracy, told with its standard error.

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
        OBJECTIVE,
        lambda planned, told: fit(planned, checkpoint, stop, told, tries),
        lambda fitted, seed: standard_error(fitted.logits, fitted.validation, fitted.absent, seed),
    )
