"""The network that judges a face: what a trunk sees at three scales, and a linear head."""

from collections.abc import Sequence

import cv2
import numpy as np
import torch
from torch import Tensor, nn

from utils.dataset.labels import CLASSES
from utils.dataset.torch_dataset import to_tensor
from utils.networks.normalisation import MEAN, STD


class FaceNetwork(nn.Module):
    """A trunk and a head.

    Parameters
    ----------
    trunk
        Layers that compute features (N, channels, H, W) of normalised pictures, one after another.
    looked_at
        Names of those whose features the head is told of.
    channels
        Of these features.

    Attributes
    ----------
    dtype
        What the trunk was converted to (`utils.networks.quicker`); None: it was not.
    """

    def __init__(self, trunk: nn.Module, looked_at: Sequence[str], channels: Sequence[int]) -> None:
        super().__init__()
        self.trunk, self.looked_at = trunk, frozenset(looked_at)
        self.head = Head(2 * sum(channels))
        self.register_buffer("mean", MEAN.clone(), persistent=False)
        self.register_buffer("std", STD.clone(), persistent=False)
        self.dtype: torch.dtype | None = None

    def forward(self, pictures: Tensor, bfloat16: bool = False) -> Tensor:
        """Return the logits, float32 (N, classes), of faces, uint8 (N, 3, side, side), RGB."""
        return self.head(self.features(pictures, bfloat16))

    def features(self, pictures: Tensor, bfloat16: bool = False) -> Tensor:
        """Return what the head judges by, float32 (N, channels).

        They are means over the upper and over the lower half of the face, of layers of different
        strides: a mask is on the lower half, and shows at finer scales than what the last layers
        of a trunk were made to tell (docs/benchmarks.md).
        """
        maps = ((pictures - self.mean) / self.std).to(self.dtype or self.head.linear.weight.dtype)
        maps = maps.contiguous(memory_format=torch.channels_last)
        means = []
        with torch.autocast(maps.device.type, torch.bfloat16, enabled=bfloat16):
            for name, layer in self.trunk.named_children():
                maps = layer(maps)
                if name in self.looked_at:
                    means += _halves(maps.to(self.head.linear.weight.dtype))
        return torch.cat(means, dim=1)


def _halves(maps: Tensor) -> list[Tensor]:
    """Return the means over upper and lower half, (N, channels) each; both have a middle row."""
    rows = maps.shape[2]
    parts = maps[:, :, : (rows + 1) // 2], maps[:, :, rows // 2 :]
    return [part.mean(dim=(2, 3)) for part in parts]


class Head(nn.Module):
    """A linear judgement of features that are brought to a common scale first.

    Features of one trunk differ in scale by orders of magnitude; no one learning rate suits that.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.register_buffer("centre", torch.zeros(channels))
        self.register_buffer("spread", torch.ones(channels))
        self.linear = nn.Linear(channels, len(CLASSES))
        nn.init.zeros_(self.linear.weight)
        nn.init.zeros_(self.linear.bias)

    def forward(self, features: Tensor) -> Tensor:
        return self.linear((features - self.centre) / self.spread)

    def scale_by(self, features: Tensor) -> None:
        """Take the scale of features, (N, channels), from faces that are to be learnt from."""
        spread, centre = torch.std_mean(features.double(), dim=0, correction=0)
        self.centre.copy_(centre)
        self.spread.copy_(torch.where(spread > 0, spread, 1.0))


def stretched(face: np.ndarray, side: int) -> np.ndarray:
    """Return a face, uint8 (H, W, 3) of any size, as the network sees it: (side, side, 3).

    A picture that is no square is stretched to one, so that nothing of the face is lost.
    """
    height, width = face.shape[:2]
    least = min(width, side), min(height, side)
    # Averaging over areas does not alias when shrinking, but is blocky when enlarging.
    if least != (width, height):
        face = cv2.resize(face, least, interpolation=cv2.INTER_AREA)
    if least != (side, side):
        face = cv2.resize(face, (side, side), interpolation=cv2.INTER_LINEAR)
    return face


def as_seen(face: np.ndarray, side: int) -> Tensor:
    """Return a face as `stretched` does, as a tensor: uint8 (3, side, side)."""
    return to_tensor(stretched(face, side))
