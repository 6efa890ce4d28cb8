"""`FaceClassifier`: a trained model that judges faces."""

import copy
from collections.abc import Iterable, Iterator, Sequence
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
from utils.dataset.splitting.learnt import LearntPhotographs
from utils.errors import InputError, brief
from utils.metrics.detections import Detections
from utils.networks.devices import best_device, has_bfloat16
from utils.networks.quicker import convert, fold
from utils.training.class_loss import MeanLoss
from utils.training.tensors import load_tensors

BATCH = 16
"""Faces at a time."""

BATCH_BYTES = 2**28
"""Decoded photographs that together take so much are a batch, however few they are."""


class FaceClassifier:
    """A trained classifier, ready to be asked: what a `Detector` is for whole photographs.

    Attributes
    ----------
    arch
        Name of the architecture in `utils.classifier.architectures`.
    classes
        Class names; the label ``i`` of a detection means ``classes[i - 1]``.
    absent
        Names of the classes that it has not learnt, whose probability is 0.
    image_size
        Pixels of the sides to which a face is resized for the network.
    margin
        Share of a face's longer side that is to be cut with it on each side.
    threshold
        Confidence from which a face counts.
    calibration
        What makes confidences mean what they say, fitted on validation.
    digest
        SHA-256 of the model file.
    bfloat16
        Whether features are computed in bfloat16; by default where the device does so itself.
    mirrored
        Whether faces are looked at as in a mirror, too (see `Recipe`).
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
        self.arch, self.classes, self.absent = file.arch, file.classes, file.absent
        self.image_size, self.margin = file.image_size, file.margin
        self.threshold, self.calibration = file.threshold, file.calibration
        self.device = torch.device(device or best_device())
        try:
            self.mirrored = file.params.get("mirrored") is True
            self.network = build_network(file.arch)
            self.network.load_state_dict(file.state)
        except (RuntimeError, TypeError, ValueError, AttributeError) as error:
            raise InputError(
                f"the model file's weights do not fit {file.arch}; train the model again "
                f"({brief(error, 300)})"
            ) from error
        self.bfloat16 = has_bfloat16(self.device) if bfloat16 is None else bfloat16
        self.network.to(self.device)
        self._ready = prepared(self.network, self.bfloat16)

    @classmethod
    def load(cls, path: Path, device: str | None = None) -> "FaceClassifier":
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
    ) -> "FaceClassifier":
        """Return the classifier of a file that was read; `path` is what to call it in an error."""
        file = model_of(content, path)
        try:
            return cls(file, digest, device)
        except InputError as error:
            raise InputError(f"{path}: {error}") from error

    @property
    def learnt(self) -> LearntPhotographs | None:
        """The photographs that it learnt from, to look others up among; None if not known."""
        return self.file.learnt

    @property
    def evaluation(self) -> dict[str, Any] | None:
        """What a test showed of it; None before one."""
        return self.file.evaluation

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

    def predict(self, images: Sequence[np.ndarray]) -> list[Detections]:
        """Judge whole pictures as one face each.

        Parameters
        ----------
        images
            uint8, shape (H, W, 3), RGB, of any sizes.

        Returns
        -------
        One `Detections` per image, with one face whose box is the picture.
        """
        return list(self.stream(images))

    def stream(self, images: Iterable[np.ndarray]) -> Iterator[Detections]:
        """Yield what `predict` returns, in step with `images`, a batch behind them at most.

        A batch is `BATCH` pictures, or fewer that take `BATCH_BYTES` together; the stream itself
        keeps what the network sees of them.
        """
        batch: list[Tensor] = []
        sizes: list[tuple[int, int]] = []
        held = 0
        for image in images:
            batch.append(as_seen(image, self.image_size))
            sizes.append(image.shape[:2])
            held += image.nbytes
            if len(batch) == BATCH or held >= BATCH_BYTES:
                yield from self._judged(batch, sizes)
                batch, sizes, held = [], [], 0
        if batch:
            yield from self._judged(batch, sizes)

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

    def _judged(
        self, batch: Sequence[Tensor], sizes: Sequence[tuple[int, int]]
    ) -> Iterator[Detections]:
        for one, (height, width) in zip(self._probabilities(batch), sizes, strict=True):
            label = int(one.argmax()) + 1
            yield Detections(
                np.array([[0, 0, width, height]], np.float32),
                np.array([label], np.int64),
                one[[label - 1]],
                np.concatenate([[np.float32(0)], one])[None],
            )

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
