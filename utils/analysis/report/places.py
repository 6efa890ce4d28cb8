"""The share by place and time, where ``--groups`` tells them of each new photograph."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from utils.analysis.prevalence.adjusted_counts import BEST
from utils.dataset.labels import CLASSES
from utils.dataset.periods import MOST, UNITS, label, start_of
from utils.errors import InputError
from utils.records import read_record

NO_TIME = "no time told"

Compare = Callable[[np.ndarray, np.ndarray | None], dict[str, Any]]
"""Makes a record of `compare_places` of the photographs' labels and what to compare within."""


@dataclass(frozen=True)
class Given:
    """What ``--groups`` tells of the new photographs, by the names of their files.

    Attributes
    ----------
    by
        The kinds of place that are told: ``site``, ``camera``, ``folder``.
    period
        The unit of time to count by; None without times.
    places
        Of each photograph, by kind.
    times
        ISO 8601, dates alone where no hour is told; None where nothing is.
    weights
        None where none are told.
    path
        Of the file.
    """

    by: Sequence[str]
    period: str | None
    places: Mapping[str, Mapping[str, str]]
    times: Mapping[str, str | None]
    weights: Mapping[str, float | None]
    path: Path

    @property
    def hours(self) -> dict[str, str | None]:
        """The times that tell the hour."""
        return {file: time if time and "T" in time else None for file, time in self.times.items()}

    def weights_of(self, files: Sequence[str]) -> np.ndarray | None:
        """Return the weights of photographs, 1 on average; None where one lacks its own.

        Raises
        ------
        InputError
            If nothing was told of one.
        """
        if missing := [file for file in files if file not in self.places]:
            raise InputError(
                f"{self.path}: tells nothing of {missing[0]}; start a new run with --groups"
            )
        told = [self.weights[file] for file in files]
        if not told or None in told:
            return None
        weights = np.array(told, np.float64)
        return weights / weights.mean()


def read_given(path: Path) -> Given:
    """Read what `utils.dataset.intake.groups` wrote; an `InputError` says why it cannot be."""
    record = read_record(path)
    told = [
        {file: row[name] for file, row in record["photos"].items()}
        for name in ("places", "time", "weight")
    ]
    return Given(record["by"], record["period"], *told, path)


@dataclass(frozen=True)
class _Breakdown:
    """One way to tell photographs apart: a label each; of a period with its start."""

    by: str
    labels: Sequence[str]
    starts: Mapping[str, str | None]
    places: Mapping[str, str]
    within: Sequence[str] | None = None


def breakdowns(
    given: Given, summaries: Sequence[Mapping[str, Any]], compare: Compare
) -> dict[str, Any]:
    """Return the shares by place, by time, and by both.

    Parameters
    ----------
    summaries
        Of the new photographs: ``file`` and ``counts`` of each.
    compare
        Gives the shares of places and their differences.

    Returns
    -------
    ``weighted``; ``period`` (the unit of time, None without times); ``without_time`` (photographs);
    ``too_many`` ({by: number} of what cannot be compared), and ``breakdowns``: for each ``by`` what
    `utils.analysis.prevalence.places.compare_places` returns; of each place also the
    ``people`` found, their ``raw_share`` as found (by weights), ``start`` (of a period, ISO 8601)
    and, where it is of one place in one period, ``of`` (the place).
    """
    files = [photo["file"] for photo in summaries]
    weights = given.weights_of(files)
    found = np.array([[photo["counts"][name] for name in CLASSES] for photo in summaries])
    found = found.reshape(-1, len(CLASSES))
    weighted = found if weights is None else found * weights[:, None]
    told, too_many = [], {}
    for one in _ways(given, files):
        labels = np.array(one.labels)
        number = len(np.unique(labels))
        if number > MOST:
            too_many[one.by] = number
            continue
        within = None if one.within is None else np.array(one.within)
        record = compare(labels, within)
        for row in record["places"]:
            at = labels == row["place"]
            counts = weighted[at].sum(axis=0)
            row["people"] = int(found[at].sum())
            row["raw_share"] = float(counts[BEST] / counts.sum()) if counts.sum() else None
            row["start"] = one.starts.get(row["place"])
            row["of"] = one.places.get(row["place"])
        told.append({"by": one.by, **record})
    return {
        "weighted": weights is not None,
        "period": given.period,
        "without_time": sum(given.times[file] is None for file in files) if given.period else 0,
        "too_many": too_many,
        "breakdowns": told,
    }


def no_shares(labels: np.ndarray, within: np.ndarray | None) -> dict[str, Any]:
    """Tell no share of any place, because there is no answer to correct them by."""
    names, photos = np.unique(labels, return_counts=True)
    rows = [
        {"place": str(name), "photos": int(number), "share": None, "interval": None}
        for name, number in zip(names, photos, strict=True)
    ]
    return {"level": None, "places": rows, "differences": []}


def _ways(given: Given, files: Sequence[str]) -> Iterator[_Breakdown]:
    """Yield by each kind of place, by time, and by the first kind and time together."""
    kinds = list(given.by)
    first = [given.places[file][kinds[0]] for file in files] if kinds else []
    if kinds:
        yield _Breakdown(kinds[0], first, {}, {})
    if len(kinds) > 1:
        both = [" / ".join(given.places[file][kind] for kind in kinds) for file in files]
        if set(both) != set(first):
            yield _Breakdown(" and ".join(kinds), both, {}, {})
    if not given.period:
        return
    times = [given.times[file] for file in files]
    labels, starts = _periods(times, given.period)
    known = [str(name != NO_TIME) for name in labels]  # what is no time is compared with none
    yield _Breakdown(given.period, labels, starts, {}, within=known)
    if len(set(first)) < 2 or len(set(labels)) < 2:
        return
    for unit in UNITS[UNITS.index(given.period) :]:  # longer ones where there are too many
        labels, starts = _periods(times, unit)
        cells = [f"{place}, {period}" for place, period in zip(first, labels, strict=True)]
        if len(set(cells)) <= MOST or unit == UNITS[-1]:
            break
    yield _Breakdown(
        f"{kinds[0]} and {unit}",
        cells,
        {cell: starts.get(period) for cell, period in zip(cells, labels, strict=True)},
        dict(zip(cells, first, strict=True)),
        within=labels,
    )


def _periods(times: Sequence[str | None], unit: str) -> tuple[list[str], dict[str, str]]:
    """Return the label of each time, and when each period began."""
    began = [time and start_of(datetime.fromisoformat(time), unit) for time in times]
    labels = [label(start, unit) if start else NO_TIME for start in began]
    pairs = zip(labels, began, strict=True)
    return labels, {name: start.isoformat() for name, start in pairs if start}
