#!/usr/bin/env python3
"""The corrected rate where the truth is known: bias and coverage of its 95 % interval.

Photographs are generated as a detector would see them (`benchmarks/simulated_photos.py`), for five
true rates, three detectors and 20, 200 and 2,000 new photographs; the test set is always 139
photographs, about 800 faces, of another mix of classes. Every repetition draws both sets afresh.
Bias is that against the people on the very new photographs, so that their own chance does not blur
it. The target is a tenth of the raw rate's. Where the raw rate happens to be right, that says
nothing: there a bias is as good as none within twice its own Monte Carlo error, or where it is at
most a tenth of the standard deviation of the estimate, which leaves an interval's coverage as it is
(Cochran, Sampling Techniques, 1977, section 1.8). What misses even that is marked. The last column
is the bias before the share is confined to 0..1 (to -1..2 instead): near the ends, what chance
cannot take off on one side it does not give back on the other, and no estimate within 0..1 is free
of that.
"""

import argparse
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

sys.path.append(str(Path(__file__).resolve().parent.parent))

from benchmarks.simulated_photos import DETECTORS, TEST_MIX, Photographs, photographs
from utils.analysis.prevalence.adjusted_counts import adjusted_counts, shares_of
from utils.analysis.prevalence.intervals import Photos, share_interval
from utils.metrics.bootstrap import draws_of, imaginary

RATES = (0.05, 0.25, 0.5, 0.75, 0.95)
SIZES = (20, 200, 2000)
TEST_PHOTOS = 139
POOL = 100_000
"""Photographs generated for each mix; repetitions draw from them, their rate is the truth."""

OTHERS = (0.75, 0.25)
"""How those without a proper mask part on the new photographs; in the test set 0.85 and 0.15."""


@dataclass(frozen=True)
class Cell:
    """What one cell of the table measured; shares are 0..1."""

    coverage: float
    width: float
    raw_bias: float
    bias: float
    error: float  # Monte Carlo standard error of `bias`
    deviation: float  # standard deviation of the estimate
    unconfined: float = 0.0  # bias before the share is confined to 0..1

    @property
    def tenth(self) -> bool:
        return abs(self.bias) <= abs(self.raw_bias) / 10

    @property
    def small(self) -> bool:
        return self.tenth or abs(self.bias) <= max(2 * self.error, self.deviation / 10)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repetitions", type=int, default=1000, help="of each cell")
    parser.add_argument("--draws", type=int, default=1000, help="of each bootstrap")
    parser.add_argument("--test-photos", type=int, default=TEST_PHOTOS, help="in the test set")
    parser.add_argument("--labels", action="store_true", help="count labels, not probabilities")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    start = time.perf_counter()
    table(args)
    print(f"{time.perf_counter() - start:.0f} s")


def table(args: argparse.Namespace) -> None:
    """Print a line for each cell, and how many meet the two targets."""
    print(
        f"{'rate':>5} {'detector':<9}{'photos':>7}{'coverage':>10}{'width':>8}{'raw bias':>10}"
        f"{'bias':>9}{'+-':>8}{'ratio':>8}{'sd':>7}{'unconfined':>12}"
    )
    cells = []
    for name, rate, new, test in pools(args.seed):
        for size in SIZES:
            rng = np.random.default_rng([args.seed, size])
            counts = "labels" if args.labels else "expected"
            cell = measure(
                test, new, counts, (args.test_photos, size), args.repetitions, args.draws, rng
            )
            cells.append(cell)
            print(
                f"{100 * rate:>4.0f}% {name:<9}{size:>7,}{100 * cell.coverage:>9.1f}%"
                f"{100 * cell.width:>8.1f}{100 * cell.raw_bias:>10.2f}{100 * cell.bias:>9.2f}"
                f"{100 * cell.error:>8.2f}{abs(cell.bias / cell.raw_bias):>8.2f}"
                f"{100 * cell.deviation:>7.1f}{100 * cell.unconfined:>12.2f}"
                + ("" if 0.93 <= cell.coverage <= 0.97 else "  coverage")
                + ("" if cell.small else "  bias"),
                flush=True,
            )
    summarise(cells, args.repetitions)


