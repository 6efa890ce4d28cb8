"""The published weights of trunks, under our names and for our normalisation of photographs.

A trunk of ours takes photographs less `MEAN`, divided by `STD`. Where a published network wants
them otherwise, its first layer is changed so that it computes the same.
"""

from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor, nn

from utils.networks.normalisation import MEAN, STD
from utils.networks.onnx_layers import layers_of
from utils.networks.published import CENTERFACE, EFFICIENTNET_LITE0, Packaged, packaged
from utils.networks.trunks import efficientnet_lite0_trunk, mobilenet_v2_trunk
from utils.records import digest_of
from utils.training.tensors import load_tensors

State = dict[str, Tensor]

_LEAST = 1e-3
"""Filters shorter than this are dead, and are not brought back to life."""


def trunk_state(path: Path) -> State | None:
    """Return the state of a trunk from a packaged file of other names than ours; else None."""
    known = packaged(digest_of(path))
    reader = _READERS.get(known)
    return reader(path) if reader else None


def _efficientnet_lite0(path: Path) -> State:
    """Rename the tensors, which stand in our order; made for (photograph - 127) / 128."""
    content, _ = load_tensors(path)
    own = efficientnet_lite0_trunk().layers.state_dict()
    state = dict(zip(own, content.values(), strict=False))  # the classifier comes last
    stem = state["0.0.weight"]
    state["0.0.weight"] = stem * STD / 128
    moved = (stem * (MEAN - 127) / 128).sum(dim=(1, 2, 3))
    state["0.1.running_mean"] = state["0.1.running_mean"] - moved
    return state


def _centerface(path: Path) -> State:
    """Give each convolution of the ONNX file its normalisation back; made for RGB in 0..255.

    The file has convolutions with biases, into which batch normalisation had been folded: filters
    of lengths (L2) between 0.01 and 60, which no one learning rate suits. Each gets length 1, which
    keeps the variance of its input, and its normalisation, whose statistics are 0 and 1, the factor
    and the bias: the same function, and one that trains from nothing as well.
    """
    trunk = mobilenet_v2_trunk(nn.ReLU).layers
    pairs = _convolutions(trunk)
    blobs = layers_of(path, {"Convolution": len(pairs)})["Convolution"]
    with torch.no_grad():
        for number, ((convolution, norm), (kernel, bias)) in enumerate(
            zip(pairs, blobs, strict=False)  # its neck and its heads come last
        ):
            weight, bias = torch.tensor(kernel), torch.tensor(bias).flatten()
            if number == 0:
                bias = bias + (weight * MEAN).sum(dim=(1, 2, 3))
                weight = weight * STD
            size = weight.flatten(1).norm(dim=1).clamp(min=_LEAST)
            convolution.weight.copy_(weight / size[:, None, None, None])
            norm.weight.copy_(size * (1 + norm.eps) ** 0.5)
            norm.bias.copy_(bias)
    return trunk.state_dict()


def _convolutions(network: nn.Module) -> list[tuple[nn.Conv2d, nn.BatchNorm2d]]:
    """Return the convolutions of a network, each with the normalisation that follows it."""
    modules = [m for m in network.modules() if isinstance(m, nn.Conv2d | nn.BatchNorm2d)]
    return list(zip(modules[::2], modules[1::2], strict=True))


_READERS: dict[Packaged, Callable[[Path], State]] = {
    EFFICIENTNET_LITE0: _efficientnet_lite0,
    CENTERFACE: _centerface,
}
