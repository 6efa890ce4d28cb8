#!/usr/bin/env python3
"""Whether the rate's interval holds the truth, with a real detector on photographs drawn anew.

The painter of the sample knows how many of the people that it draws wear a mask properly. It draws
further test sets and further sets of new photographs, as large as those of the sample; one model
detects on all of them, and each test set is used to correct each set of new photographs.
`benchmarks/prevalence.py` does the same with simulated detections, and many more of them.

    python benchmarks/drawn_truth.py --model runs/RUN/output/mask_detection_model.pth
"""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice, product
from pathlib import Path

import numpy as np

sys.path.append(str(Path(__file__).resolve().parent.parent))

from data.painter.pictures import Picture
from data.painter.sample import annotated_photographs, new_photographs
from utils.analysis.prevalence.counting import expected_confusion, expected_counts
from utils.analysis.prevalence.estimate import estimate_prevalence
from utils.dataset.labels import CLASSES, PROPERLY_MASKED
from utils.detector.inference import Detector
from utils.metrics.confusion import confusion_counts

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
    truth
        The share of the people who wear a mask properly, in 0..1.
    """

    confusion: np.ndarray
    expected: np.ndarray
    counts: np.ndarray
    shares: np.ndarray
    truth: float


def look(detector: Detector, pictures: Sequence[Picture]) -> Seen:
    """Let `detector` find the faces of `pictures`."""
    found = list(detector.stream(picture.image for picture in pictures))
    faces, least = [picture.faces for picture in pictures], detector.threshold
    labels = np.concatenate([one.labels for one in faces])
    counts = [np.bincount(one.above(least).labels, minlength=len(CLASSES) + 1) for one in found]
    return Seen(
        confusion_counts(found, faces, least),
        expected_confusion(found, faces, least),
        np.array(counts)[:, 1:],
        expected_counts(found, least),
        float((labels == PROPERLY_MASKED).mean()),
    )


def compare(tests: Sequence[Seen], news: Sequence[Seen]) -> dict[str, float]:
    """Correct every set of new photographs by every test set, and compare with the truth.

    Returns
    -------
    ``answers``, ``coverage``, ``width`` (mean) and ``widest``, ``raw_bias``, ``bias``, all but the
    first in 0..1; those after it are of the pairs that have an answer.
    """
    rows = []
    for test, new in product(tests, news):
        both = test.expected, new.shares
        answer = estimate_prevalence(test.confusion, new.counts, 0, expected=both)
        answer = answer["properly_masked"]
        if answer["interval"]:
            low, high = answer["interval"]
            errors = answer["raw_share"] - new.truth, answer["share"] - new.truth
            rows.append((low <= new.truth <= high, high - low, *errors))
    covered, width, raw, corrected = np.array(rows, float).reshape(-1, 4).T
    return {
        "answers": len(rows) / (len(tests) * len(news)),
        "coverage": covered.mean(),
        "width": width.mean(),
        "widest": width.max(),
        "raw_bias": raw.mean(),
        "bias": corrected.mean(),
    }


def main(words: Sequence[str] | None = None) -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", type=Path, required=True, help="mask_detection_model.pth")
    parser.add_argument("--sets", type=int, default=10, help="sets of each kind (default: 10)")
    args = parser.parse_args(words)
    detector = Detector.load(args.model)
    seeds = range(FIRST, FIRST + args.sets)
    tests = [look(detector, list(islice(annotated_photographs(seed), TEST))) for seed in seeds]
    news = [look(detector, list(new_photographs(seed))) for seed in seeds]
    print(f"{args.sets} test sets of {TEST} photographs, {args.sets} sets of new photographs\n")
    for name, value in compare(tests, news).items():
        print(f"{name.replace('_', ' '):<10}{100 * value:>8.1f}")


if __name__ == "__main__":
    main()
