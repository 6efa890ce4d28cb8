"""What trained models do, of whatever kind: what they remember, how they are asked, in batches."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np
import torch
from torch import Tensor, nn

from utils.dataset.splitting.learnt import LearntPhotographs
from utils.errors import InputError, brief
from utils.metrics.detections import Detections
from utils.networks.devices import best_device, has_bfloat16
from utils.training.tensors import load_tensors

BATCH_BYTES = 2**28
"""Decoded pictures that together take so much are a batch, however few they are."""


class Asked(ABC):
    """A trained model, of one network or of more: what is asked of each alike.

    Attributes
    ----------
    file
        All that stands in the model file.
    """

    file: Any

    @property
    def learnt(self) -> LearntPhotographs | None:
        """The photographs that it learnt from, to look others up among; None if not known."""
        return self.file.learnt

    @property
    def data_version(self) -> str | None:
        """The version of the annotated photographs that it learnt from; None if not known."""
        return self.file.data_version or None

    @property
    def evaluation(self) -> dict[str, Any] | None:
        """What a test showed of it; None before one."""
        return self.file.evaluation

    def predict(self, images: Sequence[np.ndarray]) -> list[Detections]:
        """Return the faces on pictures.

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

    @abstractmethod
    def stream(self, images: Iterable[np.ndarray]) -> Iterator[Detections]:
        """Yield what `predict` returns, in step with `images`, a batch behind them at most."""


class Applied(Asked):
    """A trained model, ready to be asked; a kind of model says what it sees and what it tells.

    Parameters
    ----------
    file
        All that stands in the model file.
    digest
        SHA-256 of the model file.
    device
        By default the GPU where there is one.
    bfloat16
        Whether features are computed in bfloat16; by default where the device does so itself.

    Attributes
    ----------
    arch
        Name of the network's architecture.
    classes
        Class names; the label ``i`` of a detection means ``classes[i - 1]``.
    image_size
        Pixels of the longer side as the network sees it.
    threshold
        Confidence from which a face counts, chosen on validation.
    calibration
        What makes confidences mean what they say, fitted on validation.
    mirrored
        Whether pictures are looked at as in a mirror, too (see `Recipe`).
    network
        On the device, its weights loaded.
    """

    def __init__(
        self,
        file: Any,
        digest: str = "",
        device: str | None = None,
        bfloat16: bool | None = None,
    ) -> None:
        self.file, self.digest = file, digest
        self.arch, self.classes, self.image_size = file.arch, file.classes, file.image_size
        self.threshold, self.calibration = file.threshold, file.calibration
        self.device = torch.device(device or best_device())
        try:
            self.mirrored = file.params.get("mirrored") is True
            self.network = self.network_of(file)
            self.network.load_state_dict(file.state)
        except (RuntimeError, TypeError, ValueError, AttributeError) as error:
            raise InputError(
                f"the model file's weights do not fit {file.arch}; train the model again "
                f"({brief(error, 300)})"
            ) from error
        self.bfloat16 = has_bfloat16(self.device) if bfloat16 is None else bfloat16
        self.network.to(self.device)

    @classmethod
    def load(cls, path: Path, device: str | None = None) -> Self:
        """Load a model file onto `device` (by default the GPU where there is one).

        Raises
        ------
        InputError
            If `path` is no whole model file of this kind, or its weights do not fit.
        """
        return cls.of_content(*load_tensors(path), path, device)

    @classmethod
    def of_content(cls, content: Any, digest: str, path: Path, device: str | None = None) -> Self:
        """Return the model of a file that was read; `path` is what to call it in an error."""
        file = cls.file_of(content, path)
        try:
            return cls(file, digest, device)
        except InputError as error:
            raise InputError(f"{path}: {error}") from error

    def stream(self, images: Iterable[np.ndarray]) -> Iterator[Detections]:
        """Yield what `predict` returns, in step with `images`, a batch behind them at most.

        A batch is `batch` pictures, or fewer that take `BATCH_BYTES` together: who keeps each
        picture until its faces come holds no more than that and one picture. The stream itself
        keeps what the network sees of them.
        """
        seen: list[Tensor] = []
        sizes: list[tuple[int, int]] = []
        held = 0
        for image in images:
            seen.append(self.seen(image))
            sizes.append(image.shape[:2])
            held += image.nbytes
            if len(seen) == self.batch or held >= BATCH_BYTES:
                yield from self.told(seen, sizes)
                seen, sizes, held = [], [], 0
        if seen:
            yield from self.told(seen, sizes)

    @staticmethod
    @abstractmethod
    def file_of(content: Any, path: Path) -> Any:
        """Return the model file of this kind that `content` is; an `InputError` if it is none."""

    @staticmethod
    @abstractmethod
    def network_of(file: Any) -> nn.Module:
        """Return the network that the weights of a file are for."""

    @property
    @abstractmethod
    def batch(self) -> int:
        """Pictures at a time."""

    @abstractmethod
    def seen(self, image: np.ndarray) -> Tensor:
        """Return a picture as the network sees it, from uint8 (H, W, 3)."""

    @abstractmethod
    def told(
        self, seen: Sequence[Tensor], sizes: Sequence[tuple[int, int]]
    ) -> Iterable[Detections]:
        """Return what is found on a batch of pictures whose own (H, W) are `sizes`."""
