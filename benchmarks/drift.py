#!/usr/bin/env python3
"""How often `workflow.py watch-drift` alarms, with cause and without.

A model looks at photographs as they are, and again darkened, blurred and made smaller. Again and
again they are dealt at random to two sides: one stands for the test, and some of the other, changed
or not, for the new photographs. *per cent called different* should be 5 where nothing was changed:
photographs of one side are like those of the other. In bursts, each photograph comes six times;
where nobody told that they are one observation, the alarm would be false far more often. A video
is a photograph in whose place it was taken, with frames around it whose deviations last.
"""

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path

import cv2
import numpy as np

sys.path.append(str(Path(__file__).resolve().parent.parent))

from benchmarks.common import PROJECT, machine, print_table
from utils.dataset.intake.photographs import NewPhotographs
from utils.dataset.looks import looks
from utils.drift.features import Album, seen
from utils.drift.few import compare_means
from utils.drift.scene import HOW_SEEN
from utils.drift.since import find_change
from utils.drift.two_samples import compare
from utils.errors import number_of
from utils.models import load_model

Change = Callable[[np.ndarray], np.ndarray]
BURST = 6
FRAMES, LASTING = 30, 0.9
"""Of a video, and how much of its deviation a frame has from the one before."""

WITHIN = 0.25
"""Share of the variance of photographs that is within a place: a frame differs as one of them."""

VIDEOS = (1, 3)

BEGAN = datetime(2026, 1, 1)


def night(image: np.ndarray) -> np.ndarray:
    """Return a photograph with a third of its light, and the noise of a sensor."""
    noise = np.random.default_rng(0).normal(0, 8, image.shape)
    return np.clip(image * 0.35 + noise, 0, 255).astype(np.uint8)


def blur(image: np.ndarray) -> np.ndarray:
    """Return a photograph out of focus by a hundredth of its longer side."""
    return cv2.GaussianBlur(image, (0, 0), max(image.shape) / 100)


def smaller(image: np.ndarray) -> np.ndarray:
    """Return a photograph at half its size in the middle of a grey one: twice as far off."""
    height, width = image.shape[:2]
    size = max(1, width // 2), max(1, height // 2)
    half = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    whole = np.full_like(image, 128)
    top, left = (height - half.shape[0]) // 2, (width - half.shape[1]) // 2
    whole[top : top + half.shape[0], left : left + half.shape[1]] = half
    return whole


CHANGES: dict[str, Change] = {
    "nothing": lambda image: image,
    "night": night,
    "blur": blur,
    "smaller faces": smaller,
}


def main(argv: Sequence[str] | None = None) -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=PROJECT / "data" / "sample")
    parser.add_argument("--model", type=Path, help="(default: the one in the box)")
    parser.add_argument("--photos", type=int, default=120, help="at most (default: 120)")
    parser.add_argument("--new", type=int, nargs="+", default=[10, 30], help="new photographs")
    parser.add_argument("--repetitions", type=int, default=400, help="(default: 400)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--quick", action="store_true", help="seconds, to see that it runs")
    args = parser.parse_args(argv)
    if args.quick:
        args.photos, args.new, args.repetitions = 8, [3], 4
    albums = dict(looked(args.data, args.model, args.photos))
    whole = albums["nothing"]
    print(machine())
    print(
        f"{len(whole)} photographs of {args.data.name}, half of them for the test; "
        f"{args.repetitions} repetitions; per cent called different\n"
    )
    rows = []
    for name, changed in albums.items():
        cells = [rate(whole, changed, new, args) for new in args.new]
        cells += [rate_of_videos(whole, changed, new, args) for new in VIDEOS]
        rows.append((name, *(f"{100 * cell:.1f}" for cell in cells)))
    for name, grouped in (("nothing, in bursts of 6", True), ("the same, not told of", False)):
        cells = [rate(whole, whole, new, args, BURST, grouped) for new in args.new]
        rows.append((name, *(f"{100 * cell:.1f}" for cell in cells), *["-"] * len(VIDEOS)))
    of_videos = [number_of(new, "video") for new in VIDEOS]
    print_table(("changed", *(f"{new} new" for new in args.new), *of_videos), rows)
    print("\nin the order of time, per cent with a change told; and how far off in the middle\n")
    rows = []
    for name, changed in albums.items():
        told = list(changes(whole, changed, args))
        off = [abs(one) for one in told if one is not None]
        off_by = f"{np.median(off):.0f} photographs" if off and name != "nothing" else "-"
        rows.append((name, f"{100 * len(off) / len(told):.1f}", off_by))
    print_table(("changed from the middle on", "told", "off by"), rows)


