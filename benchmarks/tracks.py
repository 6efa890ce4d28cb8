#!/usr/bin/env python3
"""How well people are counted once: tracks of drawn films against who walks through them.

Prints a table by frames a second: people counted by our tracks, and by ByteTrack as published, of
those there are; who was lost (no track is mostly theirs), how many tracks are one too many, and
which share of a track's faces are of the person that it is mostly of.
"""

import argparse
import sys
import time as clock
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np

sys.path.append(str(Path(__file__).resolve().parent.parent))

from data.painter.films import frame_times
from data.painter.moving import Scene, compose_scene
from data.painter.witness import Mistakes, Witness
from utils.video.appearance import looks_of
from utils.video.association import overlaps
from utils.video.people import LEAST_SECONDS, LEAST_SEEN
from utils.video.tracks import Tracker, TrackSettings
from utils.video.watch import settings_for, sureness

STRIDES = (1, 2, 3, 4, 6, 10)
"""Each so many-th frame is looked at."""

FEWEST = 2.5
"""Frames a second, at least."""

SCENES = {
    "plaza": {"people": 30, "widths": (0.02, 0.07)},
    "crowd": {"people": 50, "widths": (0.015, 0.05), "pillars": 2},
    "crossing": {"people": 30, "speed": (1.5, 4.0), "widths": (0.02, 0.06)},
    "corridor": {"people": 16, "widths": (0.03, 0.1), "standing": 0.5, "coming_back": 0.2},
}
PUBLISHED = TrackSettings(
    0.5, 0.1, kept=1.0, overlap=0.2, low_overlap=0.5, new_overlap=0.3, border=0.0, size=0.0
)
THRESHOLD = 0.5
_SAME = 0.3  # least overlap of a detection and a face


@dataclass(frozen=True)
class Counted:
    """How people of a film were counted: see the module's table."""

    there: int
    counted: int
    lost: int
    doubled: int
    own: float


def main() -> None:
    """Draw the films, and print the table."""
    args = parser().parse_args()
    began = clock.monotonic()
    films = {
        name: [
            film(compose_scene(seed, seconds=args.seconds, **how), args.rate) for seed in args.seeds
        ]
        for name, how in SCENES.items()
    }
    print(f"Films of {args.seconds:g} s drawn in {clock.monotonic() - began:.0f} s.\n")
    head = ("frames a second", *SCENES, "all", "lost", "doubled", "faces of its own", "ByteTrack")
    print(f"| {' | '.join(head)} |\n|{'---|' * len(head)}")
    for stride in [one for one in STRIDES if args.rate / one >= FEWEST]:
        settings = settings_for(THRESHOLD)
        kinds = [[count(one, stride, settings, True) for one in kind] for kind in films.values()]
        ours = [one for kind in kinds for one in kind]
        plain = [count(one, stride, PUBLISHED, False) for kind in films.values() for one in kind]
        there = sum(one.there for one in ours)
        cells = [f"{args.rate / stride:g}"]
        for kind in kinds:
            counted = " + ".join(str(one.counted) for one in kind)
            cells.append(f"{counted} of {' + '.join(str(one.there) for one in kind)}")
        cells.append(f"{100 * sum(one.counted for one in ours) / there - 100:+.0f} %")
        cells += [str(sum(one.lost for one in ours)), str(sum(one.doubled for one in ours))]
        cells.append(f"{100 * np.mean([one.own for one in ours]):.0f} %")
        cells.append(f"{100 * sum(one.counted for one in plain) / there - 100:+.0f} %")
        print(f"| {' | '.join(cells)} |", flush=True)


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=20.0, help="of each film")
    parser.add_argument("--rate", type=float, default=30.0, help="frames a second of each film")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2], help="one film of each")
    return parser


@dataclass(frozen=True)
class Film:
    """A scene with what is found on its frames, and what that looks like."""

    scene: Scene
    times: np.ndarray
    found: list
    looks: list[np.ndarray]


def film(scene: Scene, rate: float) -> Film:
    """Look at every frame of a scene, as a detector of usual mistakes does."""
    times = frame_times(scene.seconds, rate)
    witness = Witness(scene, times, Mistakes(), THRESHOLD, seed=scene.seed)
    found = [witness.detections(number) for number in range(len(times))]
    looks = [looks_of(scene.paint(time), one.boxes) for time, one in zip(times, found, strict=True)]
    return Film(scene, times, found, looks)


def count(one: Film, stride: int, settings: TrackSettings, with_looks: bool) -> Counted:
    """Follow the faces of each `stride`-th frame, and compare with who was there."""
    tracker = Tracker(settings)
    tracks: dict[int, list[float]] = {}
    owners: dict[int, Counter] = {}
    people: dict[int, list[float]] = {}
    for number in range(0, len(one.times), stride):
        time, found = float(one.times[number]), one.found[number]
        faces = one.scene.at(time)
        for face in faces:
            people.setdefault(face.person, []).append(time)
        looks = one.looks[number] if with_looks else None
        given = tracker.update(found.boxes, sureness(found), time, looks)
        for later, earlier in tracker.joined:
            tracks.setdefault(earlier, []).extend(tracks.pop(later, []))
            owners.setdefault(earlier, Counter()).update(owners.pop(later, Counter()))
        places = np.array([face.box for face in faces]).reshape(-1, 4)
        same = overlaps(np.asarray(found.boxes, np.float64).reshape(-1, 4), places)
        for row, track in enumerate(given.tolist()):
            if not track:
                continue
            tracks.setdefault(track, []).append(time)
            whose = owners.setdefault(track, Counter())
            if len(faces) and same[row].max() > _SAME:
                whose[faces[int(same[row].argmax())].person] += 1
    counted = [
        track
        for track, seen in tracks.items()
        if len(seen) >= LEAST_SEEN and max(seen) - min(seen) >= LEAST_SECONDS
    ]
    there = [who for who, seen in people.items() if max(seen) - min(seen) >= LEAST_SECONDS]
    mostly = Counter(owners[track].most_common(1)[0][0] for track in counted if owners[track])
    own = [max(owners[track].values()) for track in counted if owners[track]]
    every = [sum(owners[track].values()) for track in counted if owners[track]]
    return Counted(
        there=len(there),
        counted=len(counted),
        lost=sum(who not in mostly for who in there),
        doubled=len(counted) - len(mostly),
        own=sum(own) / max(1, sum(every)),
    )


if __name__ == "__main__":
    main()
