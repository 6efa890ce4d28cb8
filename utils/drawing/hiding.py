"""Faces made unrecognisable."""

import cv2
import numpy as np

BLOCKS = 6
"""A hidden face is so many squares wide and high."""

MARGIN = 0.15
"""Share of a box's sides by which more is hidden: boxes are tight, and hair is known, too."""


def hidden(image: np.ndarray, boxes: np.ndarray) -> np.ndarray:
    """Return a picture whose faces are a few squares each, wherever somebody may be known by them.

    Parameters
    ----------
    image
        uint8, shape (H, W, 3), RGB.
    boxes
        Shape (N, 4): x1, y1, x2, y2 of every face, also of those too unsure to count.
    """
    image = image.copy()
    height, width = image.shape[:2]
    for x1, y1, x2, y2 in np.asarray(boxes, np.float64).reshape(-1, 4):
        more = MARGIN * (x2 - x1), MARGIN * (y2 - y1)
        left, top = max(0, int(x1 - more[0])), max(0, int(y1 - more[1]))
        right, low = min(width, int(np.ceil(x2 + more[0]))), min(height, int(np.ceil(y2 + more[1])))
        if right <= left or low <= top:
            continue
        face = image[top:low, left:right]
        small = cv2.resize(face, (BLOCKS, BLOCKS), interpolation=cv2.INTER_AREA)
        size = (right - left, low - top)
        image[top:low, left:right] = cv2.resize(small, size, interpolation=cv2.INTER_NEAREST)
    return image
