"""Batch normalisation that keeps its statistics, computed as part of the convolution before it."""

import copy
from collections.abc import Collection, Iterator

import torch
from torch import Tensor, nn
from torch.func import functional_call

from utils.training.batch_norm import SharedBatchNorm2d

_NORMALISATIONS = (nn.BatchNorm2d, SharedBatchNorm2d)
"""A layer that does more than normalise, timm's that also activates for instance, is none."""


def pairs(network: nn.Module, prefix: str = "") -> Iterator[tuple[str, str]]:
    """Yield the names of each convolution and of the normalisation registered right after it.

    So they are in ResNets and MobileNets.
    """
    previous: tuple[str, nn.Module] | None = None
    for name, child in network.named_children():
        if previous and type(child) in _NORMALISATIONS and isinstance(previous[1], nn.Conv2d):
            yield prefix + previous[0], prefix + name
        else:
            yield from pairs(child, f"{prefix}{name}.")
        previous = (name, child)


class FoldedBackbone:
    """The forward pass of a backbone whose normalisations keep their statistics, in training.

    Each is then a factor and a term a channel, which cost less in the weights of the convolution
    than in its output. The parameters are those of the backbone, and gradients flow to them.
    """

    def __init__(self, backbone: nn.Module) -> None:
        self._backbone, self._pairs = backbone, list(pairs(backbone))
        self._skeleton = copy.deepcopy(backbone).to("meta")  # layers without numbers
        for convolution, normalisation in self._pairs:
            layer = self._skeleton.get_submodule(convolution)
            layer.bias = nn.Parameter(torch.empty(layer.out_channels, device="meta"))
            self._skeleton.set_submodule(normalisation, nn.Identity())

    @classmethod
    def of(cls, backbone: nn.Module, frozen: Collection[str]) -> "FoldedBackbone | None":
        """Return it for a backbone all of whose normalisations are `frozen`, by name; else None."""
        found = {
            name
            for name, module in backbone.named_modules()
            if isinstance(module, nn.modules.batchnorm._BatchNorm)
        }
        whole = found and found == {name for _, name in pairs(backbone)} and found <= set(frozen)
        return cls(backbone) if whole else None

    def __call__(self, images: Tensor) -> dict[str, Tensor]:
        """Return the features of a batch."""
        weights = dict(self._backbone.named_parameters())
        for convolution, normalisation in self._pairs:
            norm = self._backbone.get_submodule(normalisation)
            for name in ("weight", "bias"):
                del weights[f"{normalisation}.{name}"]
            scale = norm.weight * (norm.running_var + norm.eps).rsqrt()
            kernel, bias = f"{convolution}.weight", f"{convolution}.bias"
            weights[kernel] = weights[kernel] * scale[:, None, None, None]
            offset = weights[bias] - norm.running_mean if bias in weights else -norm.running_mean
            weights[bias] = norm.bias + offset * scale
        return functional_call(self._skeleton, weights, (images,))