def summarise(cells: list[Cell], repetitions: int) -> None:
    """Print how many cells meet the targets, and how many would by chance."""
    coverage = np.array([cell.coverage for cell in cells])
    error = np.sqrt(0.95 * 0.05 / repetitions)
    inside = (coverage >= 0.93 - 1e-9) & (coverage <= 0.97 + 1e-9)
    near = (coverage >= 0.93 - 2 * error) & (coverage <= 0.97 + 2 * error)
    print(
        f"coverage within 93 to 97 %: {inside.sum()} of {len(cells)} cells; within that and twice "
        f"the Monte Carlo error of {100 * error:.1f} %: {near.sum()}; "
        f"least {100 * coverage.min():.1f} %, most {100 * coverage.max():.1f} %, "
        f"mean {100 * coverage.mean():.1f} %"
    )
    print(
        f"bias at most a tenth of the raw rate's: {sum(cell.tenth for cell in cells)} of "
        f"{len(cells)} cells; that or as good as none: {sum(cell.small for cell in cells)}"
    )


def pools(seed: int) -> Iterator[tuple[str, float, Photographs, Photographs]]:
    """Yield detector, rate, new photographs and test photographs to draw from."""
    for number, (name, detector) in enumerate(DETECTORS.items()):
        rng = np.random.default_rng([seed, number])
        test = photographs(rng, POOL, TEST_MIX, detector)
        for rate in RATES:
            mix = (rate, *((1 - rate) * part for part in OTHERS))
            yield name, rate, photographs(rng, POOL, mix, detector), test


def measure(
    test: Photographs,
    new: Photographs,
    counts: str,
    sizes: tuple[int, int],
    repetitions: int,
    draws: int,
    rng: np.random.Generator,
) -> Cell:
    """Draw test sets and new photographs from the pools, and hold the answers against the truth.

    Where the equations have no solution there is no answer, and so nothing to measure: about one in
    a thousand repetitions with a poor detector and a dozen test photographs, none with 139.
    A hundred repetitions at a time share the weights of the bootstrap: a product of matrices.
    """
    true = new.labels[:, 1:].sum(axis=(0, 2))
    truth, parts = true[0] / true.sum(), []
    for start in range(0, repetitions, 100):
        number = min(100, repetitions - start)
        at_test = rng.integers(0, POOL, (number, sizes[0]))
        at_new = rng.integers(0, POOL, (number, sizes[1]))
        labels = new.labels[at_new]
        seen = getattr(new, counts)[at_new][..., 1:].sum(axis=2)
        known = getattr(test, counts)[at_test]
        tables = resampled(known.reshape(number, sizes[0], 16), draws, rng)
        tables = tables.reshape(number, draws, 4, 4)
        news = resampled(seen, draws, rng)
        found = seen.sum(axis=1)
        people = adjusted_counts(known.sum(axis=1), found)
        free = np.clip(people[:, 0] / people.sum(axis=1), -1, 2)
        share = shares_of(people)[:, 0]
        drawn = shares_of(adjusted_counts(tables, news))[..., 0]
        tested = shares_of(adjusted_counts(tables, found[:, None]))[..., 0]
        photos = Photos.of(test.labels[at_test], labels[..., 1:].sum(axis=2))
        there = labels[:, :, 1:].sum(axis=(1, 3))
        there = there[:, 0] / there.sum(axis=1)
        boxes = labels[..., 1:].sum(axis=(1, 2))
        raw = boxes[:, 0] / boxes.sum(axis=1)
        low, high = share_interval(share, raw, drawn, tested, photos)
        parts.append(np.stack([low, high, share, raw, there, free]))
    results = np.concatenate(parts, axis=1)
    low, high, share, raw, there, free = results[:, np.isfinite(results).all(axis=0)]
    bias = share - there
    return Cell(
        coverage=float(((low <= truth) & (truth <= high)).mean()),
        width=float((high - low).mean()),
        raw_bias=float((raw - there).mean()),
        bias=float(bias.mean()),
        error=float(bias.std() / np.sqrt(len(bias))),
        deviation=float(share.std()),
        unconfined=float((free - there).mean()),
    )


def resampled(rows: np.ndarray, draws: int, rng: np.random.Generator) -> np.ndarray:
    """Resample photographs and add Jeffreys' prior: (repetitions, photos, K), (..., draws, K)."""
    weights = draws_of(rows.shape[1], draws, rng).astype(rows.dtype)
    sums = np.tensordot(weights, rows, axes=(1, 1)).transpose(1, 0, 2)
    return sums + imaginary(rows, draws, rng)


if __name__ == "__main__":
    main()
