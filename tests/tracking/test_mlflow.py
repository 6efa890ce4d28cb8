"""What runs were told and found, in MLflow: all of it, once, whatever came between."""

import json
import shutil
import socket
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

import workflow
from tests.tracking.made import make_run
from tests.tracking.read_back import tracked
from tests.waiting import until
from utils.errors import InputError
from utils.records import read_record, write_record
from utils.tracking.addresses import shown, tracking_address, without_address
from utils.tracking.described import describe
from utils.tracking.following import Following, track_runs
from utils.tracking.mlflow_store import DIGEST, Store
from utils.tracking.recorded import read_run


def content(address: str) -> list[str]:
    """Return all rows of a store, in any order."""
    with sqlite3.connect(address.removeprefix("sqlite:///")) as store:
        return sorted(store.iterdump())


def test_a_client_reads_everything_back(finished, address):
    folder = finished("run", data="ab" * 32)
    assert "run: done, tracked" in track_runs([folder], address)
    found = tracked(address)
    assert len(found) == 3  # the run and its two trials
    identity = next(key[0] for key in found)
    run, first, second = (found[identity, trial] for trial in (None, "0", "1"))
    assert (run["name"], run["experiment"], run["status"]) == ("run", "mask-detection", "FINISHED")
    assert run["params"]["epochs"] == "12"
    assert run["params"]["recipe.optimizer"] == "adamw"
    assert "cores" not in run["params"]
    assert run["tags"]["mlflow.source.git.commit"] == "1" * 40
    assert run["tags"]["package.torch"] == "2.14.1"
    assert run["tags"]["machine"] == "system Linux, cores 2"
    assert run["tags"]["mlflow.note.content"].endswith("\n- shifted")
    series = {name: [value for _, value, _ in it] for name, it in run["history"].items()}
    assert series["training/learning_rate"] == [0.1, 0.05, pytest.approx(0.1 / 3)]
    assert [step for step, *_ in run["history"]["training/loss/total"]] == [1, 2, 3]
    assert series["training/validation/map"] == pytest.approx([0.2, 0.4, 0.6])
    assert series["test/average_precision/map"] == [0.5]
    assert series["test/average_precision/map/low"] == [0.4]
    assert series["test/average_precision/map/high"] == [0.6]
    assert series["answer/properly_masked/share"] == [0.6]
    assert series["jobs/train_model/peak_mib"] == [64.0]
    assert not [name for name in series if "per_photo" in name or name.endswith("/below")]
    sides = [(name, digest, context) for name, digest, _, context in run["inputs"]]
    assert sides == [
        ("annotated photographs: test", "ab" * 18, "test"),
        ("annotated photographs: train", "ab" * 18, "train"),
    ]
    assert json.loads(run["inputs"][0][2])["sha256"] == "ab" * 32
    assert run["files"]["report.html"] == b"<p>the report</p>"
    assert run["files"]["mask_detection_model.pth"] == b"weights"
    left = {"predicted_images_0.tar", "predictions_0.json", "mistakes.png"}
    assert not left & run["files"].keys()  # photographs, and what a job that failed has left
    assert first["child of"] == second["child of"] == identity
    assert [value for _, value, _ in first["history"]["validation"]] == [0.1, 0.3]
    assert (first["status"], second["status"]) == ("FINISHED", "FAILED")
    assert first["tags"]["kept"] == "yes"
    assert "kept" not in second["tags"]


def test_to_track_twice_adds_nothing(finished, address):
    folder = finished("run")
    track_runs([folder], address)
    before = content(address)
    assert "is tracked already" in track_runs([folder], address)
    assert content(address) == before
    from mlflow.tracking import MlflowClient

    client = MlflowClient(address)  # as if it had been cut off before its last step
    for one in client.search_runs([client.get_experiment_by_name("mask-detection").experiment_id]):
        client.delete_tag(one.info.run_id, DIGEST)
    assert ", tracked" in track_runs([folder], address)
    assert content(address) == before


EMPTIED = """
delete from metrics; delete from latest_metrics; delete from params; delete from tags;
delete from input_tags; delete from inputs; delete from datasets; delete from runs;
delete from experiments where name != 'Default';
"""


