#!/usr/bin/env python3
"""One stage against two: detectors and pairs of finder and classifier on the same photographs.

The photographs are split by group as the workflow does. A classifier of the default architecture,
of which nothing but the head learns, learns from the faces of the training
side; with each finder it is calibrated on the validation side, and all are judged on the test side,
beside a detector that learnt from that training side, too: by default the model in the box, which
did so of the public *Face Mask Detection* data set, split by seed 0. A detector that has learnt
from a test photograph, or nearly, is refused.

The share that wears a mask properly is corrected on one half of the test photographs (by group) by
the mistakes on the other half and the reverse, so that nothing corrects itself. Milliseconds are of
the processor, all its threads added up, and hold whatever else the machine does.

Faces: those of the test side of 20 pixels or more, cut with the margin of the classifier. Two
classes are "mask worn" and "no mask", of which the likelier is taken; faces of masks worn
incorrectly are then left out. Beside the classifier stand a logistic regression on the features of
the same frozen trunk and, with --peers, what is installed there without its dependencies:

    pip install --no-deps --target /tmp/peers mask-recognition==0.0.1
    python benchmarks/stages.py --data face-mask-detection.zip --peers /tmp/peers
"""

import argparse
import logging
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

sys.path.append(str(Path(__file__).resolve().parent.parent))

from benchmarks.common import PROJECT, machine, print_table
from benchmarks.judged_faces import WORDS, print_faces, share
from benchmarks.quality import cell, split
from utils.analysis.evaluation.remembered import remembered
from utils.analysis.prevalence.adjusted_counts import BEST
from utils.analysis.prevalence.counting import expected_confusion, expected_counts
from utils.analysis.prevalence.estimate import estimate_prevalence
from utils.classifier.final import train_final
from utils.classifier.inference import FaceClassifier
from utils.classifier.names import CENTERFACE as ARCH
from utils.classifier.names import MARGIN
from utils.classifier.plan import CLASSIFIER, FacePlan
from utils.classifier.two_stage import TwoStageDetector
from utils.classifier.two_stage_fit import fit_two_stage
from utils.dataset.cut_faces import cut_shard
from utils.dataset.cutting import Cutting
from utils.dataset.faces import Faces
from utils.dataset.labels import CLASSES, PROPERLY_MASKED
from utils.dataset.shards import read_shard
from utils.dataset.splitting import SIDES
from utils.detector.names import IN_THE_BOX
from utils.errors import InputError
from utils.metrics.average_precision import average_precision
from utils.metrics.confusion import confusion_counts, operating_metrics
from utils.metrics.detections import Detections
from utils.model_files import Model, load_finder
from utils.models import load_model
from utils.networks.published import CENTERFACE
from utils.records import read_record

FINDERS = ("haar", "lbp", "yunet", "yunet:factor=2", "centerface", "centerface:factor=2")
DONE = "split.done"


@dataclass(frozen=True)
class Photographs:
    """The test side, decoded."""

    images: list[np.ndarray]
    faces: list[Faces]
    groups: np.ndarray


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    made.add_argument("--data", type=Path, default=PROJECT / "data" / "sample")
    made.add_argument("--detector", type=Path, default=IN_THE_BOX, help="of one stage")
    made.add_argument("--finders", nargs="+", default=list(FINDERS))
    made.add_argument("--epochs", type=int, default=30)
    made.add_argument("--photos", type=int, help="test photographs at most")
    made.add_argument("--peers", type=Path, help="folder where other packages are installed")
    made.add_argument("--seed", type=int, default=0)
    made.add_argument("--keep", type=Path, help="folder for the split and the classifier, to go on")
    return made


