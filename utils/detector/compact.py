"""The compact detector: a narrow ResNet-18 with a narrow feature pyramid, for CPUs, from scratch.

Against torchvision's ResNet-50 detectors: a ResNet-18 of 48 instead of 64 channels in its first
layer, 64 instead of 256 in the pyramid, which has biases in place of batch normalisation, boxes of
5 x 5 instead of 7 x 7 bins of one sample each instead of four (the bins of small faces are smaller
than a feature's cell), a box head of 256 instead of 1024 units, a tenth of the proposals, and
trainable batch normalisation in the ResNet. What each of these saves: docs/benchmarks.md.
"""

from torch import nn
from torchvision.models import ResNet
from torchvision.models.detection import FasterRCNN
from torchvision.models.detection.anchor_utils import AnchorGenerator
from torchvision.models.detection.backbone_utils import BackboneWithFPN
from torchvision.models.detection.faster_rcnn import FastRCNNPredictor, TwoMLPHead
from torchvision.models.resnet import BasicBlock
from torchvision.ops.feature_pyramid_network import ExtraFPNBlock

from utils.detector.roi_align import GatheredRoIAlign

WIDTH = 48
CHANNELS = 64
BINS = 5
HEAD_UNITS = 256
LEVELS = ("layer1", "layer2", "layer3", "layer4")  # strides 4, 8, 16, 32


class _NoExtraLevel(ExtraFPNBlock):
    """Faces do not reach the size that torchvision's fifth level is for."""

    def forward(self, results, x, names):
        return results, names


class _NarrowResNet18(ResNet):
    """ResNet-18 (He et al. 2016) with its channels scaled from 64 to `width` in the first layer."""

    def __init__(self, width: int) -> None:
        super().__init__(BasicBlock, [2, 2, 2, 2])
        self.inplanes = width
        self.conv1 = nn.Conv2d(3, width, 7, stride=2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        for number in range(4):
            layer = self._make_layer(BasicBlock, width * 2**number, 2, stride=2 if number else 1)
            setattr(self, f"layer{number + 1}", layer)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")


def compact_resnet18_fpn(
    num_classes: int, anchors: AnchorGenerator, **options: object
) -> FasterRCNN:
    """Build the compact detector; `options` go to `torchvision.models.detection.FasterRCNN`."""
    backbone = BackboneWithFPN(
        _NarrowResNet18(WIDTH),
        {level: str(number) for number, level in enumerate(LEVELS)},
        [WIDTH * 2**number for number in range(4)],
        CHANNELS,
        extra_blocks=_NoExtraLevel(),
    )
    settings = {
        "rpn_pre_nms_top_n_train": 300,
        "rpn_pre_nms_top_n_test": 400,
        "rpn_post_nms_top_n_train": 200,
        "rpn_post_nms_top_n_test": 300,
        "rpn_batch_size_per_image": 128,
        "rpn_fg_iou_thresh": 0.6,  # with 0.7, half of the small faces match by force only
        "box_batch_size_per_image": 64,
    }
    return FasterRCNN(
        backbone,
        rpn_anchor_generator=anchors,
        box_roi_pool=GatheredRoIAlign(["0", "1", "2", "3"], output_size=BINS, sampling_ratio=1),
        box_head=TwoMLPHead(CHANNELS * BINS * BINS, HEAD_UNITS),
        box_predictor=FastRCNNPredictor(HEAD_UNITS, num_classes),
        **(settings | options),
    )
