"""What two runs measured on the test photographs that both share, and by how much they differ."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from utils.analysis.evaluation.groups import photograph_of_row
from utils.analysis.evaluation.intervals import LEAST_PHOTOS
from utils.comparison.shared import Shared, rows_of_test, shared_photographs
from utils.dataset.labels import CLASSES
from utils.errors import InputError, number_of
from utils.metrics.bootstrap import draws_of
from utils.metrics.confusion import SIDE
from utils.metrics.paired import (
    Paired,
    paired_precision,
    paired_ratios,
    ratios_of_faces,
    ratios_of_photographs,
)
from utils.metrics.ranking import Ranking, rankings_of
from utils.tracking.recorded import EVALUATION, RecordedRun

REPETITIONS = 1000
"""Resamples of the photographs."""

RANKINGS = "rankings"
"""The field of ``evaluation.json`` that average precision can be had from again."""


@dataclass(frozen=True)
class Comparison:
    """The second run against the first, on the test photographs that both share.

    Attributes
    ----------
    measures
        By name, see `utils.metrics.paired`; empty where nothing can be compared.
    notes
        What is to be known before the numbers are read, in sentences.
    photos
        How many photographs the measures are of.
    photographs
        Those on which the two make most different numbers of mistakes, the worst for the second
        first: name, mistakes of the first and of the second.
    """

    first: RecordedRun
    second: RecordedRun
    shared: Shared
    faces: Mapping[str, int]
    measures: Mapping[str, Paired]
    notes: tuple[str, ...]
    photos: int = 0
    photographs: tuple[tuple[str, int, int], ...] = ()


def compare_measures(first: RecordedRun, second: RecordedRun, seed: int = 0) -> Comparison:
    """Compare what two runs measured on the test photographs that both share.

    Raises
    ------
    InputError
        If a run has no evaluation, or one that this version cannot read.
    """
    shared = shared_photographs(first, second)
    units = [_is_of_faces(run) for run in (first, second)]
    if units[0] != units[1]:
        names = first.name, second.name
        of_faces, of_photographs = names if units[0] else names[::-1]
        note = (
            f"Nothing is compared: {of_faces} was tested on single faces and {of_photographs} on "
            "photographs, where faces must be found first"
        )
        return Comparison(first, second, shared, {}, {}, (note,))
    if not len(shared):
        return Comparison(first, second, shared, {}, {}, _notes(first, second, shared, 0))
    try:
        return _compared(first, second, shared, units[0], seed)
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise InputError(
            f"{first.folder}, {second.folder}: an {EVALUATION} is not as this version writes it "
            f"({error!r}); evaluate again"
        ) from error


def _compared(
    first: RecordedRun, second: RecordedRun, shared: Shared, of_faces: bool, seed: int
) -> Comparison:
    both = _tables(first, [one for one, _ in shared.names])
    others = _tables(second, [other for _, other in shared.names])
    alike = (both[:, 1:].sum(axis=2) == others[:, 1:].sum(axis=2)).all(axis=1)
    names = [pair for pair, same in zip(shared.names, alike, strict=True) if same]
    both, others, groups = both[alike], others[alike], shared.groups[alike]
    notes = _notes(first, second, shared, int((~alike).sum()))
    if not len(names):
        return Comparison(first, second, shared, {}, {}, notes)
    _, groups = np.unique(groups, return_inverse=True)
    number = int(groups.max()) + 1
    observed = tuple(_grouped(tables, groups, number) for tables in (both, others))
    there = both[:, 1:].sum(axis=(0, 2))
    faces = dict(zip(CLASSES, there.tolist(), strict=True))
    weights = draws_of(number, REPETITIONS, np.random.default_rng(seed))
    ratios = (ratios_of_faces if of_faces else ratios_of_photographs)(faces)
    measures: dict[str, Paired] = {}
    if not of_faces:
        rankings = [_rankings(run, k, names, both) for k, run in enumerate((first, second))]
        if None in rankings:
            old = first if rankings[0] is None else second
            notes += (
                f"Average precision is not compared: {old.name} was evaluated by a version that "
                "did not keep what it is computed from",
            )
        else:
            differ = _differ(rankings, groups, number)
            measures |= paired_precision(tuple(rankings), weights[:, groups], differ)
            if number < LEAST_PHOTOS:
                measures = {
                    name: Paired(one.first, one.second, None, one.differ)
                    for name, one in measures.items()
                }
                notes += (
                    f"{number} photographs that are no near-duplicates are too few for intervals "
                    f"of average precision, which take {LEAST_PHOTOS}",
                )
    measures |= paired_ratios(observed, weights, ratios)
    photographs = _unlike([one for one, _ in names], both, others)
    return Comparison(first, second, shared, faces, measures, notes, len(names), photographs)


def _notes(
    first: RecordedRun, second: RecordedRun, shared: Shared, counted_otherwise: int
) -> tuple[str, ...]:
    tested = (
        f"{first.name} was tested on {shared.tested[0]} and {second.name} on {shared.tested[1]}"
    )
    kept = len(shared) - counted_otherwise
    notes = []
    if not kept:
        notes.append(f"No test photograph is shared: {tested}, and nothing is compared")
    elif not shared.is_whole or counted_otherwise:
        notes.append(
            f"Compared on the {kept} test photographs that both share ({shared.how}): {tested}, so "
            "these numbers are not those of their reports"
        )
    if otherwise := shared.otherwise + counted_otherwise:
        photographs = number_of(otherwise, "photograph")
        notes.append(f"{photographs} that both were tested on had other boxes or classes: left out")
    return tuple(notes)


def _is_of_faces(run: RecordedRun) -> bool:
    return any("photograph" in row for row in rows_of_test(run))


def _tables(run: RecordedRun, names: Sequence[str]) -> np.ndarray:
    """Return the confusion counts of photographs, int64, shape (photographs, 4, 4)."""
    place = {name: number for number, name in enumerate(names)}
    tables = np.zeros((len(names), SIDE, SIDE), np.int64)
    for row in rows_of_test(run):
        if (number := place.get(photograph_of_row(row))) is not None:
            tables[number] += np.array(row["confusion"], np.int64)
    return tables


def _grouped(tables: np.ndarray, groups: np.ndarray, number: int) -> np.ndarray:
    result = np.zeros((number, *tables.shape[1:]), tables.dtype)
    np.add.at(result, groups, tables)
    return result


def _rankings(
    run: RecordedRun, which: int, names: Sequence[tuple[str, str]], tables: np.ndarray
) -> list[Ranking] | None:
    """Return the rankings of the shared photographs; None where the evaluation has none."""
    record: Mapping[str, Any] | None = run.output(EVALUATION).get(RANKINGS)
    if not record:
        return None
    place = {row["name"]: number for number, row in enumerate(rows_of_test(run))}
    kept = np.array([place[pair[which]] for pair in names], np.int64)
    overlaps = len(record["iou"])
    return rankings_of(record["classes"], tables[:, 1:].sum(axis=2), kept, overlaps)


def _differ(rankings: Sequence[list[Ranking]], groups: np.ndarray, number: int) -> int:
    """Return on how many observations two sets of rankings are not the same."""
    unlike = np.zeros(number, bool)
    for both in zip(*rankings, strict=True):
        mine, theirs = (_by_photograph(ranking, len(groups)) for ranking in both)
        for group, one, other in zip(groups, mine, theirs, strict=True):
            unlike[group] |= not np.array_equal(one, other)
    return int(unlike.sum())


def _by_photograph(ranking: Ranking, number: int) -> list[np.ndarray]:
    order = np.argsort(ranking.photo, kind="stable")
    ends = np.searchsorted(ranking.photo[order], np.arange(1, number))
    return np.split(ranking.right.T[order], ends)


def _unlike(
    names: Sequence[str], first: np.ndarray, second: np.ndarray, shown: int = 10
) -> tuple[tuple[str, int, int], ...]:
    mistakes = [
        tables.sum(axis=(1, 2)) - tables.diagonal(axis1=1, axis2=2)[:, 1:].sum(axis=1)
        for tables in (first, second)
    ]
    rows = [(name, int(one), int(other)) for name, one, other in zip(names, *mistakes, strict=True)]
    rows = [row for row in rows if row[1] != row[2]]
    largest = sorted(rows, key=lambda row: (-abs(row[2] - row[1]), row[0]))[:shown]
    return tuple(sorted(largest, key=lambda row: (row[1] - row[2], row[0])))
