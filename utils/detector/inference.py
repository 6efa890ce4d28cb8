"""`Detector`: a trained model that finds faces on photographs."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torchvision.models.detection import FasterRCNN

from utils.dataset.faces import Faces
from utils.dataset.torch_dataset import resize, scaled, to_tensor
from utils.detector.architectures import build_model
from utils.detector.forward import detect
from utils.detector.head_loss import HeadLoss
from utils.detector.model_file import ModelFile, model_of
from utils.detector.photo_losses import PhotoLosses
from utils.detector.prepared import prepared
from utils.metrics.detections import Detections
from utils.networks.applied import Applied
from utils.networks.devices import photos_at_once
from utils.training.recipe import Recipe


class Detector(Applied):
    """A trained detector, ready to be asked for the faces on photographs."""

    def __init__(
        self,
        file: ModelFile,
        digest: str = "",
        device: str | None = None,
        bfloat16: bool | None = None,
    ) -> None:
        super().__init__(file, digest, device, bfloat16)
        self._model = prepared(self.network, self.bfloat16)
        del self.network  # what looks is a copy of it

    @staticmethod
    def file_of(content: Any, path: Path) -> ModelFile:
        """Return the model file of a detector that `content` is."""
        return model_of(content, path)

    @staticmethod
    def network_of(file: ModelFile) -> FasterRCNN:
        """Return the network that the weights of a file are for."""
        return build_model(file.arch, file.anchors)

    @property
    def batch(self) -> int:
        """Photographs at a time: a CPU gains nothing from more than one."""
        return photos_at_once(self.device)

    def seen(self, image: np.ndarray) -> Tensor:
        """Return a photograph as the network sees it, uint8 (3, H', W'), on the device."""
        return to_tensor(resize(image, self.image_size)).to(self.device)

    def told(self, seen: Sequence[Tensor], sizes: Sequence[tuple[int, int]]) -> list[Detections]:
        """Return the faces on photographs whose own (H, W) are `sizes`."""
        found = detect(self._model, seen, self.bfloat16, self.mirrored)
        return [
            self.calibration.apply(in_pixels_of(one, tensor.shape[1:], size))
            for one, tensor, size in zip(found, seen, sizes, strict=True)
        ]

    def losses(self, seed: int) -> PhotoLosses:
        """Return what losses on photographs are added to, computed as in the training.

        But all classes weigh alike: ``class_weight`` follows from the photographs of the training.
        """
        recipe = replace(Recipe.remembered(self.file.params), class_weight=0.0)
        return PhotoLosses(seed, HeadLoss.of(recipe, []))

    def add_losses(self, losses: PhotoLosses, name: str, image: np.ndarray, faces: Faces) -> None:
        """Add the losses on a photograph, of this name and with these faces, to `losses`."""
        seen = resize(image, self.image_size)
        target = {
            "boxes": torch.from_numpy(scaled(faces.boxes, image.shape, seen.shape)),
            "labels": torch.from_numpy(faces.labels),
        }
        image = to_tensor(seen)
        losses.detect(self._model, [name], [image], [target], self.bfloat16, self.mirrored)


def in_pixels_of(
    found: dict[str, torch.Tensor], seen: Sequence[int], own: Sequence[int]
) -> Detections:
    """Map detections from the (H, W) that the network saw to the photograph's own (H, W)."""
    y, x = own[0] / seen[0], own[1] / seen[1]
    values = {name: tensor.cpu().numpy() for name, tensor in found.items()}
    boxes = values.pop("boxes") * np.array([x, y, x, y], np.float32)
    return Detections(boxes.astype(np.float32), **values)
