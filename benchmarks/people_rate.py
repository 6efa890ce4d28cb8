#!/usr/bin/env python3
"""How often the interval of the rate by people holds the truth, with the mistakes of tracks.

Each film has people of known classes, drawn at random from a place where 60 % wear a mask properly.
A stand-in for a detector misses, shifts, invents and confuses faces; half of its confusions are of
a person, and so on every frame of them. Faces are followed, pooled and corrected as `detect.py`
does, by test photographs of the same stand-in. Films are not painted (`simulated_films`), and
the people of each are drawn anew many times, on the same tracks.

Prints, with people told apart by tracks and as if it were known whose each face is: coverage of the
95 % interval of the place and its mean width, coverage of the interval for these very people, and
mean errors of the share that was counted and of the corrected one.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

sys.path.append(str(Path(__file__).resolve().parent.parent))

from benchmarks.simulated_films import THRESHOLD, Film, watched
from data.painter.moving import compose_scene
from data.painter.witness import Mistakes, Witness
from utils.analysis.prevalence.counting import expected_confusion
from utils.dataset.faces import Faces
from utils.dataset.labels import CLASSES, PROPERLY_MASKED
from utils.metrics.confusion import confusion_counts
from utils.video.correction import Correction
from utils.video.people import Person

SHARES = (0.6, 0.3, 0.1)
WIDTHS = (0.02, 0.07)
HEAD = (
    *("frames a second", "people", "told apart by", "draws", "counted", "doubled", "coverage"),
    *("width", "coverage of these very people", "error counted", "error corrected"),
)


def main() -> None:
    """Watch the films, and print what came of it."""
    args = parser().parse_args()
    photographs = [judged_photograph(number) for number in range(args.pool)]
    print(f"| {' | '.join(HEAD)} |\n|{'---|' * len(HEAD)}")
    for rate in args.rates:
        for many in args.people:
            films = [
                filmed(args.seed + number, many, args.seconds, rate) for number in range(args.films)
            ]
            told: dict[str, list[tuple[float, ...]]] = {"tracks": [], "truth": []}
            for number in range(args.films * args.draws):
                rng = np.random.default_rng((args.seed, many, number))
                film = films[number % args.films].redrawn(SHARES, rng)
                chosen = rng.choice(len(photographs), args.photographs, replace=False)
                correction = correction_of([photographs[n] for n in chosen], number)
                told["tracks"].append(answered(correction, film, film.tracked))
                told["truth"].append(answered(correction, film, film.known))
            for how, rows in told.items():
                print(f"| {rate:g} | {many} | {how} | {' | '.join(summed(rows))} |", flush=True)


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--films", type=int, default=16, help="of each kind")
    parser.add_argument("--draws", type=int, default=33, help="of the people of each film")
    parser.add_argument("--people", type=int, nargs="+", default=[40], help="in each film")
    parser.add_argument("--seconds", type=float, default=20.0, help="of each film")
    parser.add_argument("--rates", type=float, nargs="+", default=[7.5], help="frames a second")
    parser.add_argument("--photographs", type=int, default=150, help="test photographs")
    parser.add_argument("--pool", type=int, default=1000, help="that they are taken from")
    parser.add_argument("--seed", type=int, default=1)
    return parser


def filmed(seed: int, people: int, seconds: float, rate: float) -> Film:
    """Return what comes of watching a film of people drawn at random."""
    labels = np.random.default_rng((seed, people)).choice(len(CLASSES), people, p=SHARES) + 1
    return watched(seed, labels.tolist(), seconds, rate, widths=WIDTHS)


def answered(correction: Correction, film: Film, people: Sequence[Person]) -> tuple[float, ...]:
    """Return what was counted, doubled, told of the place and of these people, and what is true."""
    told = correction.whole(people)["properly_masked"]
    counted = np.mean([person.label == PROPERLY_MASKED for person in people])
    here = np.mean([label == PROPERLY_MASKED for label in film.there.values()])
    doubled = len(film.tracked) - len(film.often) if people is film.tracked else 0
    ends = (*told["interval"], *told["interval_here"])
    return len(people), doubled, counted, told["share"], here, *ends


def summed(rows: Sequence[tuple[float, ...]]) -> list[str]:
    """Return the cells of a row of the table."""
    people, doubled, counted, share, here, low, high, low_here, high_here = np.array(rows).T
    held = (low <= SHARES[0]) & (SHARES[0] <= high)
    held_here = (low_here <= here) & (here <= high_here)
    return [
        f"{len(rows)}",
        f"{people.mean():.1f}",
        f"{doubled.mean():.1f}",
        f"{100 * held.mean():.1f} %",
        f"{100 * (high - low).mean():.1f}",
        f"{100 * held_here.mean():.1f} %",
        f"{100 * (counted.mean() - SHARES[0]):+.1f}",
        f"{100 * (share.mean() - SHARES[0]):+.1f}",
    ]


def judged_photograph(number: int) -> dict[str, list]:
    """Return the confusion on a test photograph: a moment of a scene of its own."""
    seed = 1_000_000 + number
    scene = compose_scene(seed, 8, 10, widths=WIDTHS)
    witness = Witness(scene, [5.0], Mistakes(), THRESHOLD, seed=seed)
    seen, found = scene.at(5.0), witness.detections(0)
    boxes = np.array([face.box for face in seen], np.float32).reshape(-1, 4)
    faces = Faces(boxes, np.array([face.label for face in seen], np.int64))
    return {
        "confusion": confusion_counts([found], [faces], THRESHOLD)[0],
        "expected": expected_confusion([found], [faces], THRESHOLD)[0],
    }


def correction_of(photographs: Sequence[dict[str, list]], seed: int) -> Correction:
    """Return what a test on photographs shows of the stand-in's mistakes."""
    rows = [{"name": str(number), **row} for number, row in enumerate(photographs)]
    groups = {str(number): {"group": number} for number in range(len(rows))}
    sides = {"train": {"faces": dict.fromkeys(CLASSES, 10)}}
    evaluation = {"per_photo": rows, "bootstrap": {"seed": seed}}
    return Correction(evaluation, {"photos": groups, "sides": sides})


if __name__ == "__main__":
    main()
