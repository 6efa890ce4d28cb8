"""A trained network made ready for detection: fewer operations, the same boxes."""

import copy

import torch
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval
from torchvision.models.detection import FasterRCNN

from utils.training.batch_norm import SharedBatchNorm2d


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


_FOLDED = (nn.BatchNorm2d, SharedBatchNorm2d)


def _fold(module: nn.Module) -> None:
    """Fold each normalisation that is registered right after a convolution, as ResNets' are.

    A layer that does more than normalise, timm's that also activates for instance, stays.
    """
    previous: tuple[str, nn.Module] | None = None
    for name, child in list(module.named_children()):
        if previous and type(child) in _FOLDED and isinstance(previous[1], nn.Conv2d):
            setattr(module, previous[0], fuse_conv_bn_eval(previous[1], child))
            setattr(module, name, nn.Identity())
        else:
            _fold(child)
        previous = (name, child)
