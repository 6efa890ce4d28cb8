#!/usr/bin/env python3
"""Whether the validation photographs may join the test table, as cross-fitting would let them.

The threshold is chosen on the validation photographs, so a detector looks better there than it is.
Cross-fitted, each fifth of them is counted at the threshold that the others choose. Photographs are
simulated with a confidence for each box; the threshold is that of the best F1. Printed are how much
better recall and precision seem than they are, and the error of the corrected share, with the test
photographs alone, with the validation photographs as they are, and cross-fitted.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

sys.path.append(str(Path(__file__).resolve().parent.parent))

from utils.analysis.prevalence.adjusted_counts import adjusted_counts, shares_of

SIZES = (10, 20), (35, 70), (70, 139), (200, 400)
"""Validation and test photographs: a tenth and a fifth of all, as the split deals them."""

NEW = 2000
POOL = 20_000
FOLDS = 5
SURER = {"good": 3.5, "middling": 2.0, "poor": 1.2}
"""Mean confidence of a face, in logits; that of an invented box is -1."""

Boxes = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]
"""By box: photograph, true class (0 if it is none), class it is taken for, confidence."""


def photographs(rng: np.random.Generator, mix: Sequence[float], surer: float) -> Boxes:
    """Simulate `POOL` photographs of people of a mix of classes, as boxes."""
    crowd = np.minimum(np.ceil(rng.lognormal(1.2, 0.95, POOL)), 120).astype(int)
    hard = 0.7 * rng.normal(size=POOL)
    share = rng.dirichlet(3 * np.array(mix), POOL)
    of_face = np.repeat(np.arange(POOL), crowd)
    true = 1 + (rng.random(len(of_face))[:, None] > share.cumsum(axis=1)[of_face, :2]).sum(axis=1)
    of_none = np.repeat(np.arange(POOL), rng.poisson(0.5 * crowd * np.exp(hard - 0.245)))
    photo = np.concatenate([of_face, of_none])
    real = np.concatenate([true, np.zeros(len(of_none), int)])
    mean = np.where(real > 0, surer - 0.3 * (real - 1), -1.0) - hard[photo]
    confused = rng.random(len(photo)) < np.where(real > 0, 0.3 / (1 + surer), 1)
    taken = np.where(confused, rng.integers(1, 4, len(photo)), np.maximum(real, 1))
    order = np.argsort(photo, kind="stable")
    score = mean + rng.normal(scale=1.2, size=len(photo))
    return tuple(one[order] for one in (photo, real, taken, score))


def drawn(boxes: Boxes, number: int, rng: np.random.Generator) -> Boxes:
    """Draw photographs with replacement; their numbers are new."""
    at = rng.integers(0, POOL, number)
    first, last = (np.searchsorted(boxes[0], at, side) for side in ("left", "right"))
    rows = np.concatenate([np.arange(a, b) for a, b in zip(first, last, strict=True)])
    return np.repeat(np.arange(number), last - first), *(one[rows] for one in boxes[1:])


def best_threshold(boxes: Boxes) -> float:
    """Return the confidence with the best F1, whatever the classes."""
    order = np.argsort(-boxes[3])
    right = np.cumsum(boxes[1][order] > 0)
    f1 = 2 * right / (np.arange(1, len(order) + 1) + (boxes[1] > 0).sum())
    return float(boxes[3][order][f1.argmax()])


def table(boxes: Boxes, threshold: float | np.ndarray) -> np.ndarray:
    """Return the confusion matrix, shape (4, 4), at a threshold, or one for each box."""
    predicted = np.where(boxes[3] >= threshold, boxes[2], 0)
    result = np.bincount(4 * boxes[1] + predicted, minlength=16).reshape(4, 4).astype(float)
    result[0, 0] = 0
    return result


def cross_fitted(boxes: Boxes) -> np.ndarray:
    """Return the confusion matrix with each fold at the threshold that the others choose."""
    fold = boxes[0] % FOLDS
    each = [best_threshold(tuple(part[fold != k] for part in boxes)) for k in range(FOLDS)]
    return table(boxes, np.array(each)[fold])


def quality(confusion: np.ndarray) -> np.ndarray:
    """Return recall and precision, whatever the classes."""
    right = confusion[1:, 1:].sum()
    return np.array([right / confusion[1:].sum(), right / confusion[:, 1:].sum()])


def compare(detector: str, sizes: tuple[int, int], repetitions: int, seed: int) -> list[float]:
    """Return the numbers of a row, in per cent, as `main` heads them."""
    rng = np.random.default_rng(seed)
    known = photographs(rng, (0.80, 0.17, 0.03), SURER[detector])
    place = photographs(rng, (0.5, 0.375, 0.125), SURER[detector])
    rows = []
    for _ in range(repetitions):
        validated, tested = (drawn(known, number, rng) for number in sizes)
        new = drawn(place, NEW, rng)
        threshold = best_threshold(validated)
        seen = table(new, threshold)
        there = seen[1:].sum(axis=1)
        real = quality(table(known, threshold))
        plain, folded = table(validated, threshold), cross_fitted(validated)
        alone = table(tested, threshold)
        errors = [
            shares_of(adjusted_counts(confusion, seen[:, 1:].sum(axis=0)))[0]
            - there[0] / there.sum()
            for confusion in (alone, alone + plain, alone + folded)
        ]
        rows.append((*(quality(plain) - real), *(quality(folded) - real), *errors))
    told = np.array(rows)
    errors = told[:, 4:]
    pairs = np.stack([errors.mean(axis=0), np.sqrt((errors**2).mean(axis=0))], axis=1)
    return [100 * value for value in (*told[:, :4].mean(axis=0), *pairs.ravel())]


def main(words: Sequence[str] | None = None) -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repetitions", type=int, default=1000, help="(default: 1000)")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args(words)
    print(
        f"{args.repetitions:,} repetitions; recall / precision too good, bias / error of the share"
    )
    heads = "seem", "cross-fitted", "test alone", "both", "cross-fitted"
    print(f"{'detector':<9}{'val.':>5}{'test':>5}" + "".join(f"{head:>15}" for head in heads))
    for detector in SURER:
        for sizes in SIZES:
            told = compare(detector, sizes, args.repetitions, args.seed)
            pairs = zip(told[::2], told[1::2], strict=True)
            line = "".join(f"{f'{a:.2f} / {b:.2f}':>15}" for a, b in pairs)
            print(f"{detector:<9}{sizes[0]:>5}{sizes[1]:>5}{line}", flush=True)


if __name__ == "__main__":
    main()