class Killed(BaseException):
    """Ends it where it is, as a signal does."""


def test_cut_off_at_any_step_and_tracked_again_it_is_as_undisturbed(
    finished, address, monkeypatch, tmp_path
):
    folder, store = finished("run"), Store(address)
    run = describe(read_run(folder))
    calls = ("create_experiment", "create_run", "log_batch", "log_inputs", "log_artifact")
    calls += ("set_tag", "set_terminated")
    left = [10**6]

    def cut(name: str) -> Any:
        real = getattr(type(store.client), name)

        def call(*args: Any, **kwargs: Any) -> Any:
            if left[0] == 0:
                raise Killed
            left[0] -= 1
            return real(store.client, *args, **kwargs)

        return call

    for name in calls:
        monkeypatch.setattr(store.client, name, cut(name))
    store.track(run)
    steps = 10**6 - left[0]
    assert steps > 25
    [whole] = [tracked(address)]
    database = Path(address.removeprefix("sqlite:///"))
    for step in range(1, steps, 6):
        with sqlite3.connect(database) as raw:
            raw.executescript(EMPTIED)
        shutil.rmtree(database.parent / "artifacts")
        left[0] = step
        with pytest.raises(Killed):
            store.track(run)
        left[0] = 10**6
        assert store.track(run)
        assert tracked(address) == whole, step


def test_a_run_is_completed_as_it_goes_on_and_what_failed_once_is_forgotten(finished, address):
    whole = finished("whole")
    record = read_record(whole / "run.json")
    outputs = {path.name: path.read_bytes() for path in (whole / "output").iterdir()}
    shutil.rmtree(whole / "output")
    (whole / "output").mkdir()
    jobs = record["jobs"]
    jobs["train_model"] = {"state": "failed", "reason": "was killed", "seconds": 1}
    jobs["evaluate"] = jobs["report"] = {"state": "waiting"}
    write_record(whole / "run.json", {k: v for k, v in record.items() if k != "schema"})
    assert "whole: failed, tracked" in track_runs([whole], address)
    [run] = tracked(address).values()
    assert (run["status"], run["tags"]["failed.train_model"]) == ("FAILED", "was killed")
    assert "jobs/split_data/seconds" in run["history"]
    assert "jobs/train_model/seconds" not in run["history"]  # it may still take more
    shutil.rmtree(whole)
    finished("whole")
    for name, content in outputs.items():
        (whole / "output" / name).write_bytes(content)
    track_runs([whole], address)
    run = next(one for key, one in tracked(address).items() if key[1] is None)
    assert run["status"] == "FINISHED"
    assert "failed.train_model" not in run["tags"]
    assert len(run["history"]["training/loss/total"]) == 3
    assert [len(values) for values in run["history"].values()].count(1) > 10


def test_a_measure_that_is_another_now_is_the_latest(finished, address):
    folder = finished("run")
    track_runs([folder], address)
    path = folder / "output" / "evaluation.json"
    path.write_text(path.read_text().replace('"map": 0.5', '"map": 0.25'))
    track_runs([folder], address)
    run = next(one for key, one in tracked(address).items() if key[1] is None)
    history = sorted(run["history"]["test/average_precision/map"], key=lambda one: one[2])
    assert [value for _, value, _ in history] == [0.5, 0.25]
    from mlflow.tracking import MlflowClient

    client = MlflowClient(address)
    found = client.search_runs(["1"], "metrics.`test/average_precision/map` = 0.25")
    assert len(found) == 1


def test_engines_give_equal_content(finished):
    jobs = {"dagman": 5}, {"submitted": True, "jobs": {}}
    runs = [
        describe(read_run(finished("local"))),
        describe(read_run(finished("condor", record={"engine": "condor", **jobs[0]}))),
        describe(read_run(finished("pegasus", record={"engine": "pegasus", **jobs[1]}))),
    ]
    measures = [{k: v for k, v in run.metrics.items() if "jobs/" not in k[0]} for run in runs]
    assert measures[0] == measures[1] == measures[2]
    assert len(measures[0]) > 10
    for field in ("params", "data", "status"):
        assert len({str(getattr(run, field)) for run in runs}) == 1, field
    assert {tuple(run.files) for run in runs} == {tuple(runs[0].files)}
    trials = [[(t.params, t.metrics, t.status) for t in run.trials] for run in runs]
    assert trials[0] == trials[1] == trials[2]
    tags = [{k: v for k, v in run.tags.items() if k not in ("engine",)} for run in runs]
    assert tags[0] == tags[1] == tags[2]


