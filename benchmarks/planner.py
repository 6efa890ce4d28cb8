#!/usr/bin/env python3
"""Whether plans come true: predicted half-widths beside those that answers then have.

First answers of 139 test and 80 new photographs predict the half-widths of answers from other
numbers of photographs, and from annotated ones; those are then simulated. Printed are the mean
prediction of the first answers that have a plan, as a part of what came, and how many have one; and
the same of all first answers, over all sizes. Those that have a plan look surer than they are where
few have one: it takes a share that is told apart from 0 and 1.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

sys.path.append(str(Path(__file__).resolve().parent.parent))

from benchmarks.prevalence_cells import Cell, measure, pool
from benchmarks.simulated_photos import DETECTORS, TEST_MIX, USUAL, mix_of
from utils.analysis.prevalence.pilot import Pilot, pilot

TEST, NEW = 139, 80
RATES = 0.05, 0.25, 0.5, 0.75, 0.95
SIZES = (139, 80), (139, 500), (600, 80), (600, 500), (1200, 2000)
ANNOTATED = (15, 80), (30, 200), (80, 600)


def pilots(detector: str, rate: float, number: int, seed: int) -> list[Pilot]:
    """Return the first answers."""
    test = pool(TEST_MIX, detector, USUAL, seed)
    new = pool(mix_of(rate), detector, USUAL, seed + 1)
    rng, result = np.random.default_rng([seed, number]), []
    for stream in range(number):
        tested = test.expected[rng.integers(0, len(test.labels), TEST)]
        seen = new.expected[rng.integers(0, len(new.labels), NEW)][..., 1:].sum(axis=1)
        result.append(pilot(tested, seen, stream, 400))
    return [first for first in result if first]


def compare(
    detector: str, rate: float, number: int, repetitions: int, seed: int
) -> tuple[list[float], float, float, list[float], float]:
    """Return predicted as a part of simulated half-widths, and how many have a plan, of both kinds.

    The first three are of `SIZES`, of which the second is of all first answers, whether they have a
    plan or not, and over all sizes; the others are of `ANNOTATED`. NaN where fewer than a quarter
    of the first answers have a plan: of those that do, chance has moved the share.
    """
    firsts = pilots(detector, rate, number, seed)

    def came(cell: Cell) -> float:
        return measure(cell, repetitions, 400, seed)["width"] / 2

    told = [first for first in firsts if first.told]
    like = [first for first in firsts if first.tested_alike]
    plain, every = [], []
    for test, new in SIZES:
        width = came(Cell("planner", detector, rate, test=test, new=new))
        if len(told) >= number / 4:
            plain.append(np.mean([first.half_width(new, test) for first in told]) / width)
        every.append(np.mean([first.half_width(new, test) for first in firsts]) / width)
    annotated = []
    for some, new in ANNOTATED if len(like) >= number / 4 else ():
        width = came(Cell("planner", detector, rate, new=new, annotated=some))
        annotated.append(np.mean([one.annotated_half_width(some, new) for one in like]) / width)
    plain, annotated = plain or [np.nan] * len(SIZES), annotated or [np.nan] * len(ANNOTATED)
    return plain, float(np.mean(every)), len(told) / number, annotated, len(like) / number


def main(words: Sequence[str] | None = None) -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pilots", type=int, default=120, help="first answers (default: 120)")
    parser.add_argument("--repetitions", type=int, default=400, help="of answers (default: 400)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--quick", action="store_true", help="seconds, to see that it runs")
    args = parser.parse_args(words)
    rates, detectors = RATES, list(DETECTORS)
    if args.quick:
        rates, detectors, args.pilots, args.repetitions = (0.5,), ["middling"], 8, 20
    print(f"{args.pilots} first answers of {TEST} test and {NEW} new photographs")
    sizes = "".join(f"{f'{test}/{new}':>10}" for test, new in SIZES)
    some = "".join(f"{f'{few} of {new}':>10}" for few, new in ANNOTATED)
    print(f"rate detector  {sizes}   planned       all{some}   planned")
    for detector in detectors:
        for rate in rates:
            found = compare(detector, rate, args.pilots, args.repetitions, args.seed)
            plain, every, told, annotated, like = found
            print(
                f"{100 * rate:>3.0f}% {detector:<10}{_line(plain)}{100 * told:>8.0f} %"
                f"{_line([every])}"
                f"{_line(annotated)}{100 * like:>8.0f} %",
                flush=True,
            )


def _line(ratios: Sequence[float]) -> str:
    return "".join(f"{'-' if np.isnan(one) else format(one, '.2f'):>10}" for one in ratios)


if __name__ == "__main__":
    main()
