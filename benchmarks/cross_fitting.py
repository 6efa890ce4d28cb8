#!/usr/bin/env python3
"""What validation photographs in the test table do to the share, cross-fitted and as they are.

The threshold is chosen on the validation photographs, and so is the trial of the search that is
kept: a detector looks better there than it is. Cross-fitted, each fifth of them is counted at the
threshold that the others choose. Photographs are simulated with a confidence for each box; the
threshold is that of the best F1, and of as many equally good detectors as there are trials the one
with the best F1 is kept, which is as much as a search can flatter. Printed are how much better
recall and precision seem than they are; the error of the corrected share, with the test photographs
alone, with the validation photographs as they are, and cross-fitted; and, with the test photographs
alone and with the cross-fitted, coverage and mean width of the interval for the very photographs,
and bias and coverage of the number of people on them.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

sys.path.append(str(Path(__file__).resolve().parent.parent))

from utils.analysis.prevalence.adjusted_counts import adjusted_counts, shares_of
from utils.analysis.prevalence.draws import draw, draw_tables
from utils.analysis.prevalence.intervals import Photos, count_interval, share_here

SIZES = (10, 20), (35, 70), (70, 139), (200, 400)
"""Validation and test photographs: a tenth and a fifth of all, as the split deals them."""

NEW = 2000
POOL = 100_000
"""Photographs generated of each mix: so many that by chance a detector is hardly better on one."""
FOLDS = 5
DRAWS = 400
SURER = {"good": 3.5, "middling": 2.0, "poor": 1.2}
"""Mean confidence of a face, in logits; that of an invented box is -1."""

Boxes = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]
"""By box: photograph, true class (0 if it is none), class it is taken for, confidence."""


def photographs(
    rng: np.random.Generator, mix: Sequence[float], surer: float, trials: int = 1
) -> list[Boxes]:
    """Simulate `POOL` photographs of people of a mix of classes, as boxes of so many detectors.

    Photographs and true classes are the same for all of them.
    """
    crowd = np.minimum(np.ceil(rng.lognormal(1.2, 0.95, POOL)), 120).astype(int)
    hard = 0.7 * rng.normal(size=POOL)
    share = rng.dirichlet(3 * np.array(mix), POOL)
    of_face = np.repeat(np.arange(POOL), crowd)
    true = 1 + (rng.random(len(of_face))[:, None] > share.cumsum(axis=1)[of_face, :2]).sum(axis=1)
    of_none = np.repeat(np.arange(POOL), rng.poisson(0.5 * crowd * np.exp(hard - 0.245)))
    photo = np.concatenate([of_face, of_none])
    real = np.concatenate([true, np.zeros(len(of_none), int)])
    mean = np.where(real > 0, surer - 0.3 * (real - 1), -1.0) - hard[photo]
    order = np.argsort(photo, kind="stable")
    result = []
    for _ in range(trials):
        confused = rng.random(len(photo)) < np.where(real > 0, 0.3 / (1 + surer), 1)
        taken = np.where(confused, rng.integers(1, 4, len(photo)), np.maximum(real, 1))
        score = mean + rng.normal(scale=1.2, size=len(photo))
        result.append(tuple(one[order] for one in (photo, real, taken, score)))
    return result


def drawn(detectors: Sequence[Boxes], number: int, rng: np.random.Generator) -> list[Boxes]:
    """Draw photographs with replacement, the same for all detectors; their numbers are new."""
    at = rng.integers(0, POOL, number)
    first, last = (np.searchsorted(detectors[0][0], at, side) for side in ("left", "right"))
    rows = np.concatenate([np.arange(a, b) for a, b in zip(first, last, strict=True)])
    photo = np.repeat(np.arange(number), last - first)
    return [(photo, *(one[rows] for one in boxes[1:])) for boxes in detectors]


def best_threshold(boxes: Boxes) -> float:
    """Return the confidence with the best F1, whatever the classes."""
    return _best(boxes)[0]


def _best(boxes: Boxes) -> tuple[float, float]:
    order = np.argsort(-boxes[3])
    right = np.cumsum(boxes[1][order] > 0)
    f1 = 2 * right / (np.arange(1, len(order) + 1) + (boxes[1] > 0).sum())
    return float(boxes[3][order][f1.argmax()]), float(f1.max())


def tables(boxes: Boxes, threshold: float | np.ndarray, number: int) -> np.ndarray:
    """Return the confusion matrix of each photograph, at a threshold, or one for each box."""
    predicted = np.where(boxes[3] >= threshold, boxes[2], 0)
    cell = 16 * boxes[0] + 4 * boxes[1] + predicted
    result = np.bincount(cell, minlength=16 * number).reshape(number, 4, 4).astype(float)
    result[:, 0, 0] = 0
    return result


def cross_fitted(boxes: Boxes, number: int) -> np.ndarray:
    """Return the confusion matrices with each fold at the threshold that the others choose."""
    fold = boxes[0] % FOLDS
    each = [best_threshold(tuple(part[fold != k] for part in boxes)) for k in range(FOLDS)]
    return tables(boxes, np.array(each)[fold], number)


def quality(confusion: np.ndarray) -> np.ndarray:
    """Return recall and precision, whatever the classes."""
    right = confusion[1:, 1:].sum()
    return np.array([right / confusion[1:].sum(), right / confusion[:, 1:].sum()])


def compare(
    detector: str, sizes: tuple[int, int], repetitions: int, trials: int, seed: int
) -> list[float]:
    """Return the numbers of a row, in per cent, as `main` heads them."""
    rng = np.random.default_rng(seed)
    known = photographs(rng, (0.80, 0.17, 0.03), SURER[detector], trials)
    place = photographs(rng, (0.5, 0.375, 0.125), SURER[detector], trials)
    rows = []
    for _ in range(repetitions):
        validated, tested = (drawn(known, number, rng) for number in sizes)
        kept = int(np.argmax([_best(boxes)[1] for boxes in validated]))
        validated, tested, new = validated[kept], tested[kept], drawn(place, NEW, rng)[kept]
        threshold = best_threshold(validated)
        seen = tables(new, threshold, NEW)
        there = seen[:, 1:].sum(axis=(0, 2))
        people = there.sum()
        truth = there[0] / people
        real = quality(tables(known[kept], threshold, POOL).sum(axis=0))
        alone = tables(tested, threshold, sizes[1])
        others = tables(validated, threshold, sizes[0]), cross_fitted(validated, sizes[0])
        seem = [quality(one.sum(axis=0)) - real for one in others]
        sets = alone, *(np.concatenate([alone, one]) for one in others)
        counts = seen[:, :, 1:].sum(axis=1)
        found = counts.sum(axis=0)
        corrected = [adjusted_counts(one.sum(axis=0), found) for one in sets]
        errors = [shares_of(one)[0] - truth for one in corrected]
        spans = [_intervals(one, counts, rng) for one in sets[::2]]
        covered = [[low <= truth <= high, high - low] for (low, high), _ in spans]
        counted = [
            [number.sum() / people - 1, low <= people <= high]
            for number, (_, (low, high)) in zip(corrected[::2], spans, strict=True)
        ]
        rows.append((*np.ravel(seem), *errors, *np.ravel(covered), *np.ravel(counted)))
    told = np.array(rows, float)
    errors = told[:, 4:7]
    pairs = np.stack([errors.mean(axis=0), np.sqrt((errors**2).mean(axis=0))], axis=1)
    means = told.mean(axis=0)
    return [100 * value for value in (*means[:4], *pairs.ravel(), *means[7:])]


def _intervals(
    tested: np.ndarray, seen: np.ndarray, rng: np.random.Generator
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return those for the very photographs, of the share and of the number of people.

    They are made as `estimate_prevalence` makes them.
    """
    draws = draw(tested, seen, draw_tables(tested, DRAWS, rng), rng)
    people, photos = adjusted_counts(draws.table, draws.found), Photos.of(tested, seen)
    here = draws.people("test", "detector")
    return [
        share_here(shares_of(people)[0], shares_of(here)[:, 0], photos),
        count_interval(people.sum(), *draws.numbers(), photos),
    ]


def main(words: Sequence[str] | None = None) -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repetitions", type=int, default=1000, help="(default: 1000)")
    parser.add_argument("--trials", type=int, default=4, help="of the search (default: 4)")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args(words)
    print(
        f"{args.repetitions:,} repetitions, trials: {args.trials}; recall / precision too good, "
        "bias / error of the share, coverage / width; bias / coverage of the number of people"
    )
    heads = "seem", "cross-fitted", "test alone", "both", "cross-fitted"
    heads = *heads, "alone covers", "both", "people, alone", "both"
    print(f"{'detector':<9}{'val.':>5}{'test':>5}" + "".join(f"{head:>15}" for head in heads))
    for detector in SURER:
        for sizes in SIZES:
            told = compare(detector, sizes, args.repetitions, args.trials, args.seed)
            pairs = zip(told[::2], told[1::2], strict=True)
            line = "".join(f"{f'{a:.2f} / {b:.2f}':>15}" for a, b in pairs)
            print(f"{detector:<9}{sizes[0]:>5}{sizes[1]:>5}{line}", flush=True)


if __name__ == "__main__":
    main()
