#!/usr/bin/env python3
"""What it costs or gains to return each face once: average precision of four ways to post-process.

All four take the same proposals, boxes and probabilities of one model on one shard. The reference
is torchvision's: a box for every class of a proposal, suppressed within its class. The others
return a face once, as counting people needs, the last two with a probability of every class, by
which average precision ranks it in each. The last is what `utils.detector.forward.detect` does.

    python benchmarks/suppression.py --model mask_detection_model.pth --shard test_clean.tar
"""

import argparse
import sys
from pathlib import Path

import torch
from torchvision.ops import batched_nms, nms

sys.path.append(str(Path(__file__).resolve().parent.parent))

from utils.dataset.labels import CLASSES
from utils.dataset.torch_dataset import FaceDataset
from utils.detector.forward import LEAST_SIDE, SAME_FACE, candidates, distinct_faces
from utils.detector.inference import Detector, in_pixels_of
from utils.metrics.average_precision import average_precision
from utils.metrics.detections import Detections
from utils.metrics.operating_point import choose_threshold


def per_class(model, boxes, probabilities):
    """torchvision: every class of a proposal has its box; suppression within a class."""
    scores, labels = probabilities[:, 1:].flatten(), torch.arange(1, 4).repeat(len(boxes))
    boxes = boxes[:, 1:].reshape(-1, 4)
    sides = boxes[:, 2:] - boxes[:, :2]
    kept = torch.nonzero((scores > 0.05) & (sides >= LEAST_SIDE).all(dim=1))[:, 0]
    kept = kept[batched_nms(boxes[kept], scores[kept], labels[kept], 0.5)]
    kept = kept[: model.roi_heads.detections_per_img]
    return one_hot(boxes[kept], labels[kept], scores[kept])


def then_any_class(model, boxes, probabilities):
    """The same, and a second suppression over all classes."""
    found = per_class(model, boxes, probabilities)
    kept = nms(found["boxes"], found["scores"], SAME_FACE)
    return {name: values[kept] for name, values in found.items()}


def surest_class(model, boxes, probabilities):
    """A proposal's likeliest class; of boxes that overlap, the surest of its class is kept."""
    scores, labels = probabilities[:, 1:].max(dim=1)
    boxes = boxes[torch.arange(len(boxes)), labels + 1]
    sides = boxes[:, 2:] - boxes[:, :2]
    kept = torch.nonzero((scores > 0.05) & (sides >= LEAST_SIDE).all(dim=1))[:, 0]
    kept = kept[nms(boxes[kept], scores[kept], SAME_FACE)]
    found = {"boxes": boxes, "labels": labels + 1, "scores": scores, "probabilities": probabilities}
    return {name: values[kept] for name, values in found.items()}


def one_hot(boxes, labels, scores):
    probabilities = torch.zeros(len(boxes), len(CLASSES) + 1)
    probabilities[torch.arange(len(boxes)), labels] = scores
    return {"boxes": boxes, "labels": labels, "scores": scores, "probabilities": probabilities}


WAYS = {
    "a box per class (torchvision)": per_class,
    "the same, then over all": then_any_class,
    "surest of a class": surest_class,
    "likeliest face (used)": distinct_faces,
}


def main(args: argparse.Namespace) -> None:
    detector = Detector.load(args.model, "cpu")
    photos = FaceDataset([args.shard], detector.image_size)
    found: dict[str, list[Detections]] = {name: [] for name in WAYS}
    for number in range(len(photos)):
        image, _ = photos[number]
        (raw,) = candidates(detector._model, [image], detector.bfloat16)
        for name, way in WAYS.items():
            one = way(detector._model, *raw)
            found[name].append(in_pixels_of(one, image.shape[1:], photos.sizes[number]))
    print(f"{len(photos)} photographs, {sum(map(len, photos.faces))} faces; AP at IoU 0.5")
    print(f"{'':30} {'mAP':>6} {'best F1':>8}", *(f"{name:>22}" for name in CLASSES))
    for name, detections in found.items():
        result = average_precision(detections, photos.faces, by_size=False)
        f1 = choose_threshold(detections, photos.faces).f1
        parts = [part["map_50"] for part in result["classes"].values()]
        print(
            f"{name:30} {result['map_50']:6.3f} {f1:8.3f}",
            *(f"{'-' if part is None else format(part, '.3f'):>22}" for part in parts),
        )


def parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--model", type=Path, required=True, help="trained model file")
    parser.add_argument("--shard", type=Path, required=True, help="clean shard, not trained on")
    return parser


if __name__ == "__main__":
    main(parser().parse_args())