def test_an_interval_with_one_end_and_a_record_of_another_version_stop_no_tracking(finished):
    folder = finished("run")
    path = folder / "output" / "prevalence.json"

    def write(interval: list[Any]) -> None:
        told = json.loads(path.read_text())
        told["properly_masked"]["interval"] = interval
        path.write_text(json.dumps(told))

    write([0.5, None])
    found = describe(read_run(folder)).metrics
    ends = {name for name, _ in found if name.startswith("answer/properly_masked/interval")}
    assert ends == {"answer/properly_masked/interval/low"}
    write(["half", 1])
    told: list[str] = []
    with Following(folder, f"sqlite:///{folder.parent / 'mlflow.db'}", told.append):
        pass
    assert told[0].startswith(f"Not tracked: {folder}: its records are not as this version")


def test_a_record_that_cannot_be_read_is_told_and_the_rest_is_tracked(finished, address):
    folder = finished("run")
    (folder / "output" / "evaluation.json").write_text("{")
    told = track_runs([folder], address).splitlines()
    assert told[0].endswith(": done, tracked")
    assert told[1].startswith("  without what cannot be read: ") and "evaluation.json" in told[1]
    run = next(one for key, one in tracked(address).items() if key[1] is None)
    assert "answer/properly_masked/share" in run["history"]


def test_a_moved_run_is_the_same_run_and_another_is_not(finished, address, tmp_path):
    folder = finished("run")
    track_runs([folder], address)
    folder.rename(tmp_path / "moved")
    track_runs([tmp_path / "moved"], address)
    assert len(tracked(address)) == 3
    track_runs([finished("other", seed=1)], address)
    assert len(tracked(address)) == 6


