"""``runs``: what there is in a folder of runs, each as what it is."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

import workflow
from tests.tracking.made import DATA, answer, evaluation, make_run
from utils.dag.run_folder import locked
from utils.tracking.described import describe
from utils.tracking.recorded import find_runs, read_run
from utils.tracking.table import SORTS, rows_of, table_of, usual_options


@pytest.fixture
def runs(tmp_path):
    """Three runs that are done, of two versions of the data, and one that failed."""
    found = {"evaluation.json": evaluation(0.8), "prevalence.json": answer(0.6)}
    make_run(tmp_path / "a", outputs=found, created="2026-11-27T08:00:00+0000", epochs=30)
    found = {"evaluation.json": evaluation(0.9), "prevalence.json": answer(None, "too poor")}
    make_run(tmp_path / "b", outputs=found, created="2026-11-27T09:00:00+0000", epochs=12)
    found = {
        "evaluation.json": {
            "average_precision": None,
            "classification": {"balanced_accuracy": 0.75, "classes": {}},
        },
        "prevalence.json": answer(0.4, "shifted"),
    }
    make_run(tmp_path / "c", outputs=found, created="2026-11-27T07:00:00+0000", task="classify")
    states = {"split_data": "done", "train_model": "failed", "evaluate": "waiting"}
    make_run(tmp_path / "d", jobs=states, created="2026-11-27T10:00:00+0000", data="ff" * 32)
    return tmp_path


def by_name(folder):
    return {row["run"]: row for row in rows_of(find_runs([folder]))}


def test_each_run_is_told_with_what_it_found(runs):
    rows = by_name(runs)
    assert list(rows) == ["d", "b", "a", "c"]  # the newest first
    assert [rows[name]["state"] for name in "abcd"] == ["done", "done", "done", "failed"]
    assert (rows["a"]["map"], rows["a"]["map_50"]) == (pytest.approx(0.6), 0.8)
    assert (rows["c"]["map"], rows["c"]["balanced_accuracy"]) == (None, 0.75)
    assert rows["a"]["answer"]["interval"] == [0.5, 0.7]
    assert rows["b"]["answer"]["share"] is None
    assert rows["d"]["answer"] is None
    assert rows["a"]["data"] == DATA
    assert rows["d"]["data"] == "ff" * 32
    assert rows["d"]["jobs"] == {"done": 1, "failed": 1, "waiting": 1}


def test_options_are_told_where_they_differ_and_nowhere_else(runs):
    rows, usual = by_name(runs), usual_options(find_runs([runs]))
    assert usual["epochs"] == 12
    assert "seed" not in usual
    assert rows["a"]["differs"] == {"epochs": 30}
    assert rows["b"]["differs"] == {}
    assert rows["c"]["differs"]["task"] == "classify"
    assert rows["c"]["options"]["epochs"] == 12


def test_where_a_run_is_kept_and_how_it_is_watched_are_no_differences(tmp_path):
    make_run(tmp_path / "a", cores=2, verbose=True, run_dir=tmp_path / "a")
    make_run(tmp_path / "b", cores=4)
    assert usual_options(find_runs([tmp_path])) == {}


def test_options_of_an_older_version_are_its_defaults(tmp_path):
    make_run(tmp_path / "old", record={"options": {"epochs": 12, "name": "x"}})
    make_run(tmp_path / "new")
    assert by_name(tmp_path)["old"]["task"] == "detect"
    assert set(usual_options(find_runs([tmp_path]))) == {"name"}


@pytest.mark.parametrize(
    ("sort", "order"),
    [("when", "dbac"), ("run", "abcd"), ("map_50", "bacd"), ("answer", "acbd"), ("data", "abcd")],
)
def test_rows_are_sorted_by_any_column_and_those_without_it_come_last(runs, sort, order):
    rows = rows_of(find_runs([runs]), sort)
    assert "".join(row["run"] for row in rows) == order


def test_what_is_no_whole_run_is_listed_as_what_it_is(tmp_path):
    (tmp_path / "photos").mkdir()
    (tmp_path / "cut" / "logs").mkdir(parents=True)
    (tmp_path / "cut" / "output").mkdir()
    (make_run(tmp_path / "unplanned") / "workflow.yml").unlink()
    (make_run(tmp_path / "torn") / "run.json").write_text('{"schema": 1, "jo')
    make_run(tmp_path / "other") / "run.json"
    (tmp_path / "other" / "run.json").write_text('{"schema": 7, "jobs": {}}')
    make_run(tmp_path / "odd", record={"jobs": {"evaluate": 3}})
    make_run(tmp_path / "strange", record={"options": {"task": "sing"}})
    make_run(tmp_path / "shapeless", outputs={"evaluation.json": {"average_precision": 3}})
    scrap = make_run(tmp_path / "scrap", outputs={"evaluation.json": evaluation(0.5)})
    (scrap / "output" / "prevalence.json").write_text("no JSON")
    empty = make_run(tmp_path / "empty", jobs={"evaluate": "failed"})
    (empty / "output" / "evaluation.json").touch()  # as a job that failed leaves it
    (tmp_path / ".cache").mkdir()
    (tmp_path / "notes.txt").touch()
    rows = by_name(tmp_path)
    assert {name: row["state"] for name, row in rows.items()} == {
        "photos": "no run",
        "cut": "half-made",
        "unplanned": "half-made",
        "torn": "broken",
        "other": "broken",
        "odd": "broken",
        "strange": "broken",
        "shapeless": "broken",
        "scrap": "done",
        "empty": "failed",
    }
    assert "schema" in rows["other"]["trouble"][0]
    assert (rows["scrap"]["map_50"], rows["scrap"]["answer"]) == (0.5, None)
    assert "prevalence.json: not a JSON file" in rows["scrap"]["trouble"][0]
    assert rows["empty"]["trouble"] == []
    text = table_of(list(rows.values()), {})
    assert "2 runs, 8 other folders" in text
    assert "unplanned: it has no workflow.yml" in text


@pytest.mark.parametrize(
    ("field", "told"),
    [
        ({"created": 12}, "created is 12"),
        ({"created": "yesterday"}, "'yesterday' does not match"),
        ({"options": 7}, "options is 7"),
        ({"data": "x"}, "data is x"),
        ({"digests": [1]}, "digests is [1]"),
        ({"versions": []}, "versions is []"),
        ({"jobs": None}, "run.json: is not as this version writes it"),
        ({"jobs": {"a": {"state": "flying"}}}, "the state of a job is flying"),
    ],
)
def test_a_field_that_is_none_of_ours_is_named_and_harms_no_other_row(tmp_path, field, told):
    make_run(tmp_path / "odd", record=field)
    make_run(tmp_path / "whole")
    rows = by_name(tmp_path)
    assert (rows["odd"]["state"], rows["whole"]["state"]) == ("broken", "done")
    assert told in rows["odd"]["trouble"][0]


def test_options_of_any_shape_and_measures_that_are_no_numbers_stop_no_table(tmp_path):
    options = {"epochs": {"from": 1}, "seed": [[1], 2], "of_tomorrow": {}}
    make_run(tmp_path / "a", record={"options": options})
    share = answer(0.5)
    share["properly_masked"]["share"] = "half"
    make_run(tmp_path / "b", outputs={"prevalence.json": share})
    make_run(tmp_path / "c", outputs={"evaluation.json": {"average_precision": {"map": "x"}}})
    rows = by_name(tmp_path)
    assert [rows[name]["state"] for name in "abc"] == ["done", "broken", "broken"]
    assert "map is x" in rows["c"]["trouble"][0]
    for sort in SORTS:
        assert len(rows_of(find_runs([tmp_path]), sort)) == 3


def test_links_that_lead_nowhere_or_round_and_folders_that_cannot_be_read(tmp_path, monkeypatch):
    make_run(tmp_path / "run")
    make_run(tmp_path / "secret")
    for name, target in (("round", "round"), ("nowhere", "no"), ("up", "."), ("again", "run")):
        (tmp_path / name).symlink_to(tmp_path / target)
    real = Path.exists

    def exists(self):
        if "secret" in str(self):
            raise PermissionError(13, "Permission denied", str(self))
        return real(self)

    monkeypatch.setattr(Path, "exists", exists)
    rows = by_name(tmp_path)
    states = {name: row["state"] for name, row in rows.items()}
    assert states == {"run": "done", "secret": "broken", "up": "no run"}
    assert rows["secret"]["trouble"][0].endswith("cannot be read (Permission denied)")


def test_a_name_that_would_move_the_cursor_is_a_row_like_any(tmp_path):
    make_run(tmp_path / "a\u202eb\nc\x1b[2J")
    lines = table_of(rows_of(find_runs([tmp_path])), {}).splitlines()
    assert len(lines) == 3 and "a\\u202eb\\nc\\x1b[2J" in lines[1]


@pytest.mark.parametrize(
    ("engine", "states", "told", "state"),
    [
        ("local", {}, {}, "planned"),
        ("local", {"a": "running", "b": "done"}, {}, "stopped"),  # its engine was killed
        ("local", {"a": "cached", "b": "done"}, {}, "done"),
        ("condor", {"a": "waiting"}, {}, "planned"),
        ("condor", {"a": "waiting"}, {"dagman": 7}, "running"),
        ("condor", {"a": "idle", "b": "done"}, {"dagman": 7}, "running"),
        ("condor", {"a": "stopped", "b": "done"}, {"dagman": 7}, "stopped"),
        ("condor", {"a": "done"}, {"dagman": 7}, "done"),
        ("pegasus", {}, {"submit_folder": "x", "submitted": False}, "planned"),
        ("pegasus", {}, {"submit_folder": "x", "submitted": True}, "running"),
    ],
)
def test_the_state_of_a_run_follows_from_its_records(tmp_path, engine, states, told, state):
    make_run(tmp_path / "run", jobs=states, record={"engine": engine, **told})
    assert read_run(tmp_path / "run").state == state


def test_a_run_of_pegasus_is_done_when_its_answer_is_there(tmp_path):
    told = {"engine": "pegasus", "submitted": True}
    make_run(tmp_path / "run", jobs={}, record=told, outputs={"prevalence.json": answer(0.5)})
    assert read_run(tmp_path / "run").state == "done"


def test_a_run_that_an_engine_holds_is_running(tmp_path):
    make_run(tmp_path / "run", jobs={"a": "running"})
    with locked(tmp_path / "run"):
        assert read_run(tmp_path / "run").state == "running"
    assert read_run(tmp_path / "run").state == "stopped"


def test_the_command_prints_a_table_or_json(runs, capsys):
    assert workflow.main(["runs", str(runs), "--sort", "map"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split()[:4] == ["when", "run", "state", "task"]
    assert lines[1].split()[2] == "b"
    assert lines[1].endswith("no answer")
    assert "40 % (30 to 50)!" in lines[3]
    assert "failed 1/3" in lines[4]
    usual = next(line for line in lines if line.startswith("Where no option is named: "))
    assert " epochs=12 " in usual
    assert workflow.main(["runs", "--json", str(runs / "a"), str(runs), str(runs / "d")]) == 0
    record = json.loads(capsys.readouterr().out)
    assert record["schema"] == 1
    assert [row["run"] for row in record["runs"]] == ["d", "b", "a", "c"]  # each once


def test_a_folder_without_runs_says_so(tmp_path, capsys):
    assert workflow.main(["runs", str(tmp_path)]) == 0
    assert capsys.readouterr().out == "No runs\n"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["runs", "/no/such"], "/no/such: no such folder"),
        (["runs", "--sort", "luck"], "--sort: takes one of when, run, state"),
        (["runs", "--epochs", "3"], "--epochs: is not for `runs`"),
        (["--sort", "when"], "--sort: is for `runs`"),
        (["status", "a", "b"], "status: takes one run folder, not 2: a, b"),
    ],
)
def test_what_it_does_not_take_is_refused(capsys, arguments, words):
    assert workflow.main(arguments) == 2
    assert words in capsys.readouterr().err


def test_listing_runs_needs_neither_torch_nor_numpy(runs):
    script = (
        "import sys, workflow\n"
        f"assert workflow.main(['runs', {str(runs)!r}]) == 0\n"
        "assert not {'torch', 'numpy', 'mlflow', 'matplotlib'} & set(sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_the_version_of_the_data_is_that_of_the_record_and_its_name_that_of_the_store(tmp_path):
    told = {"photos": 3, "version": "ab" * 32, "called": "masks@abababababab"}
    run = read_run(make_run(tmp_path / "new", record={"data": told}))
    older = read_run(make_run(tmp_path / "older"))
    assert (run.data_version, run.packed_data) == ("ab" * 32, DATA)
    assert older.data_version == older.packed_data == DATA and older.data_called is None
    (data,) = describe(run).data
    assert (data.digest, data.source) == ("ab" * 32, "masks@abababababab")
    assert describe(run).tags["data.called"] == "masks@abababababab"
    text = table_of(rows_of([run, older]), {})
    assert "masks@abababababab" in text and DATA[:12] in text
