#!/usr/bin/env python3
"""How often the interval of the rate by people holds the truth, with the mistakes of tracks.

Each film has people of known classes, drawn at random from a place where 60 % wear a mask properly.
A stand-in for a detector misses, shifts, invents and confuses faces; half of its confusions are of
a person, and so on every frame of them. Faces are followed, pooled and corrected as `detect.py`
does, by test photographs of the same stand-in. Prints coverage of the 95 % interval, its mean
width, and the mean error of the share that was counted and of the corrected one.
"""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np

sys.path.append(str(Path(__file__).resolve().parent.parent))

from data.painter.films import frame_times, stamp
from data.painter.moving import Scene, compose_scene
from data.painter.witness import Mistakes, Witness
from utils.analysis.prevalence.counting import expected_confusion
from utils.dataset.faces import Faces
from utils.dataset.labels import CLASSES, PROPERLY_MASKED
from utils.metrics.confusion import confusion_counts
from utils.video.frames import Frame, Gap
from utils.video.people import Person
from utils.video.rate import Correction
from utils.video.timeline import Span
from utils.video.watch import watch

SHARES = (0.6, 0.3, 0.1)
THRESHOLD = 0.5


def main() -> None:
    """Watch the films, and print what came of it."""
    args = parser().parse_args()
    told = []
    for number in range(args.films):
        people = watched(args.seed + number, args.people, args.seconds, args.rate)
        correction = tested(args.seed + 10_000 + number, args.photographs)
        (span,) = correction.spans(people, [Span("all", 0, args.seconds + 1)])
        counted = np.mean([person.label == PROPERLY_MASKED for person in people])
        told.append((*span["interval"], span["share"], counted, len(people)))
    low, high, share, counted, found = np.array(told).T
    held = (low <= SHARES[0]) & (SHARES[0] <= high)
    print("| films | people | counted | coverage | width | error counted | error corrected |")
    print(f"|{'---|' * 7}")
    cells = (
        f"{len(told)}",
        f"{args.people}",
        f"{found.mean():.1f}",
        f"{100 * held.mean():.1f} %",
        f"{100 * (high - low).mean():.1f}",
        f"{100 * (counted.mean() - SHARES[0]):+.1f}",
        f"{100 * (share.mean() - SHARES[0]):+.1f}",
    )
    print(f"| {' | '.join(cells)} |")


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--films", type=int, default=400)
    parser.add_argument("--people", type=int, default=40, help="in each film")
    parser.add_argument("--seconds", type=float, default=20.0, help="of each film")
    parser.add_argument("--rate", type=float, default=7.5, help="frames a second")
    parser.add_argument("--photographs", type=int, default=150, help="test photographs")
    parser.add_argument("--seed", type=int, default=1)
    return parser


class Sketch:
    """A source that sketches a scene: head and body of each person in two colours of their own."""

    name, live = "sketch", False

    def __init__(self, scene: Scene, times: np.ndarray) -> None:
        self._scene, self._times = scene, times
        self.gaps: list[Gap] = []
        rng = np.random.default_rng(scene.seed)
        self._paper = rng.integers(90, 160, (scene.size[1], scene.size[0], 3)).astype(np.uint8)
        self._colours = rng.integers(0, 255, (len(scene.walkers) + 1, 2, 3)).astype(np.uint8)

    def frames(self) -> Iterator[Frame]:
        """Yield the frames, with their numbers on them."""
        for number, time in enumerate(self._times):
            image = self._paper.copy()
            for face in self._scene.at(float(time)):
                x1, y1, x2, y2 = (round(value) for value in face.box)
                head, body = self._colours[face.person]
                image[y2 : y2 + 4 * (y2 - y1), max(0, 2 * x1 - x2) : 2 * x2 - x1] = body
                image[y1:y2, x1:x2] = head
                image[y1:y2:3, x1:x2:2] = 255 - head  # there is something to be sharp
            yield Frame(float(time), stamp(image, number))

    def facts(self) -> dict:
        """Return nothing: nobody asks."""
        return {}

    def close(self) -> None:
        """Do nothing: nothing is open."""


def watched(seed: int, people: int, seconds: float, rate: float) -> list[Person]:
    """Return the people who count of a film."""
    rng = np.random.default_rng((seed, 7))
    labels = [int(label) for label in rng.choice(len(CLASSES), people, p=SHARES) + 1]
    scene = compose_scene(seed, people, seconds, labels=labels, widths=(0.02, 0.07))
    times = frame_times(seconds, rate)
    witness = Witness(scene, times, Mistakes(), THRESHOLD, seed=seed)
    found: list[Person] = []
    for moment in watch(Sketch(scene, times), witness, pictures=False):
        found += [person for person in moment.ended if person.counts()]
    return found


def tested(seed: int, photographs: int) -> Correction:
    """Return what a test of the same stand-in on photographs shows: moments of other scenes."""
    rows = []
    for number in range(photographs):
        scene = compose_scene(seed + 1000 * number, 8, 10, widths=(0.02, 0.07))
        witness = Witness(scene, [5.0], Mistakes(), THRESHOLD, seed=seed + number)
        seen, found = scene.at(5.0), witness.detections(0)
        boxes = np.array([face.box for face in seen], np.float32).reshape(-1, 4)
        faces = Faces(boxes, np.array([face.label for face in seen], np.int64))
        rows.append(
            {
                "name": str(number),
                "confusion": confusion_counts([found], [faces], THRESHOLD)[0],
                "expected": expected_confusion([found], [faces], THRESHOLD)[0],
            }
        )
    groups = {str(number): {"group": number} for number in range(photographs)}
    sides = {"train": {"faces": dict.fromkeys(CLASSES, 10)}}
    evaluation = {"per_photo": rows, "bootstrap": {"seed": seed}}
    return Correction(evaluation, {"photos": groups, "sides": sides})


if __name__ == "__main__":
    main()
