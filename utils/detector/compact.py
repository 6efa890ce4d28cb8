"""The compact detectors, for CPUs: a light trunk with a narrow feature pyramid and small heads.

Against torchvision's ResNet-50 detectors: a trunk of a tenth of the work (`utils.networks.trunks`),
64 instead of 256 channels in the pyramid, which has biases in place of batch normalisation, boxes
of 5 x 5 instead of 7 x 7 bins of one sample each instead of four (the bins of small faces are
smaller than a feature's cell), a box head of 256 instead of 1024 units, a tenth of the proposals,
and trainable batch normalisation in the trunk. What each of these saves: docs/benchmarks.md.
"""

from torch import nn
from torchvision.models.detection import FasterRCNN
from torchvision.models.detection.anchor_utils import AnchorGenerator
from torchvision.models.detection.backbone_utils import BackboneWithFPN
from torchvision.models.detection.faster_rcnn import FastRCNNPredictor, TwoMLPHead
from torchvision.ops.feature_pyramid_network import ExtraFPNBlock

from utils.detector.roi_align import GatheredRoIAlign
from utils.networks.trunks import (
    Trunk,
    efficientnet_lite0_trunk,
    mobilenet_v2_trunk,
    narrow_resnet18,
)

CHANNELS = 64
BINS = 5
HEAD_UNITS = 256


class _NoExtraLevel(ExtraFPNBlock):
    """Faces do not reach the size that torchvision's fifth level is for."""

    def forward(self, results, x, names):
        return results, names


def compact_resnet18_fpn(
    num_classes: int, anchors: AnchorGenerator, **options: object
) -> FasterRCNN:
    """Build the compact detector for training from scratch, with a narrow ResNet-18."""
    return _compact(narrow_resnet18(), num_classes, anchors, **options)


def compact_efficientnet_lite0_fpn(
    num_classes: int, anchors: AnchorGenerator, **options: object
) -> FasterRCNN:
    """Build a compact detector whose trunk takes EfficientNet-Lite0's weights of ImageNet."""
    return _compact(efficientnet_lite0_trunk(), num_classes, anchors, **options)


def compact_mobilenet_v2_fpn(
    num_classes: int, anchors: AnchorGenerator, **options: object
) -> FasterRCNN:
    """Build a compact detector whose trunk takes MobileNetV2's weights of ImageNet."""
    return _compact(mobilenet_v2_trunk(), num_classes, anchors, **options)


def compact_centerface_fpn(
    num_classes: int, anchors: AnchorGenerator, **options: object
) -> FasterRCNN:
    """Build a compact detector whose trunk takes CenterFace's weights, which has learnt faces."""
    return _compact(mobilenet_v2_trunk(nn.ReLU), num_classes, anchors, **options)


def _compact(
    trunk: Trunk, num_classes: int, anchors: AnchorGenerator, **options: object
) -> FasterRCNN:
    """Build a compact detector; `options` go to `torchvision.models.detection.FasterRCNN`."""
    backbone = BackboneWithFPN(
        trunk.layers,
        {level: str(number) for number, level in enumerate(trunk.levels)},
        list(trunk.channels),
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
