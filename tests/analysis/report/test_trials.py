import optuna
import pytest
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend

from utils.analysis.report.trials import why_kept
from utils.errors import InputError
from utils.records import read_record
from utils.search.journal import seal_journal
from utils.search.study import NAME, best
from utils.search.trial_results import ERROR
from utils.search.trials import read_trials


def test_trials_are_read_with_their_states_and_curves(tmp_path) -> None:
    journal = tmp_path / "hpo_study.log"
    storage = JournalStorage(JournalFileBackend(str(journal)))
    study = optuna.create_study(storage=storage, study_name=NAME, direction="maximize")
    first, second = study.ask(), study.ask()
    for step, value in enumerate((0.1, 0.3), start=1):
        first.report(value, step)
    study.tell(first, 0.3)
    study.tell(second, state=optuna.trial.TrialState.FAIL)
    seal_journal(journal, journal)
    before = journal.read_bytes()
    trials = read_trials(journal)
    assert [(t["number"], t["state"], t["value"]) for t in trials] == [
        (0, "complete", 0.3),
        (1, "fail", None),
    ]
    assert trials[0]["values"] == [0.1, 0.3]
    assert journal.read_bytes() == before


@pytest.mark.parametrize("content", [None, b"", b"no journal\n"])
def test_what_is_no_journal_is_refused(tmp_path, content) -> None:
    journal = tmp_path / "hpo_study.log"
    if content is not None:
        journal.write_bytes(content)
    with pytest.raises(InputError, match=r"hpo_study\.log"):
        read_trials(journal)


STATES = {"pruned": optuna.trial.TrialState.PRUNED, "failed": optuna.trial.TrialState.FAIL}


@pytest.mark.parametrize(
    ("results", "kept", "words"),
    [
        ([0.30, 0.34, 0.33], 0, ["Trial 0 was kept", "0.300: no trial beat it by more than its"]),
        ([0.30, 0.34, 0.33], 0, ["trials 1, 2 reached more, at most 0.340"]),
        ([0.30, 0.31, 0.2], 0, ["trial 1 reached more, at most 0.310"]),
        ([0.30, 0.36, 0.4], 2, ["Trial 2 was kept", "higher than trial 0", "(0.300)", "(0.050)"]),
        ([0.30, 0.30, 0.30], 0, ["no trial reached more"]),
        ([0.30, 0.2, "pruned"], 0, ["no trial reached more"]),
        ([0.30, "failed", "pruned"], 0, ["no other trial was completed"]),
        (["failed", 0.2, 0.25], 2, ["Trial 2 was kept", "Trial 0", "failed"]),
        (["pruned", 0.2, 0.1], 1, ["highest of the trials that were completed", "stopped early"]),
        ([0.0, 0.0], 0, ["Trial 0 was kept", "0.000: no trial reached more"]),
    ],
)
def test_which_trial_was_kept_and_why_is_what_the_search_did(tmp_path, results, kept, words):
    journal = tmp_path / "hpo_study.log"
    storage = JournalStorage(JournalFileBackend(str(journal)))
    study = optuna.create_study(storage=storage, study_name=NAME, direction="maximize")
    for trial, result in zip([study.ask() for _ in results], results, strict=True):
        if isinstance(result, str):
            study.tell(trial, state=STATES[result])
        else:
            trial.set_user_attr(ERROR, 0.05)
            study.tell(trial, result)
    seal_journal(journal, journal)
    best(journal, [], tmp_path / "whole.log", tmp_path / "params.json")
    params = read_record(tmp_path / "params.json")
    told = why_kept(params, read_trials(tmp_path / "whole.log"))
    assert params["number"] == kept
    for part in words:
        assert part in told
