#!/usr/bin/env python3
"""Whether the intervals hold the truth, with a real detector on photographs drawn anew.

The painter of the sample knows how many of the people that it draws wear a mask properly. It draws
further test sets and further sets of new photographs, as large as those of the sample; one model
detects on all of them, and each test set is used to correct each set of new photographs. Of each
set of new photographs a quarter is then annotated, as drawn, for the answer that needs no test set.
`benchmarks/prevalence.py` does the same with simulated detections, and many more of them.

    make benchmark-drawn_truth ARGS="--model runs/RUN/output/mask_detection_model.pth"

What a model makes of a set is kept in a file, so that an interrupted run goes on where it was.
"""

import argparse
import hashlib
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice, product
from pathlib import Path
from typing import Any

import numpy as np

sys.path.append(str(Path(__file__).resolve().parent.parent))

from data.painter.pictures import Picture
from data.painter.sample import annotated_photographs, new_photographs
from utils.analysis.prevalence.annotated import annotated_prevalence
from utils.analysis.prevalence.counting import expected_confusion, expected_counts
from utils.analysis.prevalence.estimate import estimate_prevalence
from utils.analysis.prevalence.sampling import draw_sample, inclusion_probabilities
from utils.dataset.labels import CLASSES, PROPERLY_MASKED
from utils.detector.inference import Detector
from utils.metrics.confusion import confusion_counts

PROJECT = Path(__file__).resolve().parent.parent

TEST = 20
"""Photographs of a test set: those of the sample's."""

FIRST = 1000
"""Seed of the first set; those of the sample are of seed 0."""


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


def looked_at(path: Path, draw: Callable[[], Sequence[Picture]], detector: Detector) -> Seen:
    """Return what `path` keeps of a set; if it is not there, draw the set, look, and keep that."""
    if path.exists():
        with np.load(path, allow_pickle=False) as kept:
            return Seen(**kept)
    seen = look(detector, draw())
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".part.npz")
    np.savez(unfinished, **vars(seen))
    unfinished.replace(path)
    return seen


def compare(tests: Sequence[Seen], news: Sequence[Seen]) -> dict[str, float]:
    """Correct every set of new photographs by every test set, and compare with the truth.

    Returns
    -------
    ``answers``, all in 0..1 and those after it of the pairs that have an answer; ``coverage``,
    ``width`` (mean) and ``widest`` of the interval for the place, whose truth is that of all sets
    together; ``here`` and ``here_width`` of that for these very photographs; ``people`` (coverage
    of their number); ``raw_bias`` and ``bias``, against the very photographs; ``annotated`` and
    ``annotated_width``: coverage and width for these very photographs, a quarter of them annotated.
    """
    people = sum(new.people.sum(axis=0) for new in news)
    place = people[PROPERLY_MASKED - 1] / people.sum()
    rows = []
    for test, new in product(tests, news):
        both = test.expected, new.shares
        record = estimate_prevalence(test.confusion, new.counts, 0, expected=both)
        answer = record["properly_masked"]
        if answer["interval"]:
            spans = answer["interval"], answer["interval_here"], record["people"]["interval"]
            truths = place, new.truth, new.people.sum()
            told = [_holds(*pair) for pair in zip(spans, truths, strict=True)]
            errors = answer["raw_share"] - new.truth, answer["share"] - new.truth
            widths = [high - low for low, high in spans[:2]]
            rows.append((*told, *widths, *errors))
    surveyed = [_survey(new, number) for number, new in enumerate(news)]
    spans = [(one["interval_here"], new.truth) for one, new in zip(surveyed, news, strict=True)]
    spans = [(span, truth) for span, truth in spans if span]
    covered, here, number, width, width_here, raw, corrected = (
        np.array(rows, float).reshape(-1, 7).T
    )
    annotated = np.array([_holds(*pair) for pair in spans], float)
    return {
        "answers": len(rows) / (len(tests) * len(news)),
        "coverage": covered.mean(),
        "width": width.mean(),
        "widest": width.max(),
        "here": here.mean(),
        "here_width": width_here.mean(),
        "people": number.mean(),
        "raw_bias": raw.mean(),
        "bias": corrected.mean(),
        "annotated": annotated.mean() if spans else np.nan,
        "annotated_width": np.mean([np.diff(span) for span, _ in spans]) if spans else np.nan,
    }


def _holds(span: Sequence[float | None], truth: float) -> bool:
    return span[0] - 1e-9 <= truth and (span[1] is None or truth <= span[1] + 1e-9)


def _survey(new: Seen, seed: int) -> dict[str, Any]:
    """Annotate a quarter of the new photographs, by their boxes and one."""
    boxes = new.counts.sum(axis=1)
    chances = inclusion_probabilities(boxes + 1, len(boxes) // 4)
    chosen = draw_sample(chances, np.random.default_rng(seed))
    return annotated_prevalence(new.shares, chosen, new.people[chosen], chances[chosen])


def main(words: Sequence[str] | None = None) -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", type=Path, required=True, help="mask_detection_model.pth")
    parser.add_argument("--sets", type=int, default=10, help="sets of each kind (default: 10)")
    parser.add_argument(
        "--finished",
        type=Path,
        default=PROJECT / "runs" / "benchmark-drawn_truth",
        help="folder of sets that are done (default: runs/benchmark-drawn_truth)",
    )
    args = parser.parse_args(words)
    detector = Detector.load(args.model)
    model = hashlib.sha256(args.model.read_bytes()).hexdigest()[:16]
    drawn = {
        "test": lambda seed: list(islice(annotated_photographs(seed), TEST)),
        "new": lambda seed: list(new_photographs(seed)),
    }
    sets: dict[str, list[Seen]] = {kind: [] for kind in drawn}
    for seed, kind in product(range(FIRST, FIRST + args.sets), drawn):
        path = args.finished / f"{model}-{kind}-{seed}.npz"
        sets[kind].append(looked_at(path, partial(drawn[kind], seed), detector))
        print(f"{kind} set {seed - FIRST + 1} of {args.sets}", file=sys.stderr, flush=True)
    tests, news = sets["test"], sets["new"]
    print(f"{args.sets} test sets of {TEST} photographs, {args.sets} sets of new photographs\n")
    for name, value in compare(tests, news).items():
        print(f"{name.replace('_', ' '):<16}{100 * value:>8.1f}")


if __name__ == "__main__":
    main()
