#!/usr/bin/env python3
"""How often the two-sample test of new against test photographs alarms, with cause and without.

Compared are the test that is used (`utils.analysis.prevalence.shift`: Hotelling's T squared, by a
bootstrap) and a classifier two-sample test: logistic regression tells new from test photographs
by the same five features, the latter weighted to the mix of classes of the former; its statistic is
the difference of the mean logits, each by a model of other photographs (Cheng and Cloninger, IEEE
Trans. Inf. Theory 68 (2022) 6631), and its chance that of permuted sides. Bursts are permuted as
one. Photographs are simulated: people of alike classes, and a distance and a light of their own.
"""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

sys.path.append(str(Path(__file__).resolve().parent.parent))

from utils.analysis.prevalence.adjusted_counts import adjusted_counts
from utils.analysis.prevalence.balance import balanced
from utils.analysis.prevalence.shift import shift_test

TEST = 139
TEST_RATE = 0.8
POOL = 4000
FOLDS = 5
PERMUTATIONS = 199
NAMES = ("side", "confidence", "boxes", "brightness", "sharpness")
RATES = np.array([[0.15, 0.78, 0.05, 0.02], [0.25, 0.1, 0.62, 0.03], [0.25, 0.25, 0.1, 0.4]])
"""How faces of each class are missed and confused."""


@dataclass(frozen=True)
class Scene:
    """What new photographs are like; the defaults are those of the test photographs.

    Attributes
    ----------
    rate
        Share properly masked.
    crowd
        Median number of people.
    farther
        By how much faces without a proper mask are smaller, in powers of 2.
    darker
        In standard deviations.
    """

    rate: float = TEST_RATE
    crowd: float = 3.0
    farther: float = 0.0
    darker: float = 0.0


@dataclass(frozen=True)
class Looked:
    """Photographs as `shift_test` takes them, with true classes: shapes (photos, ...)."""

    tables: np.ndarray
    boxes: np.ndarray
    photos: np.ndarray

    def at(self, places: np.ndarray) -> "Looked":
        """Return some of them."""
        return Looked(self.tables[places], self.boxes[places], self.photos[places])

    @property
    def counts(self) -> np.ndarray:
        """What was found of each class, shape (photos, 3)."""
        return self.tables[:, :, 1:].sum(axis=1)

    @property
    def features(self) -> np.ndarray:
        """A row for each photograph; without boxes it has the mean of the others."""
        number = self.counts.sum(axis=1)
        means = self.boxes.sum(axis=1) / np.maximum(number, 1)[:, None]
        means[number == 0] = means[number > 0].mean(axis=0) if (number > 0).any() else 0
        return np.concatenate([means, self.photos], axis=1)


@lru_cache(maxsize=8)
def pool(scene: Scene, seed: int) -> Looked:
    """Generate photographs to draw from."""
    rng = np.random.default_rng(seed)
    near, light = rng.normal(0, 0.4, POOL), rng.normal(-scene.darker, 1, POOL)
    shares = np.array([scene.rate, 0.8 * (1 - scene.rate), 0.2 * (1 - scene.rate)])
    mix = rng.dirichlet(3 * shares, POOL)
    crowd = np.ceil(rng.lognormal(np.log(scene.crowd), 0.7, POOL)).astype(int)
    people = rng.multinomial(crowd, mix)
    tables = np.zeros((POOL, 4, 4), int)
    for true in range(3):
        tables[:, true + 1] = rng.multinomial(people[:, true], RATES[true])
    invented = rng.poisson(0.1 * people.sum(axis=1))
    tables[:, 0, 1:] = rng.multinomial(invented, [0.6, 0.3, 0.1])
    number = tables[:, :, 1:].sum(axis=2)
    small = np.array([0, 0, 0.8 + scene.farther, scene.farther])
    noise = rng.normal(size=(2, POOL, 4)) * np.sqrt(number)  # of a sum of so many
    side = number * (near[:, None] - small) + 0.5 * noise[0]
    sure = number * (2 - 0.5 * small + 0.3 * light[:, None]) + noise[1]
    looks = np.log2(1 + number.sum(axis=1)), light, rng.normal(size=POOL)
    return Looked(tables, np.stack([side, sure], axis=-1), np.stack(looks, axis=-1))


def by_hotelling(test: Looked, new: Looked, groups: np.ndarray, draws: int) -> float | None:
    """Return the p-value of the test that is used."""
    seen = new.counts, new.boxes.sum(axis=1), new.photos
    known = test.tables, test.boxes, test.photos
    return shift_test(*known, *seen, 0, draws, names=NAMES, groups=groups)["p"]


def by_classifier(
    test: Looked, new: Looked, groups: np.ndarray, rng: np.random.Generator
) -> float | None:
    """Return the p-value of the classifier two-sample test; None without a mix to weight by."""
    people = adjusted_counts(test.tables.sum(axis=0), new.counts.sum(axis=0))
    people = np.maximum(people, 0)
    if not np.isfinite(people).all() or not people.any():
        return None
    weights = len(test.tables) * balanced(test.tables[:, 1:].sum(axis=2), people)
    weights = np.concatenate([weights, np.ones(len(new.tables))])
    rows = np.concatenate([test.features, new.features])
    rows = (rows - rows.mean(axis=0)) / np.maximum(rows.std(axis=0), 1e-9)
    rows = np.concatenate([rows, np.ones((len(rows), 1))], axis=1)
    group = np.concatenate([np.arange(len(test.tables)), len(test.tables) + groups])
    number = group.max() + 1
    sides = np.arange(number) >= len(test.tables)
    drawn = np.array([sides, *(rng.permutation(sides) for _ in range(PERMUTATIONS))])
    apart = statistic(rows, drawn[:, group], weights, rng.permutation(number)[group] % FOLDS)
    return float((apart >= apart[0] - 1e-9).mean())


