"""What is told of a run comes from its record, and names what a reader needs next."""

import pytest

from utils.dag import status_tables
from utils.dag.run_record import RunRecord


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "logs").mkdir()
    return tmp_path


@pytest.fixture
def record(folder):
    record = RunRecord(folder)
    record.update("split", state="done", tries=1, seconds=2.5, cpu_seconds=2.0, peak_mib=81.0)
    record.update("train", state="failed", tries=3, seconds=60.0, reason="ended with exit code 1")
    record.update("report", state="waiting")
    return record


def test_status_counts_the_jobs_and_names_those_that_need_a_look(record, folder):
    first, counts, *table = status_tables.status("failed", record, folder).splitlines()
    assert first == f"{folder}: failed"
    assert counts == "3 jobs: 1 failed, 1 waiting, 1 done"
    assert [line.split()[0] for line in table] == ["job", "train"]
    assert "ended with exit code 1" in table[1]


def test_status_before_the_start(folder):
    words = status_tables.status("planned", RunRecord(folder), folder)
    assert words.splitlines() == [f"{folder}: planned", "0 jobs: none started"]


def test_statistics_give_each_job_and_the_sum(record):
    head, *rows, total = status_tables.statistics("failed", record).splitlines()
    assert head.split() == ["job", "state", "tries", "seconds", "cpu", "s", "MiB", "where"]
    assert rows[0].split() == ["split", "done", "1", "2.5", "2.0", "81"]
    assert rows[2].split() == ["report", "waiting"]
    assert total == "failed; 62 s of jobs, 2 s of processors"


def test_an_analysis_gives_reason_last_lines_and_the_way_on(record, folder):
    record.update("train", log="logs/train.7.log")
    (folder / "logs" / "train.7.log").write_text("".join(f"line {n}\n" for n in range(40)))
    words = status_tables.analysis("failed", record, folder)
    assert f"train ended with exit code 1. Its log, {folder}/logs/train.7.log, ends:" in words
    shown = [line.strip() for line in words.splitlines() if line.startswith("    ")]
    assert shown == [f"line {n}" for n in range(28, 40)]
    assert words.endswith(f"python workflow.py --resume {folder}")


def test_an_analysis_of_a_job_that_never_started_says_that_it_wrote_nothing(record, folder):
    words = status_tables.analysis("failed", record, folder)
    assert f"exit code 1. It wrote nothing to its log, {folder}/logs/train.log." in words


def test_an_analysis_of_a_run_that_went_well_says_so(folder):
    assert (
        status_tables.analysis("done", RunRecord(folder), folder)
        == f"{folder}: done; no job failed"
    )


def test_a_log_that_never_came_back_is_no_obstacle(record, folder):
    assert "ended with exit code 1" in status_tables.analysis("failed", record, folder)


def test_an_analysis_of_a_log_without_line_breaks_shows_some_of_it(record, folder):
    (folder / "logs" / "train.log").write_text("x" * 5_000_000)
    assert len(status_tables.analysis("failed", record, folder)) < 5000


@pytest.mark.parametrize(("engine", "cached"), [("local", True), ("condor", False)])
def test_after_bad_input_the_way_on_is_to_mend_it_and_start_again(record, folder, engine, cached):
    record.update("train", state="failed", exit_code=2)
    record.describe(engine=engine, command="python workflow.py --data faces.zip", options={})
    words = status_tables.analysis("failed", record, folder)
    assert "Mend that and start the run again; --resume would read the same data again." in words
    assert words.endswith("\n    python workflow.py --data faces.zip")
    assert ("taken from the cache" in words) is cached
    assert "Go on with" not in words
    record.describe(options={"run_dir": "x"})
    assert "with another --run-dir" in status_tables.analysis("failed", record, folder)
