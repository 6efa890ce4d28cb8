"""The hyper-parameter study: ask-and-tell over a journal file that travels along the DAG.

Optuna's journal is copied at every step and never written where it was found, so each job has its
inputs as they were, and a job that is repeated starts from the same study.
"""

import logging
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import optuna
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend
from optuna.trial import Trial

from utils.errors import InputError
from utils.records import write_record
from utils.search.importance import importance
from utils.search.journal import check_journal, seal_journal
from utils.search.space import (
    Space,
    default_params,
    default_space,
    moved_into,
    space_of,
    suggest_params,
)
from utils.search.trial_results import RECIPE, STATES, tell, trial_record
from utils.seed import derive_seed

NAME = "mask-detection"

log = logging.getLogger(__name__)


def suggest(
    study: Path | None,
    results: Sequence[Path],
    study_out: Path,
    suggestions: Sequence[Path],
    round_number: int,
    trials: int,
    seed: int,
    start: dict[str, Any] | None = None,
    space: Space | None = None,
) -> None:
    """Tell `results` to `study`, and ask it for as many sets of parameters as `suggestions`.

    Parameters
    ----------
    study
        Journal of the round before, None in the first.
    study_out
        The journal with the results told and the new trials asked.
    round_number, trials
        The number of this round, from 1, and of the trials in all rounds.
    start
        Parameters where the search starts, if not at the defaults; the same in every round.
    space
        What is searched, the same in every round; by default `default_space`. The first trial is
        `start`, or as near to it as this allows.

    Raises
    ------
    InputError
        If the journal cannot be used, or a result is not of this study (see `tell`).
    """
    begin = default_params() | (start or {})
    if space is None and not begin["weight_decay"] > 0:
        raise InputError(
            "--recipe: weight_decay: the search goes by its logarithm, so it cannot start at 0; "
            "give a small one, say what is searched (--search), or search nothing (--trials 0)"
        )
    space = default_space(begin) if space is None else space
    begin = moved_into(space, begin)
    # Of independent random trials, as many as a quarter, before the sampler models what it saw.
    sampler = optuna.samplers.TPESampler(
        seed=derive_seed(seed, "suggest", round_number),
        n_startup_trials=max(2, min(10, trials // 4)),
        constant_liar=True,  # trials of one round keep away from each other
    )
    digest = check_journal(study) if study else None
    with _copied(study, study_out, sampler=sampler) as opened:
        if study is None:
            opened.enqueue_trial({name: begin[name] for name in space})
        tell(opened, results, digest)
        asked = [_ask(opened, round_number, space, begin, start or {}) for _ in suggestions]
    of_study = {"study": check_journal(study_out)}
    for path, record in zip(suggestions, asked, strict=True):
        write_record(path, record | of_study)
        log.info("trial %d: %s", record["number"], record["params"])


def _ask(
    study: optuna.Study,
    round_number: int,
    space: Space,
    begin: dict[str, Any],
    given: dict[str, Any],
) -> dict[str, Any]:
    trial = study.ask()
    trial.set_user_attr(RECIPE, given)
    params = suggest_params(trial, space, begin)
    return {"number": trial.number, "round": round_number, "params": params}


def best(study: Path, results: Sequence[Path], study_out: Path, params: Path) -> list[dict]:
    """Tell the last `results`, write the best trial's parameters, and return all trials' records.

    A trial is better than the first one, where the search started, if its objective is higher by
    more than the first one's standard error over the validation photographs (Breiman et al. 1984):
    of several trials with equal parameters, too, one is highest.

    Raises
    ------
    InputError
        If no trial was completed; the message says what became of each. Else as `suggest`.
    """
    digest = check_journal(study)
    with _copied(study, study_out) as opened:
        tell(opened, results, digest)
        trials = [trial_record(trial) for trial in opened.trials]
        number_of = {state: sum(t["state"] == state for t in trials) for state in STATES}
        if not number_of["complete"]:
            reasons = "; ".join(f"trial {t['number']}: {t['reason'] or t['state']}" for t in trials)
            raise InputError(f"{study}: no trial of the search was completed ({reasons})")
        winner = _winner(trials, opened.best_trial.number)
        record = {
            "number": winner["number"],
            "value": winner["value"],
            "highest": trials[opened.best_trial.number]["value"],
            "error": trials[0]["error"],
            "params": winner["params"],
            "trials": len(trials),
            "complete": number_of["complete"],
            "pruned": number_of["pruned"],
            "failed": number_of["fail"],
            "searched": {name: it.as_record() for name, it in space_of(opened.trials[0]).items()},
            "importance": importance(opened),
        }
        write_record(params, record)
    log.info("best of %d trials: %s", len(trials), record)
    return trials


def _winner(trials: list[dict[str, Any]], highest: int) -> dict[str, Any]:
    first, best = trials[0], trials[highest]
    if first["state"] != "complete" or best["value"] > first["value"] + first["error"]:
        return best
    return first


class Pruner:
    """Says whether a running trial is worse than the median of those that rounds before completed.

    Works on a copy of the journal in a folder of its own; close it after use.
    """

    def __init__(self, study: Path, number: int, epochs: int) -> None:
        check_journal(study)
        self._folder = tempfile.TemporaryDirectory(prefix="study-")
        copy = Path(shutil.copyfile(study, Path(self._folder.name) / "study.log"))
        # A third of the schedule passes, and four trials are completed, before any is judged.
        pruner = optuna.pruners.MedianPruner(n_startup_trials=4, n_warmup_steps=max(1, epochs // 3))
        opened = _open(copy, study, pruner=pruner)
        trials = {trial.number: trial for trial in opened.trials}
        if number not in trials or trials[number].state.is_finished():
            raise InputError(f"{study}: has no running trial {number}; it is of another round")
        self._trial = Trial(opened, trials[number]._trial_id)

    def is_hopeless(self, epoch: int, value: float) -> bool:
        """Report the objective after `epoch` (from 1) and judge the trial."""
        self._trial.report(value, epoch)
        return self._trial.should_prune()

    def __enter__(self) -> "Pruner":
        return self

    def __exit__(self, *_: object) -> None:
        self._folder.cleanup()


@contextmanager
def _copied(study: Path | None, output: Path, **options: Any) -> Iterator[optuna.Study]:
    """Open a copy of the journal `study` (or a new one); it becomes `output` if all goes well."""
    with tempfile.TemporaryDirectory(prefix="study-") as folder, _quiet_optuna():
        copy = Path(folder) / "study.log"
        if study is not None:
            shutil.copyfile(study, copy)
        yield _open(copy, study, **options)
        seal_journal(copy, output)


@contextmanager
def _quiet_optuna() -> Iterator[None]:
    """Let Optuna log warnings only: what it does is told in our words."""
    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(max(before, optuna.logging.WARNING))
    try:
        yield
    finally:
        optuna.logging.set_verbosity(before)


def _open(copy: Path, shown: Path | None, **options: Any) -> optuna.Study:
    try:
        storage = JournalStorage(JournalFileBackend(str(copy)))
        if shown is None:
            return optuna.create_study(
                storage=storage, study_name=NAME, direction="maximize", **options
            )
        return optuna.load_study(storage=storage, study_name=NAME, **options)
    except (ValueError, KeyError) as error:
        raise InputError(f"{shown}: not a journal of this study ({error})") from error