def statistic(
    rows: np.ndarray, sides: np.ndarray, weights: np.ndarray, fold: np.ndarray
) -> np.ndarray:
    """Return the difference of mean logits of both sides, each by a model of the other folds.

    Parameters
    ----------
    rows
        Shape (n, F): features and a constant.
    sides
        bool, shape (P, n): which are new, for each permutation.
    weights, fold
        Shape (n,).
    """
    logits = np.zeros(sides.shape)
    for k in range(FOLDS):
        slopes = regress(rows[fold != k], sides[:, fold != k], weights[fold != k])
        logits[:, fold == k] = slopes @ rows[fold == k].T
    new, old = sides * weights, ~sides * weights
    means = [(logits * w).sum(axis=1) / np.maximum(w.sum(axis=1), 1e-9) for w in (new, old)]
    return means[0] - means[1]


def regress(rows: np.ndarray, sides: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return the slopes of logistic regressions, (P, F), as scikit-learn's of C = 1 but for the
    constant, which has a hundredth of the ridge here: many at once are a hundred times as fast."""
    ridge = np.ones(rows.shape[1])
    ridge[-1] = 0.01
    slopes = np.zeros((len(sides), rows.shape[1]))
    products = (rows[:, :, None] * rows[:, None, :]).reshape(len(rows), -1)
    for _ in range(6):
        chance = 1 / (1 + np.exp(-slopes @ rows.T))
        gradient = (weights * (sides - chance)) @ rows - ridge * slopes
        bend = (weights * chance * (1 - chance)) @ products
        bend = bend.reshape(-1, len(ridge), len(ridge)) + np.diag(ridge)
        slopes += np.linalg.solve(bend, gradient[..., None])[..., 0]
    return slopes


CELLS: list[tuple[str, Scene, int, int]] = [
    *((f"{100 * rate:.0f} % masked", Scene(rate), new, 1)
      for rate in (0.8, 0.3) for new in (12, 30, 100)),
    ("5 % masked", Scene(0.05), 100, 1),
    ("30 % masked, bursts of 6", Scene(0.3), 25, 6),
    *((what, scene, new, 1)
      for what, scene in (
          ("half as many people again", Scene(0.5, crowd=4.5)),
          ("farther off", Scene(0.5, farther=0.3)),
          ("darker", Scene(0.5, darker=0.5)),
      ) for new in (30, 100)),
    *(("five times the people", Scene(0.5, crowd=15), new, 1) for new in (6, 7, 8, 10, 15)),
]  # fmt: skip
"""What is told, the scene, how many new photographs or bursts, and photographs in each."""


def compare(
    scene: Scene, new: int, burst: int, repetitions: int, draws: int, seed: int
) -> dict[str, float]:
    """Return how often each test has p below 5 % and 1 %, and how often it has any."""
    rng = np.random.default_rng([seed, new])
    known, seen = pool(Scene(), seed), pool(scene, seed + 1)
    groups = np.repeat(np.arange(new), burst)
    told: dict[str, list[float]] = {"Hotelling": [], "classifier": []}
    for _ in range(repetitions):
        test = known.at(rng.integers(0, POOL, TEST))
        photographs = seen.at(np.repeat(rng.integers(0, POOL, new), burst))
        chances = (
            by_hotelling(test, photographs, groups, draws),
            by_classifier(test, photographs, groups, rng),
        )
        for name, chance in zip(told, chances, strict=True):
            told[name].append(1.0 if chance is None else chance)
    return {
        f"{name} {level}": float(np.mean(np.array(chances) < level))
        for name, chances in told.items()
        for level in (0.05, 0.01)
    }


def main(words: Sequence[str] | None = None) -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repetitions", type=int, default=400, help="(default: 400)")
    parser.add_argument("--draws", type=int, default=300, help="of the bootstrap (default: 300)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--quick", action="store_true", help="seconds, to see that it runs")
    args = parser.parse_args(words)
    cells = CELLS
    if args.quick:
        cells, args.repetitions, args.draws = CELLS[:1], 4, 50
    print(f"{args.repetitions} repetitions, {TEST} test photographs; per cent with p below")
    print(f"{'':<33}{'new':>4}{'Hotelling 5 %':>15}{'1 %':>6}{'classifier 5 %':>16}{'1 %':>6}")
    for what, scene, new, burst in cells:
        told = compare(scene, new, burst, args.repetitions, args.draws, args.seed)
        values = [f"{100 * value:.1f}" for value in told.values()]
        line = "".join(f"{value:>{w}}" for value, w in zip(values, (15, 6, 16, 6), strict=True))
        print(f"{what:<33}{new * burst:>4}{line}", flush=True)


if __name__ == "__main__":
    main()
