"""The network that judges a face: the features of a trunk, and a linear head on their means."""

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
    channels
        Of these features.

    Attributes
    ----------
    dtype
        What the trunk was converted to (`utils.networks.quicker`); None: it was not.
    """

    def __init__(self, trunk: nn.Module, channels: int) -> None:
        super().__init__()
        self.trunk, self.head = trunk, Head(channels)
        self.register_buffer("mean", MEAN.clone(), persistent=False)
        self.register_buffer("std", STD.clone(), persistent=False)
        self.dtype: torch.dtype | None = None

    def forward(self, pictures: Tensor, bfloat16: bool = False) -> Tensor:
        """Return the logits, float32 (N, classes), of faces, uint8 (N, 3, side, side), RGB."""
        return self.head(self.features(pictures, bfloat16))

    def features(self, pictures: Tensor, bfloat16: bool = False) -> Tensor:
        """Return what the head judges by, float32 (N, channels)."""
        batch = ((pictures - self.mean) / self.std).to(self.dtype or self.head.linear.weight.dtype)
        batch = batch.contiguous(memory_format=torch.channels_last)
        with torch.autocast(batch.device.type, torch.bfloat16, enabled=bfloat16):
            maps = self.trunk(batch)
        return pooled(maps)


class Head(nn.Module):
    """A linear judgement of features that are brought to a common scale first.

    Features of one trunk differ in scale by orders of magnitude; no one learning rate suits that.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.register_buffer("centre", torch.zeros(channels))
        self.register_buffer("spread", torch.ones(channels))
        self.linear = nn.Linear(channels, len(CLASSES))

    def forward(self, features: Tensor) -> Tensor:
        return self.linear((features - self.centre) / self.spread)


def pooled(maps: Tensor) -> Tensor:
    """Return the mean of features over their places, in float32."""
    return maps.float().mean(dim=(2, 3))


def as_seen(face: np.ndarray, side: int) -> Tensor:
    """Return a face, uint8 (H, W, 3) of any size, as the network sees it: uint8 (3, side, side).

    A picture that is no square is stretched to one, so that nothing of the face is lost.
    """
    if face.shape[:2] == (side, side):
        return to_tensor(face)
    shrinks = max(face.shape[:2]) > side
    # Averaging over areas does not alias when shrinking, but is blocky when enlarging.
    method = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return to_tensor(cv2.resize(face, (side, side), interpolation=method))
