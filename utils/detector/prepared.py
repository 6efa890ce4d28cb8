"""A trained network made ready for detection: fewer operations, the same faces."""

import copy

import torch
from torch import Tensor, nn
from torchvision.models.detection import FasterRCNN

from utils.networks.quicker import convert, fold


def prepared(model: FasterRCNN, bfloat16: bool) -> FasterRCNN:
    """Return a copy of a network in evaluation mode for `utils.detector.forward.detect`.

    It is for the device that the network is on, and stays there. Batch normalisation, which at
    detection is a factor and a term a channel, is folded into the convolution before it. With
    `bfloat16` the weights of backbone and feature pyramid are converted once, not at each call, and
    the hidden layers of both heads compute in it, too; what they say of boxes stays in float32. On
    a CPU the convolutions are packed, unless a weight is no number: packed, it would be taken for a
    zero on the way, and what it finds for faces.
    """
    ready = copy.deepcopy(model).eval().requires_grad_(False)
    ready = ready.to(memory_format=torch.channels_last)
    fold(ready.backbone)
    convert(ready, [ready.backbone, ready.rpn.head.conv, ready.roi_heads.box_head], bfloat16)
    if bfloat16:
        ready.rpn.head.conv = _InBfloat16(ready.rpn.head.conv)
        ready.roi_heads.box_head = _InBfloat16(ready.roi_heads.box_head)
    return ready


class _InBfloat16(nn.Module):
    """A part of a network that computes in bfloat16 between others that do in float32."""

    def __init__(self, part: nn.Module) -> None:
        super().__init__()
        self.part = part

    def forward(self, features: Tensor) -> Tensor:
        with torch.autocast(features.device.type, torch.bfloat16):
            return self.part(features).float()
