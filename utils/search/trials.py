"""The trials of a finished search, read from its journal."""

from pathlib import Path
from typing import Any

import optuna
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend

from utils.errors import InputError
from utils.search.journal import check_journal
from utils.search.study import NAME
from utils.search.trial_results import trial_record


def read_trials(journal: Path) -> list[dict[str, Any]]:
    """Return the record of each trial (`trial_record`), by number.

    Raises
    ------
    InputError
        If the file is not the journal of a search by ``bin/hpo.py``.
    """
    check_journal(journal)
    try:
        storage = JournalStorage(JournalFileBackend(str(journal)))
        study = optuna.load_study(study_name=NAME, storage=storage)
    except (KeyError, ValueError) as error:
        raise InputError(
            f"{journal}: not the journal of a search ({error}); run the search again"
        ) from error
    return [trial_record(trial) for trial in study.get_trials(deepcopy=False)]
