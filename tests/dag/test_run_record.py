import pytest

from utils.dag.run_record import Outcome, RunRecord, open_record
from utils.errors import InputError


def test_the_record_survives_and_adds_up(tmp_path):
    record = RunRecord(tmp_path)
    record.describe(engine="local")
    record.update("train", state="failed", reason="ended with exit code 1")
    record.add_usage("train", Outcome(1, 2.0, 1.0, 100.0))
    record.add_usage("train", Outcome(0, 3.0, 2.5, 80.0))
    record.write()
    again = RunRecord(tmp_path)
    assert again["engine"] == "local"
    assert again["jobs"]["train"]["seconds"] == 5.0
    assert again["jobs"]["train"]["cpu_seconds"] == 3.5
    assert again["jobs"]["train"]["peak_mib"] == 100.0
    assert again.failed() == {"train": "ended with exit code 1"}
    assert not again.is_done("train")


def test_a_folder_that_was_not_planned_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"not a run folder \(it has no run\.json and no wo"):
        open_record(tmp_path)
    (tmp_path / "run.json").touch()
    with pytest.raises(InputError, match=r"not planned to the end \(it has no workflow\.yml\)"):
        open_record(tmp_path)


def test_a_record_that_takes_long_to_write_is_written_less_often(tmp_path, monkeypatch):
    now, written = [100.0], []

    def slow(path, content) -> None:
        written.append(now[0])
        now[0] += 0.5

    monkeypatch.setattr("utils.dag.run_record.time.monotonic", lambda: now[0])
    monkeypatch.setattr("utils.dag.run_record.write_record", slow)
    record = RunRecord(tmp_path)
    for _ in range(60):
        record.update("job", state="running")
        now[0] += 0.5
    assert written == [100.0, 110.5, 121.0]
