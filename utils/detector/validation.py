"""How good the detector is on the validation photographs while it is trained."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
from torchvision.models.detection import FasterRCNN

from utils.dataset.torch_dataset import FaceDataset
from utils.detector.forward import detect
from utils.detector.inference import in_pixels_of
from utils.detector.photo_losses import PhotoLosses
from utils.detector.prepared import prepared
from utils.metrics.average_precision import IOUS, average_precision, class_precision, mean
from utils.metrics.bootstrap import draws_of
from utils.metrics.detections import Detections
from utils.metrics.ranking import rank
from utils.networks.devices import photos_at_once

RESAMPLES = 200


def detections_of(
    model: FasterRCNN,
    photos: FaceDataset,
    stop: Callable[[], bool] = lambda: False,
    bfloat16: bool = False,
    losses: PhotoLosses | None = None,
    mirrored: bool = False,
) -> list[Detections] | None:
    """Return what `model` finds on `photos`, in their own pixels; None when asked to stop.

    Its losses are added to `losses` on the way. For `mirrored` see `utils.detector.forward.detect`.
    """
    device = next(model.parameters()).device
    ready = prepared(model, bfloat16)
    found: dict[int, Detections] = {}
    for numbers in batches(photos.sizes, photos_at_once(device)):
        if stop():
            return None
        images, targets = zip(*(photos[number] for number in numbers), strict=True)
        if losses is None:
            batch = detect(ready, [image.to(device) for image in images], bfloat16, mirrored)
        else:
            names = [photos.names[number] for number in numbers]
            batch = losses.detect(ready, names, images, targets, bfloat16, mirrored)
        for number, image, one in zip(numbers, images, batch, strict=True):
            found[number] = in_pixels_of(one, image.shape[1:], photos.sizes[number])
    return [found[number] for number in range(len(photos))]


def batches(sizes: Sequence[tuple[int, int]], most: int) -> Iterator[list[int]]:
    """Yield the numbers of photographs of equal size, `most` at a time.

    None is padded, so each is seen as it would be alone.
    """
    waiting: dict[tuple[int, int], list[int]] = {}
    for number, size in enumerate(sizes):
        alike = waiting.setdefault(tuple(size), [])
        alike.append(number)
        if len(alike) == most:
            yield waiting.pop(tuple(size))
    yield from waiting.values()


def validation_record(
    found: list[Detections], photos: FaceDataset, losses: PhotoLosses
) -> dict[str, Any]:
    """Return the average precision and the losses that a training's record has for each epoch."""
    precision = average_precision(found, photos.faces, by_size=False)
    return {"map": precision["map"], "map_50": precision["map_50"], "loss": losses.means()}


def standard_error(found: list[Detections], photos: FaceDataset, seed: int) -> float:
    """Return the standard error of mAP (IoU 0.5:0.95), by a bootstrap over the photographs."""
    weights = draws_of(len(photos), RESAMPLES, np.random.default_rng(seed))
    precision = class_precision(rank(found, photos.faces, IOUS), weights)
    return float(np.nanstd(mean(precision)))
