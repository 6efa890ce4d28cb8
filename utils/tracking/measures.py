"""What was measured in a run, as numbers with names: of its jobs, epochs, test and answer."""

from collections.abc import Iterator, Mapping
from typing import Any

from utils.tracking.recorded import ANSWER, EVALUATION, TRAINING, RecordedRun

_ASIDE = ("bootstrap", "calibration", "validation", "mistakes", "counted", "model", "shown")
"""Parts of an evaluation that are no measures of the model."""

_BOUNDS = ("from", "below")  # of a size of face, which is no measure either


def measures(run: RecordedRun) -> Iterator[tuple[tuple[str, int], float]]:
    """Yield (name, step), and the value, of all that was measured: jobs, epochs, test, answer."""
    for name, job in run.record["jobs"].items():
        if job["state"] in ("done", "cached"):
            for what in ("seconds", "cpu_seconds", "peak_mib", "tries"):
                if what in job:
                    yield (f"jobs/{name}/{what}", 0), float(job[what])
    for epoch in run.output(TRAINING).get("epochs") or []:
        step = int(epoch["epoch"])
        for key, value in _numbers({name: it for name, it in epoch.items() if name != "epoch"}):
            yield (f"training/{key}", step), value
    measured = {k: it for k, it in run.output(EVALUATION).items() if k not in ("schema", *_ASIDE)}
    for key, value in _numbers(_without_parts(measured)):
        yield (f"test/{key}", 0), value
    answer = run.output(ANSWER)
    told = {name: answer.get(name) for name in ("properly_masked", "people", "photos", "corrected")}
    for key, value in _numbers(_with_intervals(told)):
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


def _numbers(record: Any, path: str = "") -> Iterator[tuple[str, float]]:
    """Yield the numbers of a record, named by where they are: ``classes/with_mask/recall``.

    Of lists there are none, apart from intervals, whose ends are ``/low`` and ``/high`` of theirs.
    """
    if isinstance(record, Mapping):
        for name, value in record.items():
            if name == "intervals" and isinstance(value, Mapping):
                for key, ends in _ends(value, path):
                    yield from ((f"{key}/{end}", at) for end, at in ends)
            elif name not in _BOUNDS:
                yield from _numbers(value, f"{path}/{name}" if path else str(name))
    elif isinstance(record, int | float) and not isinstance(record, bool):
        yield path, float(record)


def _ends(intervals: Mapping[str, Any], path: str) -> Iterator[tuple[str, list[tuple[str, float]]]]:
    for name, ends in intervals.items():
        if isinstance(ends, list | tuple) and len(ends) == 2:
            told = zip(("low", "high"), ends, strict=True)  # an interval may have one end alone
            bounds = [(end, float(at)) for end, at in told if at is not None]
            yield f"{path}/{name}" if path else name, bounds
