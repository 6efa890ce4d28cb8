"""`FaceClassifier`: a trained model that judges faces."""

import copy
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from utils.classifier.architectures import build_network
from utils.classifier.model_file import ModelFile, model_of
from utils.classifier.network import FaceNetwork, as_seen
from utils.dataset.faces import Faces
from utils.dataset.labels import CLASS_IDS
from utils.metrics.detections import Detections
from utils.networks.applied import Applied
from utils.networks.quicker import convert, fold
from utils.training.class_loss import MeanLoss

BATCH = 16
"""Faces at a time."""


class FaceClassifier(Applied):
    """A trained classifier, ready to be asked: what a `Detector` is for whole photographs.

    It judges whole pictures as one face each, whose box is the picture.

    Attributes
    ----------
    absent
        Names of the classes that it has not learnt, whose probability is 0.
    margin
        Share of a face's longer side that is to be cut with it on each side.
    """

    batch = BATCH

    def __init__(
        self,
        file: ModelFile,
        digest: str = "",
        device: str | None = None,
        bfloat16: bool | None = None,
    ) -> None:
        super().__init__(file, digest, device, bfloat16)
        self.absent, self.margin = file.absent, file.margin
        self._ready = prepared(self.network, self.bfloat16)

    @staticmethod
    def file_of(content: Any, path: Path) -> ModelFile:
        """Return the model file of a classifier that `content` is."""
        return model_of(content, path)

    @staticmethod
    def network_of(file: ModelFile) -> FaceNetwork:
        """Return the network that the weights of a file are for."""
        return build_network(file.arch)

    def seen(self, image: np.ndarray) -> Tensor:
        """Return a picture as the network sees it."""
        return as_seen(image, self.image_size)

    def told(
        self, seen: Sequence[Tensor], sizes: Sequence[tuple[int, int]]
    ) -> Iterator[Detections]:
        """Yield the one face of each of some pictures, whose own (H, W) are `sizes`."""
        for one, (height, width) in zip(self._probabilities(seen), sizes, strict=True):
            label = int(one.argmax()) + 1
            yield Detections(
                np.array([[0, 0, width, height]], np.float32),
                np.array([label], np.int64),
                one[[label - 1]],
                np.concatenate([[np.float32(0)], one])[None],
            )

    def judge(self, faces: Sequence[np.ndarray]) -> np.ndarray:
        """Return the calibrated probabilities of the classes, by id, of faces that were cut.

        Parameters
        ----------
        faces
            uint8, shape (H, W, 3), RGB, of any sizes, cut with `margin`.

        Returns
        -------
        float32, shape (N, 3), rows that add up to 1.
        """
        parts = [
            self._probabilities([as_seen(face, self.image_size) for face in faces[k : k + BATCH]])
            for k in range(0, len(faces), BATCH)
        ]
        return np.concatenate([np.zeros((0, len(self.classes)), np.float32), *parts])

    def losses(self, seed: int) -> MeanLoss:
        """Return what losses on pictures are added to, computed as in the training.

        But all classes weigh alike. `seed` decides nothing here, as it does of a detector.
        """
        return MeanLoss(
            self.file.params.get("label_smoothing", 0.0), self.file.params.get("focal", 0.0)
        )

    def add_losses(self, losses: MeanLoss, name: str, image: np.ndarray, faces: Faces) -> None:
        """Add the loss on a picture of one face, with its annotation, to `losses`."""
        with torch.no_grad():
            seen = torch.stack([as_seen(image, self.image_size)]).to(self.device)
            logits = logits_of(self._ready, seen, mirrored=self.mirrored)
        losses.add(logits.cpu(), torch.from_numpy(faces.labels) - 1)

    def _probabilities(self, batch: Sequence[Tensor]) -> np.ndarray:
        """Return calibrated probabilities, float32 (N, 3), of faces as the network sees them."""
        with torch.no_grad():
            probabilities = self._logits(batch).softmax(dim=1).cpu().numpy()
        return self.calibration.of_probabilities(probabilities)

    def _logits(self, batch: Sequence[Tensor]) -> Tensor:
        return logits_of(
            self._ready, torch.stack(list(batch)).to(self.device), self.absent, self.mirrored
        )


def logits_of(
    network: FaceNetwork, pictures: Tensor, absent: Sequence[str] = (), mirrored: bool = False
) -> Tensor:
    """Return the logits of faces, float32 (N, classes); minus infinity for classes not learnt.

    Parameters
    ----------
    network
        As `prepared` returns it.
    mirrored
        Average with those of the faces as in a mirror.
    """
    logits = network(pictures)
    if mirrored:
        logits = (logits + network(pictures.flip(3))) / 2
    for name in absent:
        logits[:, CLASS_IDS[name] - 1] = -torch.inf
    return logits


def prepared(network: FaceNetwork, bfloat16: bool) -> FaceNetwork:
    """Return a copy of a network in evaluation mode that judges quicker, on its device.

    Batch normalisation is folded into the convolutions; with `bfloat16` the trunk computes in it.
    """
    ready = copy.deepcopy(network).eval().requires_grad_(False)
    ready = ready.to(memory_format=torch.channels_last)
    fold(ready.trunk)
    convert(ready, [ready.trunk], bfloat16)
    if bfloat16:
        ready.dtype = torch.bfloat16
    return ready
