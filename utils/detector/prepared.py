"""A trained network made ready for detection: fewer operations, the same boxes."""

import copy

import torch
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval
from torchvision.models.detection import FasterRCNN

from utils.detector.folding import pairs


def prepared(model: FasterRCNN, bfloat16: bool) -> FasterRCNN:
    """Return a copy of a network in evaluation mode for `utils.detector.forward.detect`.

    Batch normalisation, which at detection is a factor and a term a channel, is folded into the
    convolution before it. With `bfloat16` the weights of backbone and feature pyramid are converted
    once, not at each call.
    """
    ready = copy.deepcopy(model).eval().requires_grad_(False)
    _fold(ready.backbone)
    if bfloat16:
        ready.backbone.to(torch.bfloat16)
    return ready


def _fold(network: nn.Module) -> None:
    for convolution, normalisation in list(pairs(network)):
        layer, norm = (network.get_submodule(name) for name in (convolution, normalisation))
        network.set_submodule(convolution, fuse_conv_bn_eval(layer, norm))
        network.set_submodule(normalisation, nn.Identity())
