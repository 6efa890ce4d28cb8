"""What a face finder is, and the photograph at several scales, which all finders share."""

from abc import ABC, abstractmethod
from typing import Any, Protocol

import cv2
import numpy as np
import torch
from torchvision.ops import nms

from utils.classifier.finders.names import Looking

Found = tuple[np.ndarray, np.ndarray]
"""Boxes float32 (N, 4), xyxy pixels, zero-based, half-open; scores float32 (N,) in 0..1."""

Frame = tuple[float, float, float, float]
"""How boxes of one convention become such of another, see `reframed`."""


class FaceFinder(Protocol):
    """What finds faces on a photograph, and says nothing of masks.

    Attributes
    ----------
    name
        Of those in `names.FINDERS`.
    options
        How it looks.
    identity
        What it is recognised by: where its weights travel in a model file, and where they come
        with a package, boxes and scores are only those of the calibration if this is the same.
    """

    name: str
    options: Looking
    identity: str

    def find(self, image: np.ndarray) -> Found:
        """Return the faces on a photograph, by falling score.

        Parameters
        ----------
        image
            uint8, shape (H, W, 3), RGB, upright.

        Returns
        -------
        Boxes within the photograph, each of some width and height, and scores.
        """

    def content(self) -> Any:
        """Return the weights as tensors and plain values, for a model file; None without any."""


class ScaledFinder(ABC):
    """A finder that looks at a photograph as it is and, if it is to, enlarged.

    What it finds at all scales is brought to the photograph's own pixels, framed as annotations of
    masks are, clipped to the photograph, and freed of small faces and of those that overlap a surer
    one.

    Attributes
    ----------
    frame
        As `reframed` takes it: medians on a hundred photographs of the public *Face Mask Detection*
        data set, whose boxes reach from the eyebrows to below the chin.
    """

    name: str
    identity: str
    frame: Frame = (0, 0, 1, 1)

    def __init__(self, options: Looking) -> None:
        self.options = options

    @abstractmethod
    def look(self, image: np.ndarray, smallest: float) -> Found:
        """Return boxes and scores of the faces on an image, in its pixels, in any order.

        Parameters
        ----------
        image
            uint8, shape (H, W, 3), RGB.
        smallest
            Pixels of this image: smaller faces are not asked for.
        """

    def content(self) -> Any:
        return None

    def find(self, image: np.ndarray) -> Found:
        """Return the faces on a photograph: see `FaceFinder`."""
        height, width = image.shape[:2]
        options, longer = self.options, max(height, width)
        sides = {min(round(longer * factor), options.largest) for factor in (1.0, options.factor)}
        boxes, scores = [np.zeros((0, 4), np.float32)], [np.zeros(0, np.float32)]
        for side in sorted(sides):
            seen = _resized(image, max(1, side))
            y, x = seen.shape[0] / height, seen.shape[1] / width
            found, sure = self.look(seen, options.smallest * min(x, y))
            found = reframed(np.asarray(found, np.float32).reshape(-1, 4), self.frame)
            boxes.append(found / np.float32([x, y, x, y]))
            scores.append(np.asarray(sure, np.float32).reshape(-1))
        return _of_one_each(np.concatenate(boxes), np.concatenate(scores), (width, height), options)


def reframed(boxes: np.ndarray, frame: Frame) -> np.ndarray:
    """Return boxes, float32 (N, 4), moved and widened.

    Parameters
    ----------
    frame
        By which shares of its width and height a box moves right and down, and by which factors it
        then gets wider and higher about its centre.
    """
    sides = boxes[:, 2:] - boxes[:, :2]
    right, down, wider, higher = frame
    middle = boxes[:, :2] + sides / 2 + sides * np.float32([right, down])
    half = sides * np.float32([wider, higher]) / 2
    return np.concatenate([middle - half, middle + half], axis=1)


def clipped(boxes: np.ndarray, width: int, height: int) -> np.ndarray:
    """Return boxes, float32 (N, 4), cut off where they leave an image of these sides."""
    most = np.float32([width, height, width, height])
    return np.clip(boxes, 0, most).astype(np.float32)


def _of_one_each(
    boxes: np.ndarray, scores: np.ndarray, size: tuple[int, int], options: Looking
) -> Found:
    boxes = clipped(boxes, *size)
    there = np.isfinite(scores) & (boxes[:, 2:] > boxes[:, :2]).all(axis=1)
    boxes, scores = boxes[there], scores[there].clip(0, 1)
    order = nms(torch.from_numpy(boxes), torch.from_numpy(scores), options.overlap).numpy()
    boxes, scores = boxes[order], scores[order]
    large = (boxes[:, 2:] - boxes[:, :2]).min(axis=1, initial=np.inf) >= options.smallest
    return boxes[large], scores[large]


def _resized(image: np.ndarray, longer: int) -> np.ndarray:
    """Return an image whose longer side has so many pixels, contiguous in memory."""
    height, width = image.shape[:2]
    scale = longer / max(height, width)
    if scale == 1:
        return np.ascontiguousarray(image)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    return cv2.resize(np.ascontiguousarray(image), size, interpolation=way)
