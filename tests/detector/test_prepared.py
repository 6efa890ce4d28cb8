import pytest
import torch
from torch import nn

from utils.detector.anchors import Anchors
from utils.detector.architectures import architecture, build_model
from utils.detector.forward import candidates
from utils.detector.names import ARCHITECTURES, COMPACT, COMPACT_CENTERFACE, MOBILENET
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


@pytest.mark.parametrize("name", [n for n in ARCHITECTURES if n.startswith("compact_")])
def test_folded_backbone_gives_the_same_features(name):
    model, images = trained(name)
    assert not any(isinstance(m, nn.BatchNorm2d) for m in prepared(model, False).backbone.modules())
    image = images[0][None].float() / 255
    with torch.no_grad():
        expected = model.backbone(image)
        found = prepared(model, bfloat16=False).backbone(image)
    for level, features in expected.items():
        assert (found[level] - features).norm() < 1e-4 * features.norm()


@pytest.mark.parametrize("name", [COMPACT, MOBILENET])
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


@pytest.mark.parametrize("name", [COMPACT, COMPACT_CENTERFACE])
def test_in_bfloat16_features_agree_to_its_precision(name):
    model, images = trained(name)
    image = images[0][None].float() / 255
    expected = model.backbone(image)
    with torch.autocast("cpu", torch.bfloat16):
        found = prepared(model, bfloat16=True).backbone(image)
    for level, features in expected.items():
        error = (found[level].float() - features).abs().mean() / features.abs().mean()
        assert 0 < error < 0.03


@pytest.mark.parametrize("bfloat16", [False, True])
def test_packed_it_finds_what_it_finds_unpacked(bfloat16, monkeypatch):
    model, images = trained("compact_mobilenet_v2_fpn")
    packed = candidates(prepared(model, bfloat16), images, bfloat16)[0]
    monkeypatch.setattr("utils.networks.quicker.can_pack", lambda dtype: False)
    plain = candidates(prepared(model, bfloat16), images, bfloat16)[0]
    for found, expected in zip(packed, plain, strict=True):
        torch.testing.assert_close(found, expected, rtol=0, atol=1e-4)


def test_in_bfloat16_the_heads_answer_in_float32_to_its_precision():
    model, _ = trained("compact_resnet18_fpn")
    exact, rounded = prepared(model, bfloat16=False), prepared(model, bfloat16=True)
    features = torch.rand(1, 64, 12, 8).to(memory_format=torch.channels_last)
    pooled = torch.rand(7, 64, 5, 5)
    for part, given in (("rpn.head.conv", features), ("roi_heads.box_head", pooled)):
        expected, found = (network.get_submodule(part)(given) for network in (exact, rounded))
        assert found.dtype == torch.float32
        assert 0 < (found - expected).abs().mean() < 0.02 * expected.abs().mean()
