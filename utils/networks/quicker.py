"""Trained layers made quicker where nothing learns any more: fewer operations, the same numbers."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from utils.networks.folding import pairs
from utils.networks.packed import can_pack, pack


def fold(network: nn.Module) -> None:
    """Fold batch normalisation, a factor and a term a channel, into the convolution before it."""
    for convolution, normalisation in list(pairs(network)):
        layer, norm = (network.get_submodule(name) for name in (convolution, normalisation))
        network.set_submodule(convolution, fuse_conv_bn_eval(layer, norm))
        network.set_submodule(normalisation, nn.Identity())


def convert(network: nn.Module, parts: Sequence[nn.Module], bfloat16: bool) -> None:
    """Convert the weights of parts of a network once, not at each call, and pack them on a CPU.

    They are not packed where a weight of the network is no number: packed, it would be taken for a
    zero on the way, and what comes of it for an answer.
    """
    weights = list(network.parameters())
    dtype = torch.bfloat16 if bfloat16 else weights[0].dtype
    packs = weights[0].device.type == "cpu" and can_pack(dtype) and all(map(_is_finite, weights))
    for part in parts:
        part.to(dtype)
        if packs:
            pack(part)


def _is_finite(weight: Tensor) -> bool:
    return bool(weight.isfinite().all())
