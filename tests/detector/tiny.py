"""A detector that is trained in no time."""

from collections import OrderedDict

from torch import nn
from torchvision.models.detection import FasterRCNN
from torchvision.models.detection.anchor_utils import AnchorGenerator
from torchvision.models.detection.backbone_utils import BackboneWithFPN
from torchvision.models.detection.faster_rcnn import FastRCNNPredictor, TwoMLPHead
from torchvision.ops import MultiScaleRoIAlign


def tiny_detector() -> FasterRCNN:
    """Build a Faster R-CNN with all parts, small enough to train in a test."""
    body = nn.Sequential(
        OrderedDict(
            one=nn.Sequential(nn.Conv2d(3, 16, 4, 4), nn.BatchNorm2d(16), nn.ReLU()),
            two=nn.Sequential(nn.Conv2d(16, 32, 3, 2, 1), nn.BatchNorm2d(32), nn.ReLU()),
        )
    )
    backbone = BackboneWithFPN(body, {"one": "0", "two": "1"}, [16, 32], 16)
    return FasterRCNN(
        backbone,
        rpn_anchor_generator=AnchorGenerator(((12.0,), (16.0,), (22.0,)), ((1.0,),) * 3),
        box_roi_pool=MultiScaleRoIAlign(["0", "1"], output_size=4, sampling_ratio=1),
        box_head=TwoMLPHead(16 * 4 * 4, 32),
        box_predictor=FastRCNNPredictor(32, 4),
        rpn_pre_nms_top_n_train=100,
        rpn_post_nms_top_n_train=50,
        box_score_thresh=0.05,
    )
