"""What is tracked of a run of one engine, against what is tracked of the same run of another."""

import json
import shutil
from pathlib import Path
from typing import Any

from tests.tracking.read_back import tracked
from utils.records import read_record, write_record
from utils.tracking.described import describe
from utils.tracking.following import track_runs
from utils.tracking.recorded import plan_options, read_run

_OTHERWISE = {
    *("engine", "command", "hosts", "machine", "mlflow.source.git.commit", "changed_since_commit"),
}
"""Tags that tell how it was asked for, and where it ran."""

_OURS = {"mask_detection.run", "mask_detection.digest", "mask_detection.files"}
"""Tags by which a run, and what is there of it, is found again."""

_PLACES = {"data", "predict", "engine", "pilots_only"}
"""Options that say where things are."""

_POOLS = {"train_shards", "predict_shards", "checkpoint_minutes"}
"""Options with another default on a pool."""


def tracked_alike(first: Path, second: Path, address: str) -> dict[str, Any]:
    """Track two runs that were asked for the same, and compare what a client reads back of them.

    Returns
    -------
    What was read back of the first, as `tests.tracking.read_back.tracked` has it.
    """
    told = track_runs([first, second], address)
    assert told.count(": done, tracked\n") == 2, told
    options = [read_record(folder / "run.json")["options"] for folder in (first, second)]
    aside = {name for name in plan_options() if options[0].get(name) != options[1].get(name)}
    assert aside <= _PLACES | _POOLS, "else they are not the same run"
    found = tracked(address)
    identities = [describe(read_run(folder)).identity for folder in (first, second)]
    runs = [{key[1]: it for key, it in found.items() if key[0] == one} for one in identities]
    assert runs[0].keys() == runs[1].keys() and len(runs[0]) > 1, "the run and its trials"
    for trial, one in runs[0].items():
        told = [_content(it, aside) for it in (one, runs[1][trial])]
        assert told[0] == told[1], trial
    return runs[0][None]


def as_of_pegasus(run: Path, copy: Path) -> Path:
    """Copy a run of the local engine, with the record that Pegasus leaves: it knows of no job."""
    shutil.copytree(run, copy, ignore=shutil.ignore_patterns("scratch", ".cache"))
    record = read_record(run / "run.json")
    told = {key: it for key, it in record.items() if key != "schema"}
    write_record(copy / "run.json", {**told, "engine": "pegasus", "submitted": True, "jobs": {}})
    return copy


def _content(run: dict[str, Any], aside: set[str]) -> dict[str, Any]:
    history = {
        name: [(step, value) for step, value, _ in values]
        for name, values in run["history"].items()
        if not name.startswith("jobs/")  # of seconds, and Pegasus keeps its own
    }
    left = {"report.html", "statistics.txt"}
    return {
        "experiment": run["experiment"],
        "status": run["status"],
        "params": {name: it for name, it in run["params"].items() if name not in aside},
        "tags": {k: it for k, it in run["tags"].items() if k not in _OTHERWISE | _OURS},
        "history": history,
        "inputs": [
            (name, digest, json.loads(source)["sha256"], context)
            for name, digest, source, context in run["inputs"]
        ],
        "files": {name: it for name, it in run["files"].items() if name not in left},
    }