def main(argv: Sequence[str] | None = None) -> None:
    args = parser().parse_args(argv)
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(message)s")
    print(machine())
    with tempfile.TemporaryDirectory() as folder:
        scratch = args.keep or Path(folder)
        scratch.mkdir(parents=True, exist_ok=True)
        shards = {side: scratch / f"{side}.tar" for side in SIDES}
        if not (scratch / DONE).exists():
            shards = split(args.data, scratch, args.seed)
            (scratch / DONE).touch()
        detector = load_model(args.detector, "cpu")
        if seen := remembered(detector, shards["test"]):
            raise InputError(f"{args.detector}: has learnt from {seen} of the test photographs")
        classifier = trained(shards, scratch, args.epochs, args.seed)
        test = photographs(shards["test"], scratch / "split.json", args.photos)
        truth = np.bincount(np.concatenate([it.labels for it in test.faces]), minlength=4)[1:]
        true = truth[BEST] / truth.sum()
        print(f"{len(test.images)} test photographs, {truth.sum()} faces, {true:.3f} masked")
        faces = [*zip(test.images, test.faces, strict=True)]
        print_faces(classifier, shards["train"], faces, args.peers)
        rows = [row("one stage", detector, test)]
        print(rows[-1], flush=True)
        for word in [*args.finders, "detector"]:
            finder = load_finder(word, args.detector if word == "detector" else None, "cpu")
            file = fit_two_stage(classifier, finder, [shards["val"]])
            rows.append(row(word, TwoStageDetector(file, finder, classifier), test))
            print(rows[-1], flush=True)
        print(f"\nTest photographs of {args.data.name}, split by group, seed {args.seed}\n")
        recall = [f"{kind} {word}" for kind in ("found", "right") for word in WORDS]

        print_table(("", "mAP .5", *recall, "counted", "corrected", "ms a photo"), rows)


def trained(shards: dict[str, Path], kept: Path, epochs: int, seed: int) -> FaceClassifier:
    """Return a classifier that learnt from the faces of the training side."""
    model = kept / "classifier.pth"
    if not model.exists():
        cutting = Cutting(MARGIN, 8)
        for side in ("train", "val"):
            cut_shard(shards[side], kept / f"{side}_faces.tar", cutting)
        plan = FacePlan(
            ARCH,
            CLASSIFIER.recipe,
            epochs,
            seed,
            [kept / "train_faces.tar"],
            [kept / "val_faces.tar"],
            CLASSIFIER.image_size,
            CENTERFACE.locate(),
        )
        clock, processor = time.perf_counter(), time.process_time()
        train_final(plan, kept / "checkpoint.pth", model, kept / "training.json")
        minutes = (time.perf_counter() - clock) / 60, (time.process_time() - processor) / 60
        print("trained in {:.1f} minutes, {:.1f} of a core".format(*minutes), flush=True)
    return FaceClassifier.load(model, "cpu")


def photographs(shard: Path, split_record: Path, most: int | None) -> Photographs:
    photos = list(read_shard(shard))[:most]
    images = [photo.decode() for photo in photos]
    faces = [
        photo.read_annotation(*image.shape[1::-1]).faces
        for photo, image in zip(photos, images, strict=True)
    ]
    known = read_record(split_record)["photos"]
    return Photographs(images, faces, np.array([known[one.name]["group"] for one in photos]))


def row(name: str, model: Model, test: Photographs) -> list[str]:
    """Return what a model does on the test photographs, as cells."""
    clock = time.process_time()
    found = model.predict(test.images)
    spent = 1000 * (time.process_time() - clock) / len(test.images)
    tables = confusion_counts(found, test.faces, model.threshold)
    total = tables.sum(axis=0)
    classes = operating_metrics(total)["classes"]
    faces = total[1:].sum(axis=1)
    seen = [1 - total[k + 1, 0] / faces[k] if faces[k] else None for k in range(len(CLASSES))]
    counted = total[:, 1:].sum(axis=0)
    return [
        name,
        cell(average_precision(found, test.faces) | {"intervals": {"map_50": None}}, "map_50"),
        *(share(value) for value in seen),
        *(share(classes[label]["recall"]) for label in CLASSES),
        share(counted[BEST] / counted.sum() if counted.any() else None),
        share(corrected(found, test, model.threshold)),
        f"{spent:.0f}",
    ]


def corrected(found: list[Detections], test: Photographs, threshold: float) -> float | None:
    """Return the corrected share of people with a mask worn properly, each half by the other."""
    tables = confusion_counts(found, test.faces, threshold)
    expected = expected_confusion(found, test.faces, threshold)
    counted = expected_counts(found, threshold)
    half = np.unique(test.groups, return_inverse=True)[1] % 2
    people = np.zeros(2)
    for side in (0, 1):
        here, there = half == side, half != side
        record = estimate_prevalence(
            tables[there],
            tables[here][:, :, 1:].sum(axis=1),
            0,
            200,
            expected=(expected[there], counted[here]),
            groups=test.groups[here],
            test_groups=test.groups[there],
        )
        number = record["people"]["corrected"]
        part = record["corrected"][CLASSES[PROPERLY_MASKED - 1]]["share"]
        if number is None or part is None:
            return None
        people += np.array([part * number, number])
    return people[0] / people[1]


if __name__ == "__main__":
    main()
