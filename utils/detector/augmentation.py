"""Geometric and photometric augmentation on the fly, a function of seed, epoch and photograph."""

from typing import Any

import torch
from torch import Tensor, nn
from torchvision import tv_tensors
from torchvision.transforms import v2

from utils.seed import derive_seed

FILL = (124, 116, 104)  # ImageNet's mean colour, which normalisation turns into zero
SMALLEST = 2.0  # pixels; what a crop or zoom leaves smaller is no face to learn from

Target = dict[str, Any]


class Augmentation:
    """Random zoom-out, crop, flip and change of colours, after SSD (Liu et al. 2016).

    Parameters
    ----------
    strength
        0..1, scales how often and how far photographs are changed; flips happen at any strength.
    image_size
        Pixels of the longer side of what comes out.
    """

    def __init__(self, strength: float, image_size: int) -> None:
        steps: list[nn.Module] = [v2.RandomHorizontalFlip(0.5)]
        if strength > 0:
            steps += [
                v2.RandomPhotometricDistort(
                    brightness=(1 - 0.4 * strength, 1 + 0.4 * strength),
                    contrast=(1 - 0.4 * strength, 1 + 0.4 * strength),
                    saturation=(1 - 0.4 * strength, 1 + 0.4 * strength),
                    hue=(-0.04 * strength, 0.04 * strength),
                    p=0.5,
                ),
                v2.RandomZoomOut(FILL, side_range=(1, 1 + strength), p=0.5 * strength),
            ]
        self._any = v2.Compose(steps)
        # A crop is accepted for the faces it keeps, so a photograph without faces has none.
        crop = v2.RandomIoUCrop(min_scale=1 - 0.7 * strength, max_scale=1.0)
        self._crop = v2.RandomApply([crop], p=strength)
        self._finish = v2.Compose(
            [
                v2.Resize(size=None, max_size=image_size),
                v2.ClampBoundingBoxes(),
                v2.SanitizeBoundingBoxes(min_size=SMALLEST),
            ]
        )

    def __call__(self, image: Tensor, target: Target, seed: int) -> tuple[Tensor, Target]:
        """Return `image` (uint8 (3, H, W)) and its target, changed as `seed` says.

        Leaves the global state of torch's random numbers as it was.
        """
        boxes = tv_tensors.BoundingBoxes(
            target["boxes"], format="XYXY", canvas_size=tuple(image.shape[1:])
        )
        sample = (tv_tensors.Image(image), {"boxes": boxes, "labels": target["labels"]})
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            sample = self._any(*sample)
            if len(boxes):
                sample = self._crop(*sample)
            image, changed = self._finish(*sample)
        changed["boxes"] = changed["boxes"].as_subclass(Tensor)
        return image.as_subclass(Tensor), {**target, **changed}


def epoch_batches(photos: int, batch_size: int, seed: int, epoch: int) -> list[list[int]]:
    """Deal shuffled photo numbers to batches of nearly equal size, at most `batch_size`.

    A short last batch would give its photographs more weight and its batch statistics less worth.
    """
    generator = torch.Generator().manual_seed(derive_seed(seed, "order", epoch))
    order = torch.randperm(photos, generator=generator)
    steps = -(-photos // batch_size)
    return [part.tolist() for part in torch.tensor_split(order, steps)]
