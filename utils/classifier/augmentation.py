"""Views of a face: what a training sees of it, a function of a seed."""

import cv2
import numpy as np
from torch import Tensor

from utils.dataset.torch_dataset import to_tensor
from utils.training.appearance import recoloured, relit, spoilt
from utils.training.recipe import Recipe

ZOOM = 0.25
"""Octaves, at strength 1: a finder's box is seldom exactly as large as an annotated one."""

ASPECT = 0.15
"""Octaves of width against height, likewise."""

SHIFT = 0.08
"""Share of a side, likewise."""

TURN = 15.0
"""Degrees, at strength 1."""


def view(picture: Tensor, recipe: Recipe, seed: int) -> Tensor:
    """Return a view of a face: moved a little, mirrored, in other colours, spoilt.

    Draws nothing from torch's own random numbers, so that threads may call it.

    Parameters
    ----------
    picture
        uint8, (3, side, side).
    recipe
        Its ``augmentation`` says how much is moved and recoloured, 0..1. At 0 a face is only
        mirrored.
    """
    random = np.random.default_rng(seed)
    image = np.ascontiguousarray(picture.permute(1, 2, 0).numpy())
    strength = recipe.augmentation
    if strength:
        image = _moved(random, image, strength)
    if random.random() < 0.5:
        image = np.ascontiguousarray(image[:, ::-1])
    if strength:
        image = recoloured(random, image, strength)
    if recipe.relight:
        image = relit(random, image, recipe.relight)
    if recipe.spoil and random.random() < recipe.spoil:
        image = spoilt(random, image)
    return to_tensor(np.ascontiguousarray(image))


def _moved(random: np.random.Generator, image: np.ndarray, strength: float) -> np.ndarray:
    side = image.shape[0]
    zoom, aspect = 2 ** (strength * random.uniform((-ZOOM, -ASPECT), (ZOOM, ASPECT)))
    angle = np.deg2rad(strength * random.uniform(-TURN, TURN))
    shift = strength * SHIFT * side * random.uniform(-1, 1, 2)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    linear = zoom * turn @ np.diag([aspect**0.5, aspect**-0.5])
    middle = (side - 1) / 2
    move = np.column_stack([linear, middle + shift - linear @ [middle, middle]])
    size = (side, side)
    return cv2.warpAffine(
        image, move, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
