import numpy as np
import pytest
import torch

from utils.classifier.architectures import build_network
from utils.classifier.inference import prepared
from utils.classifier.network import FaceNetwork, Head, as_seen, stretched
from utils.networks.normalisation import MEAN, STD


def test_the_head_is_told_of_the_upper_and_the_lower_half():
    network = FaceNetwork(torch.nn.Sequential(torch.nn.Identity()), ["0"], [3])
    picture = torch.zeros((1, 3, 4, 4), dtype=torch.uint8)
    picture[:, 0, :2], picture[:, 1, 2:] = 100, 200
    upper, lower = network.features(picture)[0].split(3)
    mean, std = MEAN.flatten(), STD.flatten()
    assert torch.allclose(upper, (torch.tensor([100.0, 0, 0]) - mean) / std)
    assert torch.allclose(lower, (torch.tensor([0.0, 200, 0]) - mean) / std)
    odd = torch.zeros((1, 3, 3, 1), dtype=torch.uint8)
    odd[:, :, 1] = 90  # the middle row belongs to both
    upper, lower = network.features(odd)[0].split(3)
    assert torch.allclose(upper, (45 - mean) / std)
    assert torch.allclose(upper, lower)
    assert network.features(picture[:, :, :1, :1]).shape == (1, 6)


def test_the_head_takes_features_of_any_scale():
    head = Head(3)
    rng = torch.Generator().manual_seed(0)
    features = torch.randn((50, 3), generator=rng) * torch.tensor([1e-3, 10.0, 0.0]) + 5
    head.scale_by(features)
    scaled = (features - head.centre) / head.spread
    assert torch.allclose(scaled.mean(dim=0), torch.zeros(3), atol=1e-3)
    assert torch.allclose(scaled.std(dim=0, correction=0), torch.tensor([1.0, 1.0, 0.0]), atol=1e-3)
    assert head(features).isfinite().all()  # one feature never changes


@pytest.mark.parametrize("shape", [(1, 1), (7, 90), (300, 20), (48, 48), (32, 32)])
def test_faces_of_any_shape_become_squares_that_hold_all_of_them(shape):
    face = np.zeros((*shape, 3), np.uint8)
    face[-1, -1], face[0, 0] = 255, 90
    seen = as_seen(face, 32)
    assert (tuple(seen.shape), seen.dtype) == ((3, 32, 32), torch.uint8)
    assert seen[:, -1, -1].float().mean() > 0
    assert seen[:, 0, 0].float().mean() > 0
    assert np.array_equal(stretched(face, 32), seen.permute(1, 2, 0).numpy())


@pytest.mark.parametrize("name", ["centerface", "mobilenet_v3_small", "resnet18", "vgg16"])
def test_made_ready_it_says_the_same(name):
    torch.manual_seed(0)
    network = build_network(name)
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            torch.nn.init.uniform_(module.weight, 0.5, 1.0)
            torch.nn.init.normal_(module.running_mean, std=0.1)
            torch.nn.init.uniform_(module.running_var, 0.5, 2.0)
    before = {key: value.clone() for key, value in network.state_dict().items()}
    ready = prepared(network, bfloat16=False)
    assert not any(isinstance(module, torch.nn.BatchNorm2d) for module in ready.modules())
    pictures = torch.randint(0, 255, (2, 3, 64, 64), dtype=torch.uint8)
    with torch.no_grad():
        expected = network.eval().features(pictures)
        found = ready.features(pictures)
        rough = prepared(network, bfloat16=True).features(pictures)
    assert (found - expected).norm() < 1e-4 * expected.norm()
    assert rough.dtype == torch.float32
    assert (rough - expected).norm() < 0.05 * expected.norm()
    for key, value in network.state_dict().items():
        assert torch.equal(value, before[key]), "the network itself has changed"
