"""A run as a tracking server is to know it: parameters, measures, series, data sets, files.

All of it follows from the records of the run, whatever the engine, so that to describe a run twice
gives the same twice. Of what is still to change (jobs that run, outputs that are not there yet)
nothing is told but the state.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from utils.dag.run_folder import OUTPUT
from utils.errors import InputError
from utils.records import digest_of
from utils.search.trials import read_trials
from utils.tracking.data_sets import DataSet, data_sets
from utils.tracking.differences import plain
from utils.tracking.measures import measures
from utils.tracking.recorded import ANSWER, SEARCH, TRAINING, RecordedRun, moment, plan_options

STUDY = "hpo_study.log"
IDENTITY = "mask_detection.run"
"""The tag that holds which run it is, and of a trial `TRIAL`, which one."""

TRIAL = "mask_detection.trial"

_PLANNED = ("name", "created", "command", "git_commit", "options", "digests")
"""Fields of ``run.json`` that never change once a run is planned: they tell it from others."""

_FILES = ("*.html", "*.png", "*.jpg", "*.json", "*.txt", "*.csv", "*.log", "*.pth")
_LEFT = ("predictions_*.json",)
"""Which outputs are taken along, and which of these are not; archives of drawn photographs stay."""

_STATUS = {
    "planned": "SCHEDULED",
    "running": "RUNNING",
    "done": "FINISHED",
    "failed": "FAILED",
    "stopped": "KILLED",
}
_OF_TRIALS = {"complete": "FINISHED", "pruned": "KILLED", "fail": "FAILED"}


@dataclass(frozen=True)
class Described:
    """What a tracking server is to know of a run, or of a trial.

    Attributes
    ----------
    identity
        Equal for the same run, wherever its folder lies.
    status
        MLflow's word for the state.
    start, end
        Milliseconds since 1970; the end is None before there is one.
    metrics
        (name, step) -> value.
    files
        By their path on the server.
    trials
        Of the hyper-parameter search, nested in the run.
    """

    identity: str
    name: str
    experiment: str
    status: str
    start: int
    end: int | None
    params: Mapping[str, str]
    tags: Mapping[str, str]
    metrics: Mapping[tuple[str, int], float] = field(default_factory=dict)
    data: Sequence[DataSet] = ()
    files: Mapping[str, Path] = field(default_factory=dict)
    trials: Sequence["Described"] = ()

    @property
    def digest(self) -> str:
        """Of all of it: equal where there is nothing new to tell."""
        told = [
            *(self.status, self.end, sorted(self.params.items()), sorted(self.tags.items())),
            *(sorted((*key, value) for key, value in self.metrics.items()),),
            [[one.name, one.digest, one.context, one.source] for one in self.data],
            {name: digest_of(path) for name, path in sorted(self.files.items())},
            [one.digest for one in self.trials],
        ]
        return hashlib.sha256(json.dumps(told).encode()).hexdigest()


def describe(run: RecordedRun) -> Described:
    """Return what a tracking server is to know of a run.

    Raises
    ------
    InputError
        If the journal of its search is there and cannot be read, or a record is not as this version
        writes it.
    """
    try:
        return _described(run)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise InputError(
            f"{run.folder}: its records are not as this version writes them ({error!r})"
        ) from error


def _described(run: RecordedRun) -> Described:
    record = run.record
    planned = {name: record.get(name) for name in _PLANNED}
    identity = hashlib.sha256(json.dumps(planned, sort_keys=True).encode()).hexdigest()
    start = _milliseconds(record.get("created")) or 0
    times = [_milliseconds(job.get("changed")) for job in record["jobs"].values()]
    ended = run.state in ("done", "failed", "stopped")
    name = str(record.get("name") or "mask-detection")
    return Described(
        identity=identity,
        name=run.folder.resolve().name,
        experiment=name,
        status=_STATUS[run.state],
        start=start,
        end=max([start, *(time for time in times if time)]) if ended else None,
        params=_params(run),
        tags=_tags(run, identity),
        metrics=dict(measures(run)),
        data=data_sets(run),
        files=_files(run.folder / OUTPUT),
        trials=_trials(run, identity, name, start),
    )


def _params(run: RecordedRun) -> dict[str, str]:
    """Return the options that make a difference, and the settings of the final training."""
    options = {name: run.options.get(name) for name in plan_options()}
    training = run.output(TRAINING)
    settings = {
        **{f"training.{name}": training.get(name) for name in ("arch", "image_size", "parameters")},
        **{f"recipe.{name}": value for name, value in (training.get("params") or {}).items()},
    }
    there = {name: value for name, value in settings.items() if value is not None}
    return {name: plain(value) for name, value in {**options, **there}.items()}


def _tags(run: RecordedRun, identity: str) -> dict[str, str]:
    record, answer = run.record, run.output(ANSWER)
    hosts = sorted({job["host"] for job in record["jobs"].values() if job.get("host")})
    versions = record.get("versions") or {}
    packages = ("python", "torch", "torchvision", "numpy", "opencv-python-headless", "optuna")
    failed = {
        f"failed.{name}": str(job.get("reason", ""))
        for name, job in record["jobs"].items()
        if job["state"] == "failed"
    }
    commit = str(record.get("git_commit") or "")
    caveats = "".join(f"\n- {text}" for text in answer.get("serious") or [])
    tags = {
        IDENTITY: identity,
        "state": run.state,
        "engine": record.get("engine"),
        "task": run.task,
        "command": record.get("command"),
        "data": run.data_version,
        "data.called": run.data_called,
        "weights": (record.get("weights") or {}).get("told"),
        "machine": plain(record["machine"]) if record.get("machine") else None,
        "hosts": " ".join(hosts),
        "mlflow.source.name": "workflow.py",
        "mlflow.source.type": "LOCAL",
        "mlflow.source.git.commit": commit.rstrip("+"),
        "changed_since_commit": "yes" if commit.endswith("+") else None,
        "mlflow.note.content": f"{answer['answer']}{caveats}" if answer.get("answer") else None,
        **{f"package.{name}": versions.get(name) for name in packages},
        **failed,
    }
    return {name: str(value) for name, value in tags.items() if value}


def _files(output: Path) -> dict[str, Path]:
    left = {path for pattern in _LEFT for path in output.glob(pattern)}
    return {
        path.name: path
        for pattern in _FILES
        for path in sorted(output.glob(pattern))
        if path not in left and path.is_file() and path.stat().st_size
    }


def _trials(run: RecordedRun, identity: str, experiment: str, start: int) -> tuple[Described, ...]:
    study = run.folder / OUTPUT / STUDY
    if SEARCH not in run.outputs or not study.exists():
        return ()
    kept = run.output(SEARCH).get("number")
    return tuple(_trial(one, kept, identity, experiment, start) for one in read_trials(study))


def _trial(
    trial: Mapping[str, Any], kept: int | None, identity: str, experiment: str, start: int
) -> Described:
    number = trial["number"]
    values = {("validation", step): v for step, v in enumerate(trial["values"], start=1)}
    measures = {name: trial[name] for name in ("value", "error") if trial[name] is not None}
    tags = {
        IDENTITY: identity,
        TRIAL: str(number),
        "state": trial["state"],
        "reason": trial["reason"] or "",
        "kept": "yes" if number == kept else "",
    }
    return Described(
        identity=f"{identity}/{number}",
        name=f"trial {number}",
        experiment=experiment,
        status=_OF_TRIALS.get(trial["state"], "RUNNING"),
        start=start,
        end=start,
        params={name: plain(value) for name, value in trial["params"].items()},
        tags={name: value for name, value in tags.items() if value},
        metrics={**values, **{(name, 0): float(value) for name, value in measures.items()}},
    )


def _milliseconds(time: str | None) -> int | None:
    """Return the time of a record, "2026-11-27T08:00:00+0000", in milliseconds since 1970."""
    if not time:
        return None
    return int(moment(time).timestamp() * 1000)
