"""Every architecture is what files of weights have names for, and is looked at in three places."""

import pytest
import torch

from utils.classifier.architectures import architecture, build_network, stages
from utils.classifier.names import ARCHITECTURES
from utils.classifier.plan import CLASSIFIER, STAGES
from utils.errors import InputError

# Of torchvision's own networks, by its documentation; CenterFace's trunk is MobileNetV2's
# less its last convolution. In the order of the registry.
PARAMETERS = {
    "mobilenet_v2": 2_223_872,
    "mobilenet_v3_small": 927_008,
    "mobilenet_v3_large": 2_971_952,
    "efficientnet_b0": 4_007_548,
    "resnet18": 11_176_512,
    "resnet50": 23_508_032,
    "vgg16": 14_714_688,
    "vgg19": 20_024_384,
    "centerface": 1_811_712,
}


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_features_come_from_the_ends_of_stages_of_twice_the_stride(name):
    network = build_network(name).eval()
    assert sum(one.numel() for one in network.trunk.parameters()) == PARAMETERS[name]
    found = architecture(name)
    layers = [layer for layer, _ in network.trunk.named_children()]
    of_stages = stages(name)
    assert [layer for stage in of_stages for layer in stage] == layers  # nothing is left out
    assert [stage[-1] for stage in of_stages] == list(found.ends)
    assert len(of_stages) == STAGES
    maps, seen = torch.zeros((1, 3, 64, 64)), []
    with torch.no_grad():
        for layer in network.trunk:
            maps = layer(maps)
            seen.append(tuple(maps.shape[1:]))
        logits = network(torch.zeros((2, 3, 64, 64), dtype=torch.uint8))
    for end, channels, stride in zip(found.ends, found.channels, (2, 4, 8, 16, 32), strict=True):
        assert seen[layers.index(end)] == (channels, 64 // stride, 64 // stride)
    assert len(network.head.centre) == 2 * sum(found.channels[-3:])
    assert logits.shape == (2, 3)


def test_an_unknown_one_is_named_with_those_there_are():
    with pytest.raises(InputError, match="unknown architecture 'vgg'; expected one of centerface"):
        architecture("vgg")
    assert set(CLASSIFIER.architectures) == set(ARCHITECTURES)
