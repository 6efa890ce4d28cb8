"""What somebody looks like: colours of head and chest, which tell people apart who cross.

A histogram of each in Lab, compared by Bhattacharyya's coefficient, which is what Comaniciu, Ramesh
& Meer (CVPR (2000) 142) follow people by. No network, a tenth of a millisecond a face.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

_PARTS = {"head": (-0.1, 1.1, -0.35, 1.0), "chest": (-0.2, 1.2, 1.35, 2.3)}
"""Left, right, top and bottom, in widths and heights of the face from its upper left corner."""

_LIGHT, _COLOUR = 6, 6  # bins
_SIDE = 16  # pixels to which a part is reduced
LENGTH = len(_PARTS) * _LIGHT * _COLOUR * _COLOUR
_LATELY, _USUALLY = 0.8, 5.0  # seconds in which what was seen counts less by a factor of e


def looks_of(image: np.ndarray, boxes: np.ndarray) -> np.ndarray:
    """Return what those look like whose faces are in boxes.

    Parameters
    ----------
    image
        uint8, shape (H, W, 3), RGB.
    boxes
        Shape (N, 4): x1, y1, x2, y2.

    Returns
    -------
    float32, shape (N, `LENGTH`): square roots of shares of colours, of each part; zeros for a part
    that is not on the picture.
    """
    height, width = image.shape[:2]
    looks = np.zeros((len(boxes), len(_PARTS), _LIGHT * _COLOUR * _COLOUR), np.float32)
    for row, (x1, y1, x2, y2) in zip(looks, np.asarray(boxes, np.float64), strict=True):
        for part, (left, right, top, low) in zip(row, _PARTS.values(), strict=True):
            wide, high = x2 - x1, y2 - y1
            columns = slice(max(0, int(x1 + left * wide)), min(width, int(x1 + right * wide)))
            rows = slice(max(0, int(y1 + top * high)), min(height, int(y1 + low * high)))
            cut = image[rows, columns]
            if cut.shape[0] < 2 or cut.shape[1] < 2:
                continue
            small = cv2.resize(cut, (_SIDE, _SIDE), interpolation=cv2.INTER_AREA)
            lab = cv2.cvtColor(small, cv2.COLOR_RGB2LAB).reshape(-1, 3).astype(np.int64)
            light = lab[:, 0] * _LIGHT // 256
            # most colours lie near grey: bins of 12 steps there, and all beyond in the outer ones
            colour = ((lab[:, 1:] - 128 + 36) // 12).clip(0, _COLOUR - 1)
            bins = (light * _COLOUR + colour[:, 0]) * _COLOUR + colour[:, 1]
            part[:] = np.sqrt(np.bincount(bins, minlength=len(part)) / len(bins))
    return looks.reshape(len(boxes), LENGTH)


def alike(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Return how alike looks (M, `LENGTH`) and (N, `LENGTH`) are: (M, N), in 0..1.

    A part that is missing of either is left out; where nothing is left, they are wholly alike.
    """
    shape = (-1, len(_PARTS), LENGTH // len(_PARTS))
    first, second = (np.asarray(one, np.float64).reshape(shape) for one in (first, second))
    both = np.einsum("mpk,npk->mnp", first, second)
    there = np.einsum("mp,np->mnp", *((one.any(axis=2) * 1.0) for one in (first, second)))
    counted = there.sum(axis=2)
    return np.where(counted > 0, (both * there).sum(axis=2) / np.maximum(counted, 1), 1.0)


@dataclass
class Memory:
    """What somebody looked like, lately and usually: shape (`LENGTH`,) each.

    A face that is half hidden is found with less confidence, and who hides it would soon be what is
    remembered: so looks count by the square of the confidence.
    """

    lately: np.ndarray
    usually: np.ndarray
    seconds: float = 0.0

    @classmethod
    def of(cls, looks: np.ndarray) -> "Memory":
        """Return that of somebody who is seen for the first time."""
        return cls(looks, looks)

    def see(self, looks: np.ndarray, seconds: float, sure: float) -> None:
        """Take in looks, some seconds after the last ones, of a face of some confidence."""
        step = min(seconds, _LATELY)
        self.seconds += step
        usual = min(max(self.seconds, _LATELY), _USUALLY)
        self.lately = _blended(self.lately, looks, step / _LATELY, sure)
        self.usually = _blended(self.usually, looks, step / usual, sure)

    def join(self, other: "Memory") -> None:
        """Take in what the same person looked like."""
        self.lately = (self.lately + other.lately) / 2
        self.usually = (self.usually + other.usually) / 2
        self.seconds += other.seconds


def known(memories: Sequence[Memory], looks: np.ndarray) -> np.ndarray:
    """Return how alike what is remembered, and looks (N, `LENGTH`) are: shape (M, N)."""
    remembered = [[one.lately, one.usually] for one in memories]
    shape = (len(memories), 2, len(looks))
    return alike(np.reshape(remembered, (-1, LENGTH)), looks).reshape(shape).max(axis=1)


def known_as(memories: Sequence[Memory], other: Memory) -> np.ndarray:
    """Return how alike what is remembered of some, and of another is: shape (M,)."""
    pairs = [
        alike(np.stack([getattr(one, name) for one in memories]), getattr(other, name)[None])[:, 0]
        for name in ("lately", "usually")
    ]
    return np.maximum(*pairs)


def _blended(old: np.ndarray, new: np.ndarray, steps: float, sure: float) -> np.ndarray:
    share = 1 - np.exp(-steps * sure**2)
    return (1 - share) * old + share * new
