import json

import optuna
import pytest
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend

from utils.errors import InputError
from utils.records import read_record, write_record
from utils.search.journal import SEAL, check_journal, seal_journal
from utils.search.study import NAME, best, suggest


def search(folder):
    """Go through a search of two trials; return its last journal."""
    folder.mkdir()
    paths = [folder / f"{k}.json" for k in range(2)]
    suggest(None, [], folder / "1.log", paths, 1, 2, seed=4)
    results = []
    for path in paths:
        asked = read_record(path)
        record = {"state": "complete", "values": [0.5], "value": 0.5, "error": 0.1, "reason": None}
        write_record(path, record | {"number": asked["number"], "study": asked["study"]})
        results.append(path)
    best(folder / "1.log", results, folder / "study.log", folder / "best.json")
    return folder / "study.log"


def test_equal_searches_give_equal_bytes_at_any_time(tmp_path):
    first, second = search(tmp_path / "a"), search(tmp_path / "b")
    assert first.read_bytes() == second.read_bytes()
    assert str(tmp_path) not in first.read_text()
    times = {log.get("datetime_complete") for log in map(json.loads, first.open())}
    assert times == {None, "1970-01-01T00:00:00.000000+00:00"}


def test_optuna_reads_a_sealed_journal_as_any_other(tmp_path):
    journal = search(tmp_path / "a")
    storage = JournalStorage(JournalFileBackend(str(journal)))
    study = optuna.load_study(study_name=NAME, storage=storage)
    assert [trial.value for trial in study.trials] == [0.5, 0.5]
    assert study.user_attrs == {SEAL: check_journal(journal)}


def test_sealing_again_changes_nothing(tmp_path):
    journal = search(tmp_path / "a")
    before, digest = journal.read_bytes(), check_journal(journal)
    assert seal_journal(journal, tmp_path / "again.log") == digest
    assert (tmp_path / "again.log").read_bytes() == before


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda path: path.unlink(), "no such file"),
        (lambda path: path.write_bytes(b""), "not a whole one"),
        (lambda path: path.write_bytes(path.read_bytes()[:-1]), "not a whole one"),
        (lambda path: path.write_bytes(path.read_bytes() + b"\n"), "not a whole one"),
        (lambda path: path.write_bytes(path.read_bytes() + b"{}\n"), "not a whole one"),
        (lambda path: path.write_bytes(b'["sha256"]\n'), "not a whole one"),
    ],
)
def test_what_is_not_as_it_was_sealed_is_refused(tmp_path, change, words):
    journal = search(tmp_path / "a")
    change(journal)
    with pytest.raises(InputError, match=f"study.log: .*{words}"):
        check_journal(journal)
    journal.unlink(missing_ok=True)
    journal.mkdir()
    with pytest.raises(InputError, match="cannot be read"):
        check_journal(journal)
