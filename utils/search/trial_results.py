"""What became of trials: their results as files, told to the study, and what the study knows."""

import logging
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import optuna
from optuna.trial import FrozenTrial, Trial, TrialState

from utils.errors import InputError
from utils.records import read_record
from utils.search.space import default_params

STATES = {
    "complete": TrialState.COMPLETE,
    "pruned": TrialState.PRUNED,
    "fail": TrialState.FAIL,
}
REASON = "reason"  # the user attribute that says why a trial failed
ERROR = "error"  # the user attribute that holds the objective's standard error
RECIPE = "recipe"  # the user attribute that holds where the search started

LOST = "no usable result came back"
"""The reason of a failure that has no other."""

log = logging.getLogger(__name__)


def tell(study: optuna.Study, results: Sequence[Path], digest: str | None) -> None:
    """Tell the records of finished trials, in the order of their numbers.

    A result that the study knows already is passed over. One that cannot be used (empty, damaged,
    not a number) is named in the log. A trial without a usable result has failed: the search goes
    on, and its record says so.

    Parameters
    ----------
    digest
        Of the journal (`check_journal`), which a new result carries as well.

    Raises
    ------
    InputError
        If a result is of another study or round, or contradicts what was told before.
    """
    told: dict[int, dict[str, Any]] = {}
    trials = {trial.number: trial for trial in study.get_trials(deepcopy=False)}
    for path in results:
        record = _read_result(path)
        if record is None:
            continue
        number = record["number"]
        trial = trials.get(number)
        finished = trial is not None and trial.state.is_finished()
        if trial is None or not (finished or record.get("study") == digest):
            raise InputError(
                f"{path}: trial {number} does not belong to this study of {len(trials)} trials; "
                "results and study come from different runs or rounds"
            )
        before = _told(trial) if finished else told.get(number)
        if before and any(before[name] != record[name] for name in ("state", "value", "values")):
            raise InputError(
                f"{path}: trial {number} was told with another result before; keep one of the two"
            )
        if before:
            log.info("%s: trial %d was told before", path, number)
        else:
            told[number] = record
    for number in sorted(told):
        _tell_one(study, trials[number], told[number])
    lost = [trial.number for trial in study.get_trials(states=[TrialState.RUNNING])]
    for number in lost:
        Trial(study, trials[number]._trial_id).set_user_attr(REASON, LOST)
        study.tell(number, state=TrialState.FAIL)
    if lost:
        names = ", ".join(map(str, lost))
        log.warning("%d trials without a usable result count as failed: %s", len(lost), names)


def _tell_one(study: optuna.Study, trial: FrozenTrial, record: dict[str, Any]) -> None:
    running = Trial(study, trial._trial_id)
    for step, value in enumerate(record["values"], start=1):
        running.report(value, step)
    running.set_user_attr(ERROR, record["error"])
    if record["reason"]:
        running.set_user_attr(REASON, record["reason"])
    study.tell(trial.number, record["value"], state=STATES[record["state"]])


def _read_result(path: Path) -> dict[str, Any] | None:
    """Return the record of a trial; None, and the log says why, if it cannot be used."""
    try:
        record = read_record(path)
        wrong = [name for name, right in _RESULT.items() if not right(record.get(name))]
        if record.get("state") == "complete":
            wrong += [name for name in ("value", "error") if record.get(name) is None]
        elif record.get("value") is not None:
            wrong.append("value")
        if wrong:
            raise InputError(f"{path}: field {wrong[0]!r} is {record.get(wrong[0])!r}")
    except InputError as error:
        log.warning("result left unused: %s", error)
        return None
    return record


def _is_number(value: Any) -> bool:
    return type(value) in (int, float) and math.isfinite(value)


_RESULT = {
    "number": lambda value: type(value) is int,
    "state": lambda value: isinstance(value, str) and value in STATES,
    "values": lambda value: isinstance(value, list) and all(map(_is_number, value)),
    "value": lambda value: value is None or _is_number(value),
    "error": lambda value: value is None or _is_number(value),
    "reason": lambda value: value is None or isinstance(value, str),
}
"""What the fields of a result must be."""


def _told(trial: FrozenTrial) -> dict[str, Any]:
    record = trial_record(trial)
    return record | {"value": record["value"] if record["state"] == "complete" else None}


def trial_record(trial: FrozenTrial) -> dict[str, Any]:
    """Return what the report tells of a trial."""
    states = {state: name for name, state in STATES.items()}
    params = default_params() | trial.user_attrs.get(RECIPE, {})
    params |= trial.params
    return {
        "number": trial.number,
        "state": states.get(trial.state, "running"),
        "value": trial.value,
        "values": [value for _, value in sorted(trial.intermediate_values.items())],
        "error": trial.user_attrs.get(ERROR),
        "reason": trial.user_attrs.get(REASON),
        "params": params,
    }
