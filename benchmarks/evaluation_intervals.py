#!/usr/bin/env python3
"""How often the intervals of an evaluation hold the truth, on test sets of several sizes.

Test photographs are generated as in ``benchmarks/prevalence.py``; the truth is what all photographs
of the pool together give. Printed are coverage and mean width in per cent, "-" where an interval is
told in less than a twentieth of the test sets.
"""

import argparse
import sys
from pathlib import Path

import numpy as np

sys.path.append(str(Path(__file__).resolve().parent.parent))

from benchmarks.simulated_photos import DETECTORS, TEST_MIX, Photographs, photographs
from utils.analysis.evaluation.intervals import operating_intervals, precision_intervals
from utils.dataset.labels import CLASSES, TITLES
from utils.metrics.average_precision import class_precision
from utils.metrics.bootstrap import draws_of
from utils.metrics.confusion import operating_metrics
from utils.metrics.ranking import LEAST, Ranking

SIZES = (12, 40, 139, 400)
POOL = 20_000
Values = dict[tuple[str, str], list[float] | float | None]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repetitions", type=int, default=400, help="of each line")
    parser.add_argument("--draws", type=int, default=500, help="of each bootstrap")
    parser.add_argument("--quick", action="store_true", help="seconds, to see that it runs")
    args = parser.parse_args()
    repetitions, draws, sizes = args.repetitions, args.draws, SIZES
    if args.quick:
        repetitions, draws, sizes = 10, 50, (12, 40)
    columns = ("precision", "recall", "f1", "AP at 0.5")
    print(f"{'coverage / width':<10}{'photos':>13}  {'':<12}", *(f"{c:>11}" for c in columns))
    for name, detector in DETECTORS.items():
        rng = np.random.default_rng(0)
        pool = photographs(rng, POOL, TEST_MIX, detector)
        for size in sizes:
            for row, cells in table(pool, size, repetitions, draws, rng).items():
                print(f"{name:<10}{size:>13}  {row:<12}", *(f"{c:>11}" for c in cells), flush=True)


def table(
    pool: Photographs, size: int, repetitions: int, draws: int, rng: np.random.Generator
) -> dict[str, list[str]]:
    """Return {row: cells} of coverage and width, over test sets drawn from the pool."""
    truth, spans = values(pool), []
    for _ in range(repetitions):
        drawn = pool.draw(size, rng)
        weights = draws_of(size, draws, rng)
        point = operating_intervals(drawn.labels.astype(int))
        precision = precision_intervals(rankings(drawn), weights)
        spans.append(flat(point, precision))
    rows: dict[str, list[str]] = {}
    for (row, column), true in truth.items():
        told = np.array([one[row, column] for one in spans if one[row, column]])
        cell = "-"
        if len(told) * 20 >= repetitions:
            covered = ((told[:, 0] <= true) & (true <= told[:, 1])).mean()
            cell = f"{100 * covered:.0f} / {100 * np.diff(told).mean():.0f}"
        rows.setdefault(row, []).append(cell)
    return rows


def values(pool: Photographs) -> Values:
    """Return the numbers of an evaluation on the whole pool."""
    precision = class_precision(rankings(pool))[:, 0, 0]
    classes = {name: {"map_50": precision[k]} for k, name in enumerate(CLASSES)}
    point = operating_metrics(pool.labels.sum(axis=0).astype(np.int64))
    return flat(point, {"map_50": precision.mean(), "classes": classes})


def flat(point: dict, precision: dict) -> Values:
    """Return {(row, column): value} of both parts of an evaluation."""
    parts = {"all": (point["overall"], precision)}
    for k, name in enumerate(CLASSES, start=1):
        parts[TITLES[k]] = point["classes"][name], precision["classes"][name]
    return {
        (row, key): part[key]
        for row, both in parts.items()
        for part, keys in zip(both, (("precision", "recall", "f1"), ("map_50",)), strict=True)
        for key in keys
    }


def rankings(seen: Photographs) -> list[Ranking]:
    """Return the detections by falling probability of each class, for average precision."""
    faces, result = seen.labels[:, 1:].sum(axis=2).astype(np.int64), []
    for k in range(len(CLASSES)):
        scores = seen.probabilities[:, k]
        order = np.argsort(-scores, kind="stable")
        order = order[scores[order] >= LEAST]
        right = (seen.true[order] == k + 1)[None]
        parts = seen.photo_of[order], scores[order], right, np.ones_like(right)
        result.append(Ranking(*parts, faces[:, k]))
    return result


if __name__ == "__main__":
    main()
