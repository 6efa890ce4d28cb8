import pytest
import torch
from torch import nn

from utils.detector.anchors import Anchors
from utils.detector.architectures import architecture, build_model
from utils.detector.forward import candidates
from utils.detector.prepared import prepared


def trained(name):
    """Return a network whose normalisations have seen something, and some images."""
    torch.manual_seed(0)
    found = architecture(name)
    sizes = tuple(8.0 * 2**k for k in range(found.per_level))
    model = build_model(name, Anchors((sizes,) * found.levels, found.ratios or (1.0,)))
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.uniform_(module.weight, 0.5, 1.0)
            nn.init.uniform_(module.bias, -0.2, 0.2)
            nn.init.normal_(module.running_mean, std=0.2)
            nn.init.uniform_(module.running_var, 0.5, 2.0)
    return model.eval(), [torch.randint(0, 255, (3, 96, 64), dtype=torch.uint8)]


@pytest.mark.parametrize("name", ["compact_resnet18_fpn", "fasterrcnn_mobilenet_v3_large_fpn"])
def test_folded_network_finds_the_same(name):
    model, images = trained(name)
    before = {key: value.clone() for key, value in model.state_dict().items()}
    ready = prepared(model, bfloat16=False)
    assert not any(isinstance(module, nn.BatchNorm2d) for module in ready.backbone.modules())
    theirs, ours = candidates(model, images)[0], candidates(ready, images)[0]
    for expected, value in zip(theirs, ours, strict=True):
        torch.testing.assert_close(value, expected, rtol=1e-3, atol=1e-3)
    for key, value in model.state_dict().items():
        assert torch.equal(value, before[key]), "the network itself has changed"


def test_in_bfloat16_features_agree_to_its_precision():
    model, images = trained("compact_resnet18_fpn")
    image = images[0][None].float() / 255
    expected = model.backbone(image)
    with torch.autocast("cpu", torch.bfloat16):
        found = prepared(model, bfloat16=True).backbone(image)
    for level, features in expected.items():
        error = (found[level].float() - features).abs().mean() / features.abs().mean()
        assert 0 < error < 0.03
