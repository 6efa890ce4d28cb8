"""CenterFace as a network of PyTorch: what its file computes, on any device and without ONNX.

OpenCV reads the weights from the file, as it does for trainings that start from them. Running the
file takes onnxruntime, which jobs would have to have, or OpenCV, which gives nonsense where a
network sees a photograph of another shape than the first.

Source: Xu, Yan, Yang et al., "CenterFace: joint face detection and alignment using face as point",
Scientific Programming (2020).
"""

from pathlib import Path

import torch
from torch import Tensor, nn

from utils.networks.onnx_layers import layers_of
from utils.networks.quicker import fold
from utils.networks.trunks import mobilenet_v2_trunk

STRIDE = 4
"""Pixels of the image between two places where there may be a face."""

MULTIPLE = 32
"""Pixels of which both sides of an image must be multiples."""

_WIDTH = 24


class CenterFace(nn.Module):
    """A MobileNetV2, its features summed at a stride of four pixels, and three heads of a layer.

    Normalisations of the file's convolutions are folded in. It takes RGB in 0..255.
    """

    def __init__(self) -> None:
        super().__init__()
        trunk = mobilenet_v2_trunk(nn.ReLU)
        self.trunk, self._levels = trunk.layers, trunk.levels
        fold(self.trunk.eval())
        coarse_first = trunk.channels[::-1]
        self.laterals = nn.ModuleList(nn.Conv2d(given, _WIDTH, 1) for given in coarse_first)
        self.smooth = nn.Conv2d(_WIDTH, _WIDTH, 3, padding=1)
        self.heads = nn.ModuleList(nn.Conv2d(_WIDTH, out, 1) for out in (1, 2, 2))
        self.wider = nn.ModuleList(
            nn.Sequential(
                nn.ConvTranspose2d(_WIDTH, _WIDTH, 2, stride=2, bias=False),
                nn.BatchNorm2d(_WIDTH),
                nn.ReLU(),
            )
            for _ in coarse_first[1:]
        )
        self.eval().requires_grad_(False)

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return how likely a face is centred at each place, logarithms of its sides, its offset.

        Parameters
        ----------
        images
            float, shape (B, 3, H, W), sides of multiples of `MULTIPLE`.

        Returns
        -------
        Shapes (B, 1, H/4, W/4), (B, 2, H/4, W/4) and (B, 2, H/4, W/4); height and y come first, in
        places.
        """
        levels = []
        for name, layer in self.trunk.named_children():
            images = layer(images)
            if name in self._levels:
                levels.append(images)
        sides = [side(it).relu() for side, it in zip(self.laterals, levels[::-1], strict=True)]
        merged = sides[0]
        for wider, side in zip(self.wider, sides[1:], strict=True):
            merged = wider(merged) + side
        merged = self.smooth(merged).relu()
        likely, size, offset = (head(merged) for head in self.heads)
        return likely.sigmoid(), size, offset

    def read(self, path: Path) -> None:
        """Take the weights from the ONNX file, whose layers stand in the order of ours."""
        ours = {
            kind: [it for it in self.modules() if isinstance(it, module)]
            for kind, module in _KINDS.items()
        }
        theirs = layers_of(path, {kind: len(layers) for kind, layers in ours.items()})
        for kind, layers in ours.items():
            # the last convolution, of landmarks, is not ours
            for layer, numbers in zip(layers, theirs[kind], strict=kind != "Convolution"):
                _take(layer, [torch.tensor(it) for it in numbers])


_KINDS: dict[str, type[nn.Module]] = {
    "Convolution": nn.Conv2d,
    "Deconvolution": nn.ConvTranspose2d,
    "BatchNorm": nn.BatchNorm2d,
}


def _take(layer: nn.Module, numbers: list[Tensor]) -> None:
    if isinstance(layer, nn.BatchNorm2d):
        mean, variance, scale, bias = numbers
        parts = {"running_mean": mean, "running_var": variance, "weight": scale, "bias": bias}
    else:
        parts = dict(zip(("weight", "bias"), numbers, strict=False))
    for name, value in parts.items():
        own = getattr(layer, name)
        own.copy_(value.reshape(own.shape))