def test_two_at_once_track_a_run_once(finished, address):
    folder, troubles = finished("run"), []

    def track() -> None:
        try:
            track_runs([folder], address)
        except InputError as error:
            troubles.append(error)

    threads = [threading.Thread(target=track) for _ in range(3)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert troubles == []
    assert len(tracked(address)) == 3


def test_without_an_address_the_store_lies_beside_the_runs(tmp_path, monkeypatch):
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    told = tracking_address(None, tmp_path / "runs" / "a")
    assert told == f"sqlite:///{tmp_path / 'runs' / '.mlflow' / 'mlflow.db'}"
    assert tracking_address("", tmp_path / "a").startswith("sqlite:///")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://host:5000")
    assert tracking_address("", tmp_path / "a") == "http://host:5000"
    assert tracking_address("sqlite:////x.db", tmp_path / "a") == "sqlite:////x.db"


@pytest.mark.parametrize(
    "word",
    ["runs/a", "file:///x", "./mlruns", "ftp://x", "sqlite:///", "http://", "http://h:x", "http:h"],
)
def test_what_is_no_address_is_refused(word, tmp_path, capsys):
    folder = make_run(tmp_path / "run")
    assert workflow.main(["track", str(folder), "--track", word]) == 2
    assert f"--track {word}: " in capsys.readouterr().err


def test_passwords_are_never_told(tmp_path):
    assert shown("postgresql://me:secret@host/db") == "postgresql://host/db"
    assert shown("https://me:secret@host:8080/x?token=secret") == "https://host:8080/x"
    assert shown("sqlite:////folder/mlflow.db") == "sqlite:////folder/mlflow.db"
    words = ["python", "workflow.py", "--track", "http://me:secret@host", "--seed", "1"]
    assert without_address(words) == ["python", "workflow.py", "--track", "--seed", "1"]
    assert without_address(["x", "--track=http://me:secret@host"]) == ["x", "--track"]
    assert without_address(["x", "--track", "--seed", "1"]) == ["x", "--track", "--seed", "1"]
    with pytest.raises(InputError) as told:
        Store("http://me:secret@127.0.0.1:9")
    assert "secret" not in str(told.value)


@pytest.fixture
def stranger() -> Iterator[str]:
    """The address of a server that is none of MLflow."""

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"<html>hello</html>")

        do_POST = do_GET

        def log_message(self, *args: Any) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Answer)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def silent() -> Iterator[str]:
    """The address of a server that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


def test_a_store_that_is_down_or_something_else_is_told_and_nothing_is_lost(
    finished, stranger, silent, tmp_path, capsys, monkeypatch
):
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", "1")
    folder = finished("run")
    (tmp_path / "notes.db").write_text("no database, but long enough to look at " * 50)
    for place, why in (
        (stranger, ""),
        (silent, "the server does not answer in time)"),
        ("http://127.0.0.1:9", "no server answers there)"),
        ("sqlite:////dev/null/mlflow.db", ""),
        (f"sqlite:///{tmp_path / 'notes.db'}", ""),
    ):
        assert workflow.main(["track", str(folder), "--track", place]) == 2
        told = capsys.readouterr().err
        assert f"{place}: cannot be tracked to ({why}" in told
        assert "adds what is missing" in told
    assert (tmp_path / "notes.db").read_text().startswith("no database")


def test_what_is_no_run_is_refused_before_any_is_tracked(finished, address, tmp_path, capsys):
    (tmp_path / "empty").mkdir()
    words = ["track", str(finished("run")), str(tmp_path / "empty"), "--track", address]
    assert workflow.main(words) == 2
    assert "empty: no run folder" in capsys.readouterr().err
    assert tracked(address) == {}
    assert workflow.main(["track"]) == 2
    assert "track: name run folders" in capsys.readouterr().err


def test_mlflow_reports_to_nobody(address):
    from mlflow.telemetry.client import get_telemetry_client

    Store(address)
    assert get_telemetry_client() is None


def test_a_run_is_tracked_while_it_goes_on_and_at_its_end(finished, address, monkeypatch):
    monkeypatch.setattr("utils.tracking.following.INTERVAL", 0.05)
    folder, told = finished("run"), []
    record = {k: v for k, v in read_record(folder / "run.json").items() if k != "schema"}
    begun = {**record, "jobs": {**record["jobs"], "report": {"state": "waiting"}}}
    write_record(folder / "run.json", begun)
    with Following(folder, address, told.append):
        until(lambda: any(one["status"] == "KILLED" for one in tracked(address).values()))
        write_record(folder / "run.json", record)
    run = next(one for key, one in tracked(address).items() if key[1] is None)
    assert run["status"] == "FINISHED"
    assert told == [f"Tracked in: {address} (to look at it: make track-ui STORE={address})"]


def test_a_run_goes_on_where_it_cannot_be_tracked(finished, monkeypatch):
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    told: list[str] = []
    with Following(finished("run"), "http://127.0.0.1:9", told.append):
        pass
    assert told[0].startswith("Not tracked: http://127.0.0.1:9: cannot be tracked to")
    with (
        pytest.raises(KeyboardInterrupt),
        Following(finished("other"), "http://127.0.0.1:9", told.append),
    ):
        raise KeyboardInterrupt
    assert len(told) == 1  # whoever interrupts does not wait for a server


@pytest.mark.parametrize("other", ["--no-wait", "--dry-run"])
def test_what_nobody_follows_is_not_tracked(other, tmp_path, capsys):
    words = ["--track", "--run-dir", str(tmp_path / "run"), other]
    assert workflow.main(words) == 2
    assert f"--track: follows the run, and with {other} nothing does" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


def test_without_mlflow_it_says_what_installs_it(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert workflow.main(["--track", "--run-dir", str(tmp_path / "run")]) == 2
    assert "--track: MLflow is not installed; `make tracking`" in capsys.readouterr().err


def test_killed_at_random_moments_and_tracked_again_it_is_as_undisturbed():
    done = subprocess.run(
        [sys.executable, "-m", "tests.tracking.kills", "--kills", "5"],
        capture_output=True,
        text=True,
        timeout=850,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith("kills, as undisturbed: 5 of 5\n")
