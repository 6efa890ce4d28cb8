"""One trial of the hyper-parameter search: a short training, and an account of how it went."""

import logging
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from utils.errors import Checkpointed, InputError
from utils.records import read_record, write_record
from utils.search.journal import check_journal
from utils.search.study import Pruner
from utils.seed import derive_seed
from utils.training.checkpoint import KilledTooOften
from utils.training.distributed import is_first, is_loss_of_another
from utils.training.plan import Plan
from utils.training.progress import EpochRecord

AfterEpoch = Callable[[int, float], None]
"""Takes the number of an epoch, from 1, and the objective after it; may raise to end the trial."""

Fitted = TypeVar("Fitted")

log = logging.getLogger(__name__)


class _Pruned(Exception):
    """The trial is not worth going on with."""


def run_trial(
    suggestion: Path,
    study: Path,
    result: Path,
    epochs: int,
    train: Callable[[dict[str, Any], AfterEpoch], float | None],
) -> None:
    """Train with the suggested parameters and write the result: complete, pruned, or failed.

    A training that raises (it diverged, memory ran out) is a failed trial and no error, so that the
    study goes on. Of processes that train together the first writes the result.

    Parameters
    ----------
    epochs
        Of the whole training; the objective after the last is that of the trial.
    train
        ``train(params, after_epoch)`` trains, calls `after_epoch` after each epoch, those that it
        did in an earlier start included, and returns the objective's standard error.

    Raises
    ------
    InputError
        If a file cannot be used, which no other parameters would change.
    Checkpointed
        If `train` stopped to go on later.
    """
    asked = read_record(suggestion)
    if asked.get("study") != check_journal(study):
        raise InputError(f"{suggestion} was not asked in {study}: they are of different rounds")
    values: list[float] = []
    error = None
    state, reason = "complete", None
    with Pruner(study, asked["number"], epochs) as pruner:

        def after_epoch(epoch: int, value: float) -> None:
            values.append(value)
            if epoch < epochs and pruner.is_hopeless(epoch, value):
                raise _Pruned(f"below the median of earlier trials after epoch {epoch}")

        try:
            error = train(asked["params"], after_epoch)
        except (Checkpointed, InputError):
            raise
        except _Pruned as why:
            state, reason = "pruned", str(why)
        except KilledTooOften as why:
            state, reason = "fail", str(why)
        except Exception as why:
            if not is_first() or is_loss_of_another(why):
                raise  # the launcher must know, who replaces it
            log.exception("trial %d failed", asked["number"])
            state, reason = "fail", f"{type(why).__name__}: {why}"
    if not is_first():
        return
    record = {
        "number": asked["number"],
        "state": state,
        "values": values,
        "value": values[-1] if state == "complete" else None,
        "error": error,
        "reason": reason,
        "params": asked["params"],
        "study": asked["study"],
    }
    write_record(result, record)
    log.info("trial %d: %s, by epoch %s, reason %s", asked["number"], state, values, reason)


def trial_training(
    plan: Plan,
    objective: str,
    fit: Callable[[Plan, Callable[[EpochRecord], None]], Fitted],
    error: Callable[[Fitted, int], float],
) -> Callable[[dict[str, Any], AfterEpoch], float | None]:
    """Return the training that `run_trial` runs, of whatever task.

    All trials have the same seed: they differ in parameters alone.

    Parameters
    ----------
    plan
        Its recipe gives way to the suggested parameters, as do architecture and image size where
        they are searched.
    objective
        What of a validation is searched by, and told.
    fit
        ``fit(plan, after_epoch)`` trains as planned.
    error
        ``error(fitted, seed)`` returns the standard error of the objective.
    """

    def train(params: dict[str, Any], after_epoch: AfterEpoch) -> float | None:
        planned = replace(plan.searched(params), seed=derive_seed(plan.seed, "trial"))

        def told(record: EpochRecord) -> None:
            if record["validation"][objective] is None:
                raise InputError("the validation shards hold no faces; the search needs some")
            after_epoch(record["epoch"], record["validation"][objective])

        fitted = fit(planned, told)
        return error(fitted, planned.seed) if is_first() else None

    return train