def looked(data: Path, file: Path | None, most: int) -> Iterator[tuple[str, Album]]:
    """Yield for each change its name, and what a model finds on photographs that it was made to."""
    model = load_model(file)
    with NewPhotographs([data]) as photographs:
        number = photographs.facts["photos"]
        chosen = set(np.linspace(0, number - 1, min(most, number)).astype(int).tolist())
        images = [one.decode() for n, one in enumerate(photographs.read()) if n in chosen]
    for name, change in CHANGES.items():
        changed = [change(image) for image in images]
        found = model.predict(changed)
        yield name, seen(found, model.threshold, [looks(image) for image in changed])


def rate(
    known: Album,
    changed: Album,
    new: int,
    args: argparse.Namespace,
    burst: int = 1,
    grouped: bool = True,
) -> float:
    """Return how often `new` of the changed photographs are called different from known others."""
    rng = np.random.default_rng([args.seed, new, burst])
    alarms = 0
    for number in range(args.repetitions):
        order = rng.permutation(len(known))
        test, rest = np.split(order, [len(order) // 2])
        places = np.repeat(rest[:new], burst)
        groups = np.repeat(np.arange(len(rest[:new])), burst)
        some = changed.values[places]
        photographs = Album(known.names, some, groups if grouped else np.arange(len(some)))
        alarms += compare(known.of(test), photographs, number, 199).differ
    return alarms / args.repetitions


def rate_of_videos(known: Album, changed: Album, new: int, args: argparse.Namespace) -> float:
    """Return how often `new` videos of changed photographs are called different from known ones."""
    rng = np.random.default_rng([args.seed, new, 7])
    known, changed = (album.with_features(HOW_SEEN) for album in (known, changed))
    middle, spread = np.nanmean(changed.values, axis=0), np.nanstd(known.values, axis=0)
    places = middle + np.sqrt(1 - WITHIN) * (changed.values - middle)
    alarms = 0
    for number in range(args.repetitions):
        order = rng.permutation(len(known))
        test, rest = np.split(order, [len(order) // 2])
        frames = []
        for place in rest[:new]:
            lasting = rng.standard_normal(len(HOW_SEEN))
            for _ in range(FRAMES):
                more = rng.standard_normal(len(HOW_SEEN))
                lasting = LASTING * lasting + np.sqrt(1 - LASTING**2) * more
                frames.append(places[place] + np.sqrt(WITHIN) * spread * lasting)
        groups = np.repeat(np.arange(len(frames) // FRAMES), FRAMES)
        videos = Album(HOW_SEEN, np.array(frames), groups)
        alarms += compare_means(known.of(test), videos, number, 199).differ
    return alarms / args.repetitions


def changes(known: Album, changed: Album, args: argparse.Namespace) -> Iterator[int | None]:
    """Yield where a change was told, less where it was, over photographs an hour apart."""
    rng = np.random.default_rng([args.seed, 1])
    for number in range(max(1, args.repetitions // 4)):
        order = rng.permutation(len(known))
        half = len(order) // 2
        rows = np.concatenate([known.values[order[:half]], changed.values[order[half:]]])
        album = Album(known.names, rows, np.arange(len(rows)))
        times = [BEGAN + timedelta(hours=n) for n in range(len(rows))]
        told = find_change(album, times, number, 199)
        yield None if told is None else told.photograph - half


if __name__ == "__main__":
    main()
