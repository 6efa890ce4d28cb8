#!/usr/bin/env python3
"""Whether the intervals hold the truth, with a real detector on photographs drawn anew.

The painter of the sample knows how many of the people that it draws wear a mask properly. It draws
further photographs of both kinds, and one model detects on all of them. Each repetition then takes
a test set and a set of new photographs from these at random, and holds the answer against the
truth: for the place, the share on all new photographs that were drawn; for the very photographs,
that on the ones that were taken. A quarter of the new photographs is then annotated, as drawn, for
the answer that needs no test set. `benchmarks/prevalence.py` does the same with simulated
detections.

    make benchmark-drawn_truth ARGS="--model runs/RUN/output/mask_detection_model.pth"

What a model makes of a set is kept in a file, so that an interrupted run goes on where it was.
"""

import argparse
import multiprocessing
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields
from itertools import islice, product
from pathlib import Path
from typing import Any

import numpy as np

sys.path.append(str(Path(__file__).resolve().parent.parent))

from data.painter.pictures import Picture
from data.painter.sample import DRAWN, annotated_photographs, new_photographs
from utils.analysis.prevalence.annotated import annotated_prevalence
from utils.analysis.prevalence.counting import expected_confusion, expected_counts
from utils.analysis.prevalence.estimate import estimate_prevalence
from utils.analysis.prevalence.sampling import draw_sample, inclusion_probabilities
from utils.dataset.labels import CLASSES, PROPERLY_MASKED
from utils.detector.inference import Detector
from utils.metrics.confusion import confusion_counts
from utils.records import digest_of

PROJECT = Path(__file__).resolve().parent.parent

SIZES = (20, 80), (40, 80), (139, 200)
"""Test photographs and new photographs of a row; first those of the sample."""

FIRST = 1000
"""Seed of the first set; those of the sample are of seed 0."""

CROWDS = (1, 4), (5, 8), (9, 12), (13, 20)
"""People on a photograph."""

DRAWS = 1000
"""Of each bootstrap."""

KINDS: dict[str, Callable[[int], Iterator[Picture]]] = {
    "annotated": lambda seed: islice(annotated_photographs(seed), DRAWN),
    "new": new_photographs,
}
"""What is drawn of each seed: of the annotated ones, those that are nobody's near-duplicates."""


@dataclass(frozen=True)
class Seen:
    """What a detector made of some photographs, by photograph, and their true share.

    Attributes
    ----------
    confusion, expected
        Shape (photos, 4, 4): counts, and the same in class probabilities.
    counts, shares
        Shape (photos, 3): detections of each class, and the same in class probabilities.
    people
        Shape (photos, 3): who is there.
    """

    confusion: np.ndarray
    expected: np.ndarray
    counts: np.ndarray
    shares: np.ndarray
    people: np.ndarray

    @property
    def truth(self) -> float:
        """The share of the people who wear a mask properly, in 0..1."""
        return float(self.people[:, PROPERLY_MASKED - 1].sum() / self.people.sum())

    def taken(self, at: np.ndarray) -> "Seen":
        """Return the same of the photographs at these places, (n,)."""
        return Seen(*(getattr(self, field.name)[at] for field in fields(self)))

    @classmethod
    def of_all(cls, sets: "Sequence[Seen]") -> "Seen":
        """Return the photographs of all sets."""
        every = ([getattr(one, field.name) for one in sets] for field in fields(cls))
        return cls(*map(np.concatenate, every))


def look(detector: Detector, pictures: Sequence[Picture]) -> Seen:
    """Let `detector` find the faces of `pictures`."""
    found = list(detector.stream(picture.image for picture in pictures))
    faces, least = [picture.faces for picture in pictures], detector.threshold

    def numbers(labels: Sequence[np.ndarray]) -> np.ndarray:
        return np.array([np.bincount(one, minlength=len(CLASSES) + 1)[1:] for one in labels])

    return Seen(
        confusion_counts(found, faces, least),
        expected_confusion(found, faces, least),
        numbers([one.above(least).labels for one in found]),
        expected_counts(found, least),
        numbers([one.labels for one in faces]),
    )


def looked_at(
    path: Path, draw: Callable[[], Sequence[Picture]], load: Callable[[], Detector]
) -> Seen:
    """Return what `path` keeps of a set; if it is not there, draw the set, look, and keep that."""
    if path.exists():
        with np.load(path, allow_pickle=False) as kept:
            return Seen(**kept)
    seen = look(load(), draw())
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".part.npz")
    np.savez(unfinished, **vars(seen))
    unfinished.replace(path)
    return seen


