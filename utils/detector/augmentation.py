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

from utils.dataset.torch_dataset import FaceDataset, Target, to_tensor
from utils.detector.forward import STRIDE
from utils.detector.pasting import FaceDonors
from utils.training.appearance import recoloured, relit, spoilt
from utils.training.recipe import Recipe

FILL = (124, 116, 104)  # ImageNet's mean colour, which normalisation turns into zero
SMALLEST = 2.0  # pixels; a face that a chip leaves smaller is none to learn from
VISIBLE = 0.4  # of a face's area; one that a chip's edge cuts further is none to learn from
ROOM = 0.8  # of a chip; no zoom makes the face that it is cut around larger


def chip_side(chip: float, image_size: int) -> int:
    """Return the pixels of a chip's side, as `Recipe.chip` says, in whole coarsest cells.

    There are two by two at least, because batch normalisation has no statistics of a single one.
    """
    return max(2, round(chip * (image_size if chip <= 1 else 1) / STRIDE)) * STRIDE


class Augmentation:
    """Random chip, flip and change of colours, and what else a recipe asks for.

    Parameters
    ----------
    recipe
        Its ``augmentation`` says how far chips zoom in and out and colours change, 0..1. At 0 a
        chip is only cut and flipped.
    photos
        What chips are cut from: images, uint8 (3, H, W), with targets (see `FaceDataset`).
    side
        Pixels of a chip's sides.
    """

    def __init__(self, recipe: Recipe, photos: FaceDataset, side: int) -> None:
        self.recipe, self.photos, self.side = recipe, photos, side
        self._donors = FaceDonors(photos) if recipe.copy_paste else None

    def __call__(self, number: int, seed: int) -> tuple[Tensor, Target]:
        """Return a chip of photograph `number` and its target, as `seed` says.

        Draws nothing from torch's own random numbers, so that threads may call it.
        """
        random = np.random.default_rng(seed)
        image, target = self.photos[number]
        chip, boxes, labels = self._cut_out(random, image, target)
        if self._donors and self._chosen(random, self.recipe.copy_paste):
            chip, boxes, labels = self._donors.paste(random, chip, boxes, labels)
        if self.recipe.augmentation:
            chip = recoloured(random, chip, self.recipe.augmentation)
        if self.recipe.relight:
            chip = relit(random, chip, self.recipe.relight)
        if self._chosen(random, self.recipe.spoil):
            chip = spoilt(random, chip)
        changed = {"boxes": torch.from_numpy(boxes), "labels": torch.from_numpy(labels)}
        return to_tensor(chip), {**target, **changed}

    @staticmethod
    def _chosen(random: np.random.Generator, share: float) -> bool:
        """Return whether this chip is among a share of all; nothing is drawn if none are."""
        return share > 0 and random.random() < share

    def _cut_out(
        self, random: np.random.Generator, image: Tensor, target: Target
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return a square of a photograph, (side, side, 3), with boxes and labels."""
        boxes, labels = target["boxes"].numpy(), target["labels"].numpy()
        focus = _focus(random, boxes, labels)
        strength = self.recipe.augmentation
        zoom, aspect = 2 ** (strength * random.uniform((-1.2, -0.25), (1.2, 0.25)))
        if focus is not None:
            zoom = min(zoom, ROOM * self.side / max(focus[2:] - focus[:2]))
        scale = zoom * np.array([aspect**0.5, aspect**-0.5])
        corner = _corner(random, np.array(image.shape[:0:-1]), self.side / scale, focus)
        flip = random.random() < 0.5
        chip = _cut(image, corner, scale, self.side)
        boxes, kept = _seen(boxes, corner, scale, self.side)
        if flip:
            chip = chip[:, ::-1]
            boxes[:, [0, 2]] = self.side - boxes[:, [2, 0]]
        return np.ascontiguousarray(chip), boxes[kept], labels[kept]


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


def _seen(
    boxes: np.ndarray, corner: np.ndarray, scale: np.ndarray, side: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return the boxes in pixels of the chip, clipped to it, and which of them to keep."""
    moved = ((boxes - np.tile(corner, 2)) * np.tile(scale, 2)).astype(np.float32)
    clipped = moved.clip(0, side).astype(np.float32)
    whole, left = moved[:, 2:] - moved[:, :2], clipped[:, 2:] - clipped[:, :2]
    kept = (left.prod(1) >= VISIBLE * whole.prod(1)) & (left >= SMALLEST).all(1)
    return clipped, kept
