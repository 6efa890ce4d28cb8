#!/usr/bin/env python3
"""How often the gate of the registry lets models pass that are as good as the champion, or worse.

Pairs of detectors look at the same simulated photographs, on which some faces are hard for both.
The second is better or worse by a known difference of average precision: that on all photographs of
a pool. Each pair is judged on test photographs drawn anew, as `utils.registry.gate` judges. Printed
are, in per cent of the pairs: how many are called better beyond chance, how many pass with the
margin, and how many are kept out.
"""

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np

sys.path.append(str(Path(__file__).resolve().parent.parent))

from utils.comparison.measured import Comparison
from utils.comparison.shared import Shared
from utils.dataset.labels import CLASSES
from utils.metrics.average_precision import class_precision
from utils.metrics.bootstrap import draws_of
from utils.metrics.paired import paired_precision
from utils.metrics.ranking import Ranking
from utils.registry.gate import MARGIN, as_good
from utils.tracking.recorded import RecordedRun

SIZES = 40, 139, 400
DIFFERENCES = 0.0, -1.0, -2.0, -4.0, 2.0
"""Of average precision, in margins."""

POOL = 20_000
SKILL = 1.5
"""Mean logit of a face for the champion; an invented box has -1."""

MIX = 0.5, 0.3, 0.2


@dataclass(frozen=True)
class Photographs:
    """Boxes that detectors of any skill propose: of faces, and invented ones.

    Attributes
    ----------
    photo, true
        By box: its photograph, and the face's class from 0, -1 of none.
    ease
        By box: what is added to a detector's skill, the same for both.
    faces
        Shape (photographs, 3): how many faces of each class.
    """

    photo: np.ndarray
    true: np.ndarray
    ease: np.ndarray
    faces: np.ndarray

    @classmethod
    def simulated(cls, number: int, rng: np.random.Generator) -> "Photographs":
        """Draw photographs, some of which are hard, with crowds of all sizes."""
        crowd = np.minimum(np.ceil(rng.lognormal(0.9, 0.8, number)), 40).astype(int)
        hard = 0.8 * rng.normal(size=number)
        real, none = (
            np.repeat(np.arange(number), crowd),
            np.repeat(np.arange(number), rng.poisson(0.7 * crowd)),
        )
        true = rng.choice(3, len(real), p=MIX)
        faces = np.zeros((number, 3), np.int64)
        np.add.at(faces, (real, true), 1)
        photo = np.concatenate([real, none])
        ease = rng.normal(size=len(photo)) - hard[photo]
        return cls(photo, np.concatenate([true, np.full(len(none), -1)]), ease, faces)

    def rankings(self, skill: float, rng: np.random.Generator) -> list[Ranking]:
        """Return what a detector of a skill makes of them; it errs in a way of its own, too."""
        mean = np.where(self.true >= 0, skill, -1.0)
        score = mean + self.ease + rng.normal(size=len(self.photo))
        sure = rng.random(len(self.photo)) < 1 / (1 + np.exp(-(skill + self.ease)))
        said = np.where((self.true >= 0) & sure, self.true, rng.integers(0, 3, len(self.photo)))
        result = []
        for k in range(len(CLASSES)):
            boxes = np.flatnonzero(said == k)
            boxes = boxes[np.argsort(-score[boxes], kind="stable")]
            right = (self.true[boxes] == k)[None]
            parts = self.photo[boxes], score[boxes].astype(np.float32), right
            result.append(Ranking(*parts, np.ones_like(right), self.faces[:, k]))
        return result


def precision_of(pool: Photographs, skill: float) -> float:
    """Return a detector's average precision on a pool, the same noise for all skills."""
    return float(class_precision(pool.rankings(skill, np.random.default_rng(1))).mean())


def skill_for(pool: Photographs, difference: float) -> float:
    """Return the skill whose average precision differs so from the champion's, by bisection."""
    wanted = precision_of(pool, SKILL) + difference
    low, high = SKILL - 4, SKILL + 4
    for _ in range(20):
        middle = (low + high) / 2
        low, high = (middle, high) if precision_of(pool, middle) < wanted else (low, middle)
    return (low + high) / 2


def judged(size: int, skill: float, draws: int, margin: float, rng: np.random.Generator) -> str:
    """Return what the gate says of a pair: ``better``, ``passed`` or ``kept out``."""
    photographs = Photographs.simulated(size, rng)
    pair = tuple(photographs.rankings(one, rng) for one in (SKILL, skill))
    measures = paired_precision(pair, draws_of(size, draws, rng), size)
    runs = [RecordedRun(Path(name), "done") for name in ("champion", "candidate")]
    shared = Shared((), np.zeros(0, np.int64), (size, size), 0, "")
    check = as_good(Comparison(*runs, shared, {}, measures, (), size), margin)
    if not check.passed:
        return "kept out"
    return "better" if check.facts["low"] > 0 else "passed"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pairs", type=int, default=200, help="of each line")
    parser.add_argument("--draws", type=int, default=1000, help="resamples of each bootstrap")
    parser.add_argument("--margin", type=float, default=MARGIN)
    parser.add_argument("--quick", action="store_true", help="seconds, to see that it runs")
    args = parser.parse_args()
    pairs, draws, sizes, number = args.pairs, args.draws, SIZES, POOL
    if args.quick:
        pairs, draws, sizes, number = 4, 50, SIZES[:1], 500
    pool = Photographs.simulated(number, np.random.default_rng(0))
    print(
        f"average precision of the champion {precision_of(pool, SKILL):.3f}, margin {args.margin}"
    )
    print(f"{'photographs':>11} {'difference':>11} {'better':>8} {'passed':>8} {'kept out':>9}")
    for margins in DIFFERENCES:
        skill = skill_for(pool, margins * args.margin) if margins else SKILL
        for size in sizes:
            rng = np.random.default_rng(size)
            said = [judged(size, skill, draws, args.margin, rng) for _ in range(pairs)]
            better, kept = (100 * said.count(word) / pairs for word in ("better", "kept out"))
            print(
                f"{size:>11} {margins * args.margin:>+11.3f} {better:>8.1f} {100 - kept:>8.1f} "
                f"{kept:>9.1f}",
                flush=True,
            )


if __name__ == "__main__":
    main()
