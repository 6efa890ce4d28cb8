import optuna
import pytest
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend

from utils.analysis.report.trials import read_trials
from utils.errors import InputError
from utils.search.journal import seal_journal
from utils.search.study import NAME


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
