"""The proposals are those of torchvision, made with less work."""

import pytest
import torch

from tests.detector.tiny import tiny_detector
from utils.detector.anchors import Anchors
from utils.detector.architectures import architecture, build_model
from utils.detector.forward import _batch
from utils.detector.proposals import propose


def network(name):
    torch.manual_seed(0)
    if name == "tiny":
        return tiny_detector().eval()
    found = architecture(name)
    series = torch.linspace(8, 120, found.levels * found.per_level).tolist()
    sizes = tuple(
        tuple(series[k * found.per_level : (k + 1) * found.per_level]) for k in range(found.levels)
    )
    return build_model(name, Anchors(sizes, found.ratios or (1.2,))).eval()


@pytest.mark.parametrize(
    "name", ["tiny", "compact_resnet18_fpn", "fasterrcnn_mobilenet_v3_large_fpn"]
)
@pytest.mark.parametrize("sizes", [((64, 96),), ((70, 90), (128, 33), (1, 1))])
def test_they_are_torchvisions(name, sizes):
    model = network(name)
    model.rpn._post_nms_top_n = {"training": 40, "testing": 40}
    batch = _batch([torch.randint(0, 255, (3, *size), dtype=torch.uint8) for size in sizes])
    with torch.inference_mode():
        features = model.backbone(batch.tensors)
        expected, _ = model.rpn(batch, features)
        found = propose(model.rpn, batch, list(features.values()))
    assert len(found) == len(sizes)
    assert sum(map(len, found)) >= 40
    for mine, theirs in zip(found, expected, strict=True):
        torch.testing.assert_close(mine, theirs, rtol=0, atol=1e-4)


def test_what_is_no_number_and_what_is_unlikely_is_not_proposed():
    model = network("tiny")
    batch = _batch([torch.randint(0, 255, (3, 64, 64), dtype=torch.uint8)])
    with torch.inference_mode():
        features = list(model.backbone(batch.tensors).values())
        assert len(propose(model.rpn, batch, features)[0])
        nothing = [feature * torch.nan for feature in features]
        assert propose(model.rpn, batch, nothing)[0].shape == (0, 4)
        model.rpn.score_thresh = 1.1
        assert propose(model.rpn, batch, features)[0].shape == (0, 4)


def test_what_hardly_holds_anything_is_not_proposed():
    model = network("tiny")
    torch.nn.init.zeros_(model.rpn.head.cls_logits.weight)
    batch = _batch([torch.randint(0, 255, (3, 64, 64), dtype=torch.uint8)])
    with torch.inference_mode():
        features = list(model.backbone(batch.tensors).values())
        for logit, some in ((-3.0, True), (-5.0, False)):  # 4.7 and 0.7 %
            model.rpn.head.cls_logits.bias.fill_(logit)
            assert bool(len(propose(model.rpn, batch, features)[0])) is some
