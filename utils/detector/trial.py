"""One trial of the hyper-parameter search: a short training, and an account of how it went."""

import logging
from collections.abc import Callable, Sequence
from pathlib import Path

from utils.detector.fit import Plan, fit
from utils.detector.training import EpochRecord
from utils.detector.validation import detections_of, standard_error
from utils.errors import Checkpointed, InputError
from utils.records import read_record, write_record
from utils.search.journal import check_journal
from utils.search.study import Pruner
from utils.seed import derive_seed
from utils.training.checkpoint import KilledTooOften
from utils.training.distributed import is_first
from utils.training.recipe import Recipe

log = logging.getLogger(__name__)


class _Pruned(Exception):
    """The trial is not worth going on with."""


def run_trial(
    suggestion: Path,
    study: Path,
    train: Sequence[Path],
    validation: Sequence[Path],
    arch: str,
    epochs: int,
    image_size: int,
    seed: int,
    checkpoint: Path,
    result: Path,
    weights: Path | None = None,
    tries: int = 3,
    cache_mb: float = 2048,
    checkpoint_minutes: float | None = None,
    stop: Callable[[], bool] = lambda: False,
) -> None:
    """Train with the suggested parameters and write the result: complete, pruned, or failed.

    The objective is validation mAP (IoU 0.5:0.95) after the last epoch, told with its standard
    error. A training that raises (it diverged, memory ran out) is a failed trial and no error, so
    that the study goes on; so is one that was killed `tries` - 1 times without finishing an epoch.

    Raises
    ------
    InputError
        If a file cannot be used, which no other parameters would change.
    Checkpointed
        After `stop` asked for it, or `checkpoint_minutes` (see `Plan`).
    """
    asked = read_record(suggestion)
    if asked.get("study") != check_journal(study):
        raise InputError(f"{suggestion} was not asked in {study}: they are of different rounds")
    plan = Plan(
        arch=arch,
        recipe=Recipe.from_params(asked["params"]),
        epochs=epochs,
        seed=derive_seed(seed, "trial"),  # the same for all, who differ in parameters alone
        train=train,
        validation=validation,
        image_size=image_size,
        weights=weights,
        cache_mb=cache_mb,
        checkpoint_minutes=checkpoint_minutes,
    )
    values: list[float] = []
    error = None
    state, reason = "complete", None
    with Pruner(study, asked["number"], epochs) as pruner:

        def after_epoch(record: EpochRecord) -> None:
            if record["validation"]["map"] is None:
                raise InputError("the validation shards hold no faces; the search needs some")
            values.append(record["validation"]["map"])
            if record["epoch"] < epochs and pruner.is_hopeless(record["epoch"], values[-1]):
                raise _Pruned(f"below the median of earlier trials after epoch {len(values)}")

        try:
            fitted = fit(plan, checkpoint, stop, after_epoch, tries)
            if is_first():
                found = detections_of(fitted.model, fitted.validation, bfloat16=fitted.bfloat16)
                error = standard_error(found, fitted.validation, plan.seed)
        except (Checkpointed, InputError):
            raise
        except _Pruned as why:
            state, reason = "pruned", str(why)
        except KilledTooOften as why:
            state, reason = "fail", str(why)
        except Exception as why:
            if not is_first():
                raise  # the launcher must know, or the first would wait
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
    log.info("trial %d: %s, mAP by epoch %s, reason %s", asked["number"], state, values, reason)
