import pytest
import torch
from torch import nn

from tests.detector.test_prepared import trained
from tests.detector.test_weights import built
from utils.detector.names import COMPACT, COMPACT_CENTERFACE, COMPACT_LITE0, MOBILENET, RESNET50_V2
from utils.networks.folding import FoldedBackbone, pairs


class Activated(nn.BatchNorm2d):
    """Normalises and activates, as timm's does."""

    def forward(self, input):
        return super().forward(input).relu()


def norms(network):
    return {n for n, module in network.named_modules() if isinstance(module, nn.BatchNorm2d)}


@pytest.mark.parametrize("name", [COMPACT, COMPACT_CENTERFACE, COMPACT_LITE0, MOBILENET])
def test_features_and_gradients_are_those_of_normalisations_that_keep_their_statistics(name):
    model, images = trained(name)  # in evaluation mode
    backbone = model.backbone.double()
    before = {key: value.clone() for key, value in backbone.state_dict().items()}
    folded = FoldedBackbone.of(backbone, norms(backbone))
    batch = images[0][None].double() / 255
    parameters = dict(backbone.named_parameters())
    results = []
    for network in (backbone, folded):
        features = network(batch)
        total = sum(value.square().mean() for value in features.values())
        results.append((features, torch.autograd.grad(total, list(parameters.values()))))
    (theirs, expected), (ours, found) = results
    for level in theirs:
        torch.testing.assert_close(ours[level], theirs[level])
    for key, value, wanted in zip(parameters, found, expected, strict=True):
        torch.testing.assert_close(value, wanted, msg=key)
    assert all(torch.equal(value, before[key]) for key, value in backbone.state_dict().items())


def test_a_normalisation_that_learns_statistics_or_does_more_is_not_folded():
    backbone = built(COMPACT).backbone
    some = norms(backbone) - {"body.bn1"}
    assert FoldedBackbone.of(backbone, some) is None
    assert FoldedBackbone.of(nn.Sequential(nn.Conv2d(3, 3, 1)), set()) is None
    layers = nn.Sequential(nn.Conv2d(3, 3, 1), Activated(3))
    assert FoldedBackbone.of(layers, {"1"}) is None
    assert list(pairs(layers)) == []


def test_convolutions_and_their_normalisations_are_found_wherever_they_are():
    found = list(pairs(built(COMPACT).backbone))
    assert len(found) == 20
    assert found[0] == ("body.conv1", "body.bn1")
    assert ("body.layer2.0.downsample.0", "body.layer2.0.downsample.1") in found
    assert len(list(pairs(built(RESNET50_V2).backbone))) == 53 + 8  # and of its pyramid
