"""How good the detector is on the validation photographs while it is trained."""

from collections.abc import Callable
from typing import Any

from torch import Tensor
from torchvision.models.detection import FasterRCNN

from utils.dataset.torch_dataset import FaceDataset
from utils.detector.forward import detect
from utils.detector.inference import in_pixels_of
from utils.metrics.average_precision import average_precision
from utils.metrics.detections import Detections


def detections_of(
    model: FasterRCNN, photos: FaceDataset, stop: Callable[[], bool] = lambda: False
) -> list[Detections] | None:
    """Return what `model` finds on `photos`, in their own pixels; None when asked to stop."""
    device = next(model.parameters()).device
    was_training = model.training
    model.eval()
    found = []
    for number in range(len(photos)):
        if stop():
            return None
        image, _ = photos[number]
        one = _detect_one(model, image.to(device))
        found.append(in_pixels_of(one, image.shape[1:], photos.sizes[number]))
    model.train(was_training)
    return found


def validation_record(found: list[Detections], photos: FaceDataset) -> dict[str, Any]:
    """Return the average precision that stands in a training's record for each epoch."""
    precision = average_precision(found, photos.faces)
    return {"map": precision["map"], "map_50": precision["map_50"]}


def _detect_one(model: FasterRCNN, image: Tensor) -> dict[str, Tensor]:
    return detect(model, [image])[0]
