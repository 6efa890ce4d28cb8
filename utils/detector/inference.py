"""`Detector`: a trained model that finds faces on photographs."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from utils.dataset.faces import Faces
from utils.dataset.splitting.learnt import LearntPhotographs
from utils.dataset.torch_dataset import resize, scaled, to_tensor
from utils.detector.architectures import build_model
from utils.detector.forward import detect
from utils.detector.head_loss import HeadLoss
from utils.detector.model_file import ModelFile, model_of
from utils.detector.photo_losses import PhotoLosses
from utils.detector.prepared import prepared
from utils.errors import InputError, brief
from utils.metrics.detections import Detections
from utils.networks.devices import best_device, has_bfloat16
from utils.training.recipe import Recipe
from utils.training.tensors import load_tensors

BATCHES = {"cpu": 1, "cuda": 8}
"""Photographs at a time. A CPU gains nothing from more, and one alone needs the least padding."""

BATCH_BYTES = 2**28
"""Decoded photographs that together take so much are a batch, however few they are."""


class Detector:
    """A trained detector, ready to be asked.

    Attributes
    ----------
    arch
        Name of the architecture in `utils.detector.architectures`.
    classes
        Class names; the label ``i`` of a detection means ``classes[i - 1]``.
    image_size
        Pixels to which the longer side of a photograph is resized for the network.
    threshold
        Confidence from which a detection counts, chosen on validation.
    calibration
        What makes confidences mean what they say, fitted on validation.
    digest
        SHA-256 of the model file.
    bfloat16
        Whether features are computed in bfloat16; by default where the device does so itself.
    mirrored
        Whether photographs are looked at as in a mirror, too (see `Recipe`).
    file
        All that stands in the model file.
    """

    def __init__(
        self,
        file: ModelFile,
        digest: str = "",
        device: str | None = None,
        bfloat16: bool | None = None,
    ) -> None:
        self.file, self.digest = file, digest
        self.arch, self.classes = file.arch, file.classes
        self.image_size = file.image_size
        self.threshold, self.calibration = file.threshold, file.calibration
        self.device = torch.device(device or best_device())
        try:
            self.mirrored = file.params.get("mirrored") is True
            model = build_model(file.arch, file.anchors)
            model.load_state_dict(file.state)
        except (RuntimeError, TypeError, ValueError, AttributeError) as error:
            raise InputError(
                f"the model file's weights do not fit {file.arch}; train the model again "
                f"({brief(error, 300)})"
            ) from error
        self.bfloat16 = has_bfloat16(self.device) if bfloat16 is None else bfloat16
        self._model = prepared(model.to(self.device), self.bfloat16)

    @classmethod
    def load(cls, path: Path, device: str | None = None) -> "Detector":
        """Load a model file onto `device` (by default the GPU where there is one).

        Raises
        ------
        InputError
            If `path` is no whole model file (see `read_model`), or its weights do not fit.
        """
        return cls.of_content(*load_tensors(path), path, device)

    @classmethod
    def of_content(
        cls, content: Any, digest: str, path: Path, device: str | None = None
    ) -> "Detector":
        """Return the detector of a file that was read; `path` is what to call it in an error."""
        file = model_of(content, path)
        try:
            return cls(file, digest, device)
        except InputError as error:
            raise InputError(f"{path}: {error}") from error

    @property
    def learnt(self) -> LearntPhotographs | None:
        """The photographs that it learnt from, to look others up among; None if not known."""
        return self.file.learnt

    def predict(self, images: Sequence[np.ndarray]) -> list[Detections]:
        """Find the faces on photographs.

        Parameters
        ----------
        images
            uint8, shape (H, W, 3), RGB, of any sizes.

        Returns
        -------
        One `Detections` per image, in its own pixels, by falling confidence; a face is in it
        once, with its likeliest class.
        """
        return list(self.stream(images))

    def stream(self, images: Iterable[np.ndarray]) -> Iterator[Detections]:
        """Yield what `predict` returns, in step with `images`, a batch behind them at most.

        A batch is a few photographs, or fewer that take `BATCH_BYTES` together: who keeps each
        photograph until its faces come holds no more than that and one photograph. The stream
        itself keeps what the network sees of them.
        """
        most = BATCHES.get(self.device.type, 1)
        batch: list[torch.Tensor] = []
        sizes: list[tuple[int, int]] = []
        held = 0
        for image in images:
            batch.append(to_tensor(resize(image, self.image_size)).to(self.device))
            sizes.append(image.shape[:2])
            held += image.nbytes
            if len(batch) == most or held >= BATCH_BYTES:
                yield from self._detect(batch, sizes)
                batch, sizes, held = [], [], 0
        if batch:
            yield from self._detect(batch, sizes)

    def losses(self, seed: int) -> PhotoLosses:
        """Return what losses on photographs are added to, computed as in the training.

        But all classes weigh alike: ``class_weight`` follows from the photographs of the training.
        """
        recipe = replace(Recipe.from_params(self.file.params), class_weight=0.0)
        return PhotoLosses(seed, HeadLoss.of(recipe, []))

    def add_losses(self, losses: PhotoLosses, name: str, image: np.ndarray, faces: Faces) -> None:
        """Add the losses on a photograph, of this name and with these faces, to `losses`."""
        seen = resize(image, self.image_size)
        target = {
            "boxes": torch.from_numpy(scaled(faces.boxes, image.shape, seen.shape)),
            "labels": torch.from_numpy(faces.labels),
        }
        losses.detect(self._model, name, to_tensor(seen), target, self.bfloat16, self.mirrored)

    def _detect(
        self, tensors: Sequence[torch.Tensor], sizes: Sequence[tuple[int, int]]
    ) -> list[Detections]:
        found = detect(self._model, tensors, self.bfloat16, self.mirrored)
        return [
            self.calibration.apply(in_pixels_of(one, tensor.shape[1:], size))
            for one, tensor, size in zip(found, tensors, sizes, strict=True)
        ]


def in_pixels_of(
    found: dict[str, torch.Tensor], seen: Sequence[int], own: Sequence[int]
) -> Detections:
    """Map detections from the (H, W) that the network saw to the photograph's own (H, W)."""
    y, x = own[0] / seen[0], own[1] / seen[1]
    values = {name: tensor.cpu().numpy() for name, tensor in found.items()}
    boxes = values.pop("boxes") * np.array([x, y, x, y], np.float32)
    return Detections(boxes.astype(np.float32), **values)
