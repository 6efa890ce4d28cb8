"""Chips: what a training step sees of a photograph, a function of seed, epoch and photograph.

A step sees square cut-outs around faces, not whole photographs: most of a photograph is background
or padding, and a pixel costs the same whatever it shows. So do SNIPER (Singh, Najibi and Davis
2018) for COCO and its chips of 512 pixels. Zooming in and out, as SSD does (Liu et al. 2016), makes
the sizes of faces vary; what lies beyond the photograph is filled with the mean colour.
"""

import cv2
import numpy as np
import torch
from torch import Tensor
from torchvision.transforms.v2 import functional

from utils.dataset.torch_dataset import Target
from utils.detector.forward import STRIDE

FILL = (124, 116, 104)  # ImageNet's mean colour, which normalisation turns into zero
SMALLEST = 2.0  # pixels; a face that a chip leaves smaller is none to learn from
VISIBLE = 0.4  # of a face's area; one that a chip's edge cuts further is none to learn from
ROOM = 0.8  # of a chip; no zoom makes the face that it is cut around larger


def chip_side(share: float, image_size: int) -> int:
    """Return the pixels of a chip's side: a share of the photographs', in whole coarsest cells.

    There are two by two at least, because batch normalisation has no statistics of a single one.
    """
    return max(2, round(share * image_size / STRIDE)) * STRIDE


class Augmentation:
    """Random chip, flip and change of colours.

    Parameters
    ----------
    strength
        0..1: how far chips zoom in and out and colours change. At 0 a chip is only cut and flipped.
    side
        Pixels of a chip's sides.
    """

    def __init__(self, strength: float, side: int) -> None:
        self.strength, self.side = strength, side

    def __call__(self, image: Tensor, target: Target, seed: int) -> tuple[Tensor, Target]:
        """Return a chip of `image` (uint8 (3, H, W)) and its target, as `seed` says.

        Draws nothing from torch's own random numbers, so that threads may call it.
        """
        random = np.random.default_rng(seed)
        boxes = target["boxes"].numpy()
        focus = _focus(random, boxes, target["labels"].numpy())
        zoom, aspect = 2 ** (self.strength * random.uniform((-1.2, -0.25), (1.2, 0.25)))
        if focus is not None:
            zoom = min(zoom, ROOM * self.side / max(focus[2:] - focus[:2]))
        scale = zoom * np.array([aspect**0.5, aspect**-0.5])
        corner = _corner(random, np.array(image.shape[:0:-1]), self.side / scale, focus)
        flip = random.random() < 0.5
        chip = _cut(image, corner, scale, self.side)
        boxes, kept = _seen(boxes, corner, scale, self.side)
        if flip:
            chip = np.ascontiguousarray(chip[:, ::-1])
            boxes[:, [0, 2]] = self.side - boxes[:, [2, 0]]
        chip = torch.from_numpy(chip).permute(2, 0, 1)
        if self.strength:
            chip = _recoloured(random, chip, self.strength)
        changed = {"boxes": torch.from_numpy(boxes[kept]), "labels": target["labels"][kept]}
        return chip.contiguous(), {**target, **changed}


def _focus(random: np.random.Generator, boxes: np.ndarray, labels: np.ndarray) -> np.ndarray | None:
    """Return the box of a random face of a random class among those of the photograph."""
    if not len(boxes):
        return None
    chosen = random.choice(np.unique(labels))
    return boxes[random.choice(np.flatnonzero(labels == chosen))]


def _corner(
    random: np.random.Generator, size: np.ndarray, window: np.ndarray, focus: np.ndarray | None
) -> np.ndarray:
    """Return x and y of a window of the photograph that holds `focus`, and little from beyond it.

    `size` and `window` are widths and heights. A window larger than the photograph holds it all.
    """
    low, high = np.minimum(0, size - window), np.maximum(0, size - window)
    if focus is not None:
        low, high = np.maximum(low, focus[2:] - window), np.minimum(high, focus[:2])
    return random.uniform(low, np.maximum(low, high))


def _cut(image: Tensor, corner: np.ndarray, scale: np.ndarray, side: int) -> np.ndarray:
    """Return the chip, uint8 (side, side, 3)."""
    move = np.array([[scale[0], 0, -corner[0] * scale[0]], [0, scale[1], -corner[1] * scale[1]]])
    move[:, 2] += (scale - 1) / 2  # OpenCV counts from the centres of pixels, boxes from corners
    return cv2.warpAffine(
        np.ascontiguousarray(image.permute(1, 2, 0).numpy()),
        move,
        (side, side),
        flags=cv2.INTER_LINEAR,
        borderValue=FILL,
    )


def _recoloured(random: np.random.Generator, chip: Tensor, strength: float) -> Tensor:
    """Change brightness, contrast, saturation and hue, in random order (Howard 2013)."""
    changes = [
        (functional.adjust_brightness, 1 + random.uniform(-0.5, 0.5) * strength),
        (functional.adjust_contrast, 1 + random.uniform(-0.5, 0.5) * strength),
        (functional.adjust_saturation, 1 + random.uniform(-0.5, 0.5) * strength),
        (functional.adjust_hue, random.uniform(-0.05, 0.05) * strength),
    ]
    for place in random.permutation(len(changes)):
        change, amount = changes[place]
        chip = change(chip, amount)
    return chip


def _seen(
    boxes: np.ndarray, corner: np.ndarray, scale: np.ndarray, side: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return the boxes in pixels of the chip, clipped to it, and which of them to keep."""
    moved = ((boxes - np.tile(corner, 2)) * np.tile(scale, 2)).astype(np.float32)
    clipped = moved.clip(0, side)
    size, left = moved[:, 2:] - moved[:, :2], clipped[:, 2:] - clipped[:, :2]
    kept = (left.prod(1) >= VISIBLE * size.prod(1)) & (left >= SMALLEST).all(1)
    return clipped, kept