def compare(
    test: Seen, new: Seen, sizes: tuple[int, int], repetitions: int, seed: int
) -> dict[str, float]:
    """Correct new photographs by test photographs, taken at random, and compare with the truth.

    Returns
    -------
    ``answers``, all in 0..1 and those after it of the repetitions that have an answer; ``place``
    and ``place_width`` (mean) of the interval for the place, whose truth is that of all new
    photographs; ``here`` and ``here_width`` of that for the very photographs; ``people``,
    ``people_width`` (as a part of them) and ``people_bias`` of their number; ``raw_bias`` and
    ``bias``, against the very photographs; ``annotated`` and ``annotated_width``: coverage and
    width for the very photographs, a quarter of them annotated.
    """
    rng = np.random.default_rng([seed, *sizes])
    rows = []
    for number in range(repetitions):
        pairs = zip((test, new), sizes, strict=True)
        tested, seen = (one.taken(rng.integers(0, len(one.people), size)) for one, size in pairs)
        both = tested.expected, seen.shares
        record = estimate_prevalence(tested.confusion, seen.counts, number, DRAWS, expected=both)
        answer, counted = record["properly_masked"], record["people"]
        row = {"answers": answer["interval"] is not None}
        people = seen.people.sum()
        spans = {
            "place": (answer["interval"], new.truth, 1),
            "here": (answer["interval_here"], seen.truth, 1),
            "people": (counted["interval"], people, people),
            "annotated": (_survey(seen, rng)["interval_here"], seen.truth, 1),
        }
        for name, (span, truth, unit) in spans.items():
            if row["answers"] and span:
                row[name] = _holds(span, truth)
                high = np.nan if span[1] is None else span[1]
                row[f"{name}_width"] = (high - span[0]) / unit
        if row["answers"]:
            row["people_bias"] = counted["corrected"] / people - 1
            row["raw_bias"] = answer["raw_share"] - seen.truth
            row["bias"] = answer["share"] - seen.truth
        rows.append(row)
    names = dict.fromkeys(name for row in rows for name in row)
    told = {name: [row[name] for row in rows if name in row] for name in names}
    return {name: float(np.nanmean(values)) for name, values in told.items()}


def _holds(span: Sequence[float | None], truth: float) -> bool:
    return span[0] - 1e-9 <= truth and (span[1] is None or truth <= span[1] + 1e-9)


def _survey(new: Seen, rng: np.random.Generator) -> dict[str, Any]:
    """Annotate a quarter of the new photographs, by their boxes and one."""
    boxes = new.counts.sum(axis=1)
    chances = inclusion_probabilities(boxes + 1, len(boxes) // 4)
    chosen = draw_sample(chances, rng)
    return annotated_prevalence(new.shares, chosen, new.people[chosen], chances[chosen])


def found_by_crowd(seen: Seen) -> dict[str, float]:
    """Return the share of the people that is found, by how many are on a photograph."""
    people = seen.people.sum(axis=1)
    found = seen.confusion[:, 1:, 1:].sum(axis=(1, 2))
    result = {}
    for first, last in CROWDS:
        some = (people >= first) & (people <= last)
        if some.any():
            result[f"{first} to {last}"] = float(found[some].sum() / people[some].sum())
    return result


def sets_of(model: Path, seeds: Sequence[int], finished: Path, processes: int) -> dict[str, Seen]:
    """Return what a model makes of the sets of these seeds, of each kind all together."""
    digest = digest_of(model)[:16]
    jobs = [(model, finished / f"{digest}-{k}-{n}.npz", k, n) for n, k in product(seeds, KINDS)]
    told: dict[str, list[Seen]] = {kind: [] for kind in KINDS}
    with multiprocessing.get_context("spawn").Pool(processes) as pool:
        for number, (job, seen) in enumerate(zip(jobs, pool.imap(_one, jobs), strict=True), 1):
            told[job[2]].append(seen)
            print(f"set {number} of {len(jobs)}", file=sys.stderr, flush=True)
    return {kind: Seen.of_all(sets) for kind, sets in told.items()}


def _one(job: tuple[Path, Path, str, int]) -> Seen:
    model, path, kind, seed = job
    return looked_at(path, lambda: list(KINDS[kind](seed)), lambda: _load(model))


def _load(model: Path) -> Detector:
    import torch

    torch.set_num_threads(1)  # a process has one core
    return Detector.load(model)


def main(words: Sequence[str] | None = None) -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", type=Path, required=True, help="mask_detection_model.pth")
    parser.add_argument("--sets", type=int, default=11, help="seeds to draw (default: 11)")
    parser.add_argument("--repetitions", type=int, default=1000, help="of each row (default: 1000)")
    parser.add_argument("--processes", type=int, default=os.cpu_count(), help="at a time")
    parser.add_argument(
        "--finished",
        type=Path,
        default=PROJECT / "runs" / "benchmark-drawn_truth",
        help="folder of sets that are done (default: runs/benchmark-drawn_truth)",
    )
    args = parser.parse_args(words)
    seeds = range(FIRST, FIRST + args.sets)
    test, new = sets_of(args.model, seeds, args.finished, args.processes).values()
    print(
        f"{len(test.people):,} annotated and {len(new.people):,} new photographs drawn, "
        f"{100 * test.truth:.1f} and {100 * new.truth:.1f} % of them properly masked"
    )
    found = found_by_crowd(Seen.of_all([test, new])).items()
    told = ", ".join(f"{100 * share:.0f} % where there are {crowd}" for crowd, share in found)
    print(f"found: {told}")
    print(f"{args.repetitions:,} repetitions a column, {DRAWS:,} draws; per cent\n")
    told = [compare(test, new, sizes, args.repetitions, 0) for sizes in SIZES]
    print(f"{'test / new':<16}" + "".join(f"{f'{a} / {b}':>12}" for a, b in SIZES))
    for name in told[0]:
        line = "".join(f"{100 * one[name]:>12.1f}" for one in told)
        print(f"{name.replace('_', ' '):<16}{line}")


if __name__ == "__main__":
    main()
