#!/usr/bin/env python3
"""The estimators of the rate that were considered, where the truth is known.

The raw rate; adjusted counts of labels and of probabilities; and expectation maximisation, with the
detector's too sure probabilities as they are and with the right temperature. Photographs are those
of ``benchmarks/prevalence.py``; no intervals.
"""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np

sys.path.append(str(Path(__file__).resolve().parent.parent))

from benchmarks.simulated_photos import DETECTORS, TEST_MIX, Photographs, mix_of, photographs
from utils.analysis.prevalence.adjusted_counts import adjusted_counts, shares_of

RATES = (0.05, 0.25, 0.5, 0.75, 0.95)
TEST_PHOTOS = 139
POOL = 100_000
"""Photographs generated for each mix; repetitions draw from them, their rate is the truth."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repetitions", type=int, default=200, help="of each line")
    parser.add_argument("--photos", type=int, default=200, help="new photographs")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    compare(args.repetitions, args.photos, args.seed)


def compare(repetitions: int, size: int, seed: int) -> None:
    """Print bias and root mean square error of the estimators that were considered."""
    print(
        f"{size} new photographs, {TEST_PHOTOS} test photographs; "
        "bias / root mean square error, per cent\n"
        f"{'rate':>5} {'detector':<9}{'raw':>14}{'labels':>14}{'probabilities':>15}"
        f"{'EM':>14}{'EM, calibrated':>16}"
    )
    for name, rate, new, test in _pools(seed):
        rng = np.random.default_rng(seed)
        errors: dict[str, list[float]] = {}
        for _ in range(repetitions):
            known, seen = test.draw(TEST_PHOTOS, rng), new.draw(size, rng)
            people = seen.labels[:, 1:].sum(axis=(0, 2))
            truth = people[0] / people.sum()
            found = seen.labels[:, :, 1:].sum(axis=(0, 1))
            estimates = {
                "raw": found[0] / found.sum(),
                "labels": corrected(known.labels, seen.labels),
                "probabilities": corrected(known.expected, seen.expected),
                "EM": expectation_maximisation(known, seen, 1.0),
                "EM, calibrated": expectation_maximisation(known, seen, seen.temperature),
            }
            for key, value in estimates.items():
                errors.setdefault(key, []).append(value - truth)
        told = {
            key: f"{100 * np.mean(one):.2f} /{100 * np.sqrt(np.mean(np.square(one))):5.2f}"
            for key, one in errors.items()
        }
        print(
            f"{100 * rate:>4.0f}% {name:<9}{told['raw']:>14}{told['labels']:>14}"
            f"{told['probabilities']:>15}{told['EM']:>14}{told['EM, calibrated']:>16}",
            flush=True,
        )


def _pools(seed: int) -> Iterator[tuple[str, float, Photographs, Photographs]]:
    """Yield detector, rate, new photographs and test photographs to draw from."""
    for number, (name, detector) in enumerate(DETECTORS.items()):
        rng = np.random.default_rng([seed, number])
        test = photographs(rng, POOL, TEST_MIX, detector)
        for rate in RATES:
            yield name, rate, photographs(rng, POOL, mix_of(rate), detector), test


def corrected(known: np.ndarray, seen: np.ndarray) -> float:
    """Return the corrected rate of test tables and new tables, each (photos, 4, 4)."""
    return float(shares_of(adjusted_counts(known.sum(axis=0), seen[..., 1:].sum(axis=(0, 1))))[0])


def expectation_maximisation(known: Photographs, seen: Photographs, temperature: float) -> float:
    """Return the rate by Saerens, Latinne and Decaestecker (2002), Neural Comput. 14, 21.

    The prior is the test set's mix of found classes; missed faces are allowed for by each class's
    recall. Invented faces have no class there: the method takes them for people.
    """
    table = known.labels.sum(axis=0)[1:]
    prior = np.maximum(table[:, 1:].sum(axis=1), 0.5)
    prior = prior / prior.sum()
    posterior = seen.probabilities ** (1 / temperature)
    posterior /= posterior.sum(axis=1, keepdims=True)
    shares = prior
    for _ in range(200):
        weighed = posterior * (shares / prior)
        updated = (weighed / weighed.sum(axis=1, keepdims=True)).mean(axis=0)
        if np.abs(updated - shares).max() < 1e-6:
            break
        shares = updated
    recall = np.maximum(table[:, 1:].sum(axis=1), 0.5) / np.maximum(table.sum(axis=1), 1)
    people = shares / recall
    return float(people[0] / people.sum())


if __name__ == "__main__":
    main()
