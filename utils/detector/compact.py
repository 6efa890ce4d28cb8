"""The compact detector: ResNet-18 with a narrow feature pyramid, for CPUs and from scratch.

Against torchvision's ResNet-50 detectors: 96 instead of 256 channels in the pyramid, a box head of
256 instead of 1024 units, a third of the proposals, one sample instead of four in each bin of
RoIAlign (whose backward pass took a fifth of a step; on small faces the bins are smaller than a
feature's cell), and trainable batch normalisation throughout.
"""

from torch import nn
from torchvision.models import resnet18
from torchvision.models.detection import FasterRCNN
from torchvision.models.detection.anchor_utils import AnchorGenerator
from torchvision.models.detection.backbone_utils import BackboneWithFPN
from torchvision.models.detection.faster_rcnn import FastRCNNPredictor, TwoMLPHead
from torchvision.ops import MultiScaleRoIAlign
from torchvision.ops.feature_pyramid_network import ExtraFPNBlock

CHANNELS = 96
HEAD_UNITS = 256
LEVELS = ("layer1", "layer2", "layer3", "layer4")  # strides 4, 8, 16, 32


class _NoExtraLevel(ExtraFPNBlock):
    """Faces do not reach the size that torchvision's fifth level is for."""

    def forward(self, results, x, names):
        return results, names


def compact_resnet18_fpn(
    num_classes: int, anchors: AnchorGenerator, **options: object
) -> FasterRCNN:
    """Build the compact detector; `options` go to `torchvision.models.detection.FasterRCNN`."""
    backbone = BackboneWithFPN(
        resnet18(weights=None),
        {level: str(number) for number, level in enumerate(LEVELS)},
        [64, 128, 256, 512],
        CHANNELS,
        extra_blocks=_NoExtraLevel(),
        norm_layer=nn.BatchNorm2d,
    )
    settings = {
        "rpn_pre_nms_top_n_train": 600,
        "rpn_pre_nms_top_n_test": 400,
        "rpn_post_nms_top_n_train": 300,
        "rpn_post_nms_top_n_test": 300,
        "rpn_batch_size_per_image": 128,
        "rpn_fg_iou_thresh": 0.6,  # with 0.7, half of the small faces match by force only
        "box_batch_size_per_image": 96,
    }
    return FasterRCNN(
        backbone,
        rpn_anchor_generator=anchors,
        box_roi_pool=MultiScaleRoIAlign(["0", "1", "2", "3"], output_size=7, sampling_ratio=1),
        box_head=TwoMLPHead(CHANNELS * 7 * 7, HEAD_UNITS),
        box_predictor=FastRCNNPredictor(HEAD_UNITS, num_classes),
        **(settings | options),
    )
