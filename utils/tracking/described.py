"""A run as a tracking server is to know it: parameters, measures, series, data sets, files.

All of it follows from the records of the run, whatever the engine, so that to describe a run twice
gives the same twice. Of what is still to change (jobs that run, outputs that are not there yet)
nothing is told but the state.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from utils.dag.run_folder import OUTPUT
from utils.errors import InputError
from utils.records import digest_of
from utils.search.trials import read_trials
from utils.tracking.differences import plain
from utils.tracking.recorded import (
    ANSWER,
    EVALUATION,
    SEARCH,
    SPLIT,
    TRAINING,
    RecordedRun,
    moment,
    plan_options,
)

STUDY = "hpo_study.log"
IDENTITY = "mask_detection.run"
"""The tag that holds which run it is, and of a trial `TRIAL`, which one."""

TRIAL = "mask_detection.trial"

_PLANNED = ("name", "created", "command", "git_commit", "options", "digests")
"""Fields of ``run.json`` that never change once a run is planned: they tell it from others."""

_FILES = ("*.html", "*.png", "*.jpg", "*.json", "*.txt", "*.csv", "*.log", "*.pth")
_LEFT = ("predictions_*.json",)
"""Of the outputs, what is taken along; archives of drawn photographs are not."""

_STATUS = {
    "planned": "SCHEDULED",
    "running": "RUNNING",
    "done": "FINISHED",
    "failed": "FAILED",
    "stopped": "KILLED",
}
_OF_TRIALS = {"complete": "FINISHED", "pruned": "KILLED", "fail": "FAILED"}
_ASIDE = ("bootstrap", "calibration", "validation", "mistakes", "counted", "model", "shown")
"""Parts of an evaluation that are no measures of the model."""

_BOUNDS = ("from", "below")  # of a size of face, which is no measure either


@dataclass(frozen=True)
class DataSet:
    """A data set that a run took in: a side of the annotated photographs, or the new ones."""

    name: str
    digest: str
    source: str
    context: str
    counts: Mapping[str, Any]


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
        metrics=dict(_metrics(run)),
        data=_data(run),
        files=_files(run.folder / OUTPUT),
        trials=_trials(run, identity, name, start),
    )


def numbers(record: Any, path: str = "") -> Iterator[tuple[str, float]]:
    """Yield the numbers of a record, named by where they are: ``classes/with_mask/recall``.

    Of lists there are none, apart from intervals, whose ends are ``/low`` and ``/high`` of theirs.
    """
    if isinstance(record, Mapping):
        for name, value in record.items():
            if name == "intervals" and isinstance(value, Mapping):
                for key, ends in _ends(value, path):
                    yield from ((f"{key}/{end}", at) for end, at in ends)
            elif name not in _BOUNDS:
                yield from numbers(value, f"{path}/{name}" if path else str(name))
    elif isinstance(record, int | float) and not isinstance(record, bool):
        yield path, float(record)


def _ends(intervals: Mapping[str, Any], path: str) -> Iterator[tuple[str, list[tuple[str, float]]]]:
    for name, ends in intervals.items():
        if isinstance(ends, list | tuple) and len(ends) == 2:
            told = zip(("low", "high"), ends, strict=True)  # an interval may have one end alone
            bounds = [(end, float(at)) for end, at in told if at is not None]
            yield f"{path}/{name}" if path else name, bounds


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


def _metrics(run: RecordedRun) -> Iterator[tuple[tuple[str, int], float]]:
    for name, job in run.record["jobs"].items():
        if job["state"] in ("done", "cached"):
            for what in ("seconds", "cpu_seconds", "peak_mib", "tries"):
                if what in job:
                    yield (f"jobs/{name}/{what}", 0), float(job[what])
    for epoch in run.output(TRAINING).get("epochs") or []:
        step = int(epoch["epoch"])
        for key, value in numbers({name: it for name, it in epoch.items() if name != "epoch"}):
            yield (f"training/{key}", step), value
    measured = {k: it for k, it in run.output(EVALUATION).items() if k not in ("schema", *_ASIDE)}
    for key, value in numbers(_without_parts(measured)):
        yield (f"test/{key}", 0), value
    answer = run.output(ANSWER)
    told = {name: answer.get(name) for name in ("properly_masked", "people", "photos", "corrected")}
    for key, value in numbers(_with_intervals(told)):
        yield (f"answer/{key}", 0), value


def _without_parts(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return an evaluation without what is no measure, also in its part of a classifier."""
    return {
        name: _without_parts(value) if name == "classification" and value else value
        for name, value in record.items()
        if name not in _ASIDE
    }


def _with_intervals(record: Any) -> Any:
    """Return a record whose ``interval`` beside a number is named as those of an evaluation are."""
    if not isinstance(record, Mapping):
        return record
    inner = {name: _with_intervals(value) for name, value in record.items() if name != "interval"}
    ends = record.get("interval")
    return {**inner, "intervals": {"interval": ends}} if ends else inner


def _data(run: RecordedRun) -> tuple[DataSet, ...]:
    digests, options = run.record.get("digests") or {}, run.options
    found = []
    source = str(run.data_called or options.get("data") or "the bundled sample")
    for side, told in (run.output(SPLIT).get("sides") or {}).items():
        counts = {"photographs": told.get("photos"), "faces": told.get("faces")}
        name = f"annotated photographs: {side}"
        found.append(DataSet(name, str(run.data_version or ""), source, side, counts))
    if not found and run.data_version:
        facts = run.record.get("data") or {}
        counts = {"photographs": facts.get("photos"), "faces": facts.get("faces")}
        name = "annotated photographs"
        found.append(DataSet(name, run.data_version, source, "all", counts))
    new = {name: digest for name, digest in digests.items() if name.startswith("predict_")}
    if new:
        digest = hashlib.sha256(json.dumps(sorted(new.items())).encode()).hexdigest()
        facts = run.record.get("new_photographs") or {}
        source = " ".join(options.get("predict") or []) or "the bundled sample"
        counts = {"photographs": facts.get("photos")}
        found.append(DataSet("new photographs", digest, source, "predict", counts))
    return tuple(found)


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
