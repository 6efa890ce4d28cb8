"""Where a network looked, on networks of which that is known."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import nn

from tests.analysis.judging import KnowingClassifier
from utils.analysis.evaluation.grad_cam import _centres, grad_cam, last_stage, looked_at
from utils.classifier.architectures import build_network
from utils.classifier.names import ARCHITECTURES
from utils.classifier.network import _halves, as_seen


class TwoColours(nn.Module):
    """Calls a picture of class 0 by its red places, and of class 1 by its green ones."""

    def __init__(self) -> None:
        super().__init__()
        self.stage = nn.Conv2d(3, 2, 4, 4, bias=False)
        self.head = nn.Linear(2, 2, bias=False)
        with torch.no_grad():
            self.stage.weight.zero_()
            self.stage.weight[0, 0] = self.stage.weight[1, 1] = 1 / 16
            self.head.weight.copy_(torch.tensor([[1.0, -1.0], [-1.0, 1.0]]))

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        return self.head(self.stage(pictures).mean(dim=(2, 3)))


def two_spots() -> torch.Tensor:
    """A picture that is red at the top left and green at the bottom right."""
    picture = torch.zeros(1, 3, 32, 32)
    picture[:, 0, :8, :8] = 1.0
    picture[:, 1, 24:, 24:] = 0.5
    return picture


def test_it_is_where_the_evidence_is_and_nowhere_else() -> None:
    picture = two_spots().repeat(2, 1, 1, 1)
    red, green = grad_cam(TwoColours(), picture, np.array([0, 1]))
    assert red.shape == green.shape == (32, 32)
    for heat, spot in ((red, (slice(0, 8),) * 2), (green, (slice(24, 32),) * 2)):
        assert heat.max() == pytest.approx(1, abs=1e-6) and heat.min() == 0
        assert heat[spot].min() > 0.3
        assert heat[spot].sum() > 0.75 * heat.sum()  # bilinear: the spot has soft edges
    assert red[24:, 24:].max() == green[:8, :8].max() == 0, "evidence against does not count"


def test_where_nothing_speaks_for_a_class_there_is_nothing() -> None:
    picture = two_spots()
    picture[:, 0] = 0
    assert not grad_cam(TwoColours(), picture, np.array([0])).any()


def test_evidence_begins_where_the_network_says() -> None:
    """A head that takes 1/16 off the red: places that are less red than that are no evidence."""
    picture = two_spots()
    picture[:, 0] = picture[:, 0] * 0.5 + 0.3
    blank, centre = torch.zeros(2), torch.tensor([0.3, 0.0])
    whole, above = (
        grad_cam(
            TwoColours(), picture, np.array([0]), centres=[lambda rows, at=at: at[:, None, None]]
        )[0]
        for at in (blank, centre)
    )
    assert (whole[:20, 12:] > 0.1).all() and (above[:20, 12:] < 1e-5).all()
    assert above[:8, :8].min() > 0.3
    opposite = grad_cam(
        TwoColours(), two_spots() - 1, np.array([0]), centres=[lambda rows: -torch.ones(2, 1, 1)]
    )[0]
    assert opposite[:8, :8].min() > 0.3, "features below 0 are evidence, too"


def test_what_is_impossible_is_nothing_to_be_told_from() -> None:
    class ThreeColours(TwoColours):
        def forward(self, pictures: torch.Tensor) -> torch.Tensor:
            both = super().forward(pictures)
            return torch.cat([both, 100 * both[:, 1:]], dim=1)  # all that is told, by a third

    picture = two_spots()
    picture[:, 2] = 0.2
    alone = grad_cam(TwoColours(), picture, np.array([0]))
    assert np.allclose(grad_cam(ThreeColours(), picture, np.array([0]), impossible=[2]), alone)


def random_network(arch: str, seed: int) -> nn.Module:
    torch.manual_seed(seed)
    network = build_network(arch)
    nn.init.normal_(network.head.linear.weight)  # which is 0 before a training
    return network


@pytest.mark.parametrize("arch", ["centerface", "resnet18", "mobilenet_v3_small"])
def test_it_changes_when_the_weights_are_random_ones(arch) -> None:
    """The sanity check of Adebayo et al. (2018): else it would show edges, whatever was learnt."""
    one, other = (random_network(arch, seed) for seed in (0, 1))
    faces = torch.randint(0, 255, (2, 3, 64, 64), dtype=torch.uint8)
    columns = np.array([0, 2])
    first, again, second = (grad_cam(each, faces, columns) for each in (one, one, other))
    assert first.shape == (2, 64, 64) and np.isfinite(first).all()
    assert np.array_equal(first, again)
    for a, b in zip(first, second, strict=True):
        assert abs(a - b).max() > 0.05
    assert not any(len(module._forward_hooks) for module in one.modules())


def _direct(network: nn.Module, maps: list[torch.Tensor]) -> torch.Tensor:
    """The head on features that are taken as they are, none made of the others."""
    for one in maps:
        one.detach_().requires_grad_()
    means = [half for one in maps for half in _halves(one)]
    return network.head(torch.cat(means, dim=1))


@pytest.mark.parametrize("arch", ["centerface", "resnet18", "vgg16"])
def test_what_is_said_at_all_places_adds_up_to_the_score(arch) -> None:
    """Of all that the head takes nothing is left out, and nothing is counted twice."""
    network = random_network(arch, 2).eval()
    network.head.centre.normal_()
    with torch.no_grad():
        network.head.linear.bias.zero_()
    classifier = SimpleNamespace(network=network, image_size=64, device="cpu", absent=())
    layers = [it for name, it in network.trunk.named_children() if name in network.looked_at]
    maps: list[torch.Tensor] = []
    hooks = [one.register_forward_hook(lambda m, i, out: maps.append(out)) for one in layers]
    face = np.random.default_rng(0).integers(0, 255, (64, 64, 3)).astype(np.uint8)
    seen = torch.stack([as_seen(face, 64)])
    scores = network(seen)
    best = int(scores[0].argmax())
    for hook in hooks:
        hook.remove()
    centres = _centres(network, layers, seen)
    slopes = torch.autograd.grad(_direct(network, maps)[0, best], maps)
    said = sum(
        (slope * (one - centre(one.shape[2]))).sum()
        for slope, one, centre in zip(slopes, maps, centres, strict=True)
    )
    assert float(said) == pytest.approx(float(scores[0, best]), rel=2e-3, abs=2e-3)
    [heat] = looked_at(classifier, [face], [best + 1])
    assert heat.shape == (64, 64) and heat.max() > 0.9


@pytest.mark.parametrize("arch", ARCHITECTURES)
def test_the_last_stage_of_every_architecture_has_places(arch) -> None:
    network = build_network(arch).eval()
    stage = last_stage(network, torch.zeros(1, 3, 64, 64, dtype=torch.uint8))
    last = list(network.trunk.named_children())[-1]
    assert stage in set(last[1].modules()) and last[0] in network.looked_at


def test_the_network_is_asked_in_evaluation_mode_and_left_as_it_was() -> None:
    network = nn.Sequential(
        nn.Conv2d(3, 4, 4, 4), nn.BatchNorm2d(4), nn.Flatten(), nn.LazyLinear(2)
    )
    network(torch.zeros(2, 3, 16, 16))
    before = network[1].running_mean.clone()
    network.train()
    grad_cam(network, torch.rand(2, 3, 16, 16), np.array([0, 1]))
    assert network.training and torch.equal(network[1].running_mean, before)


def test_asking_a_classifier_changes_nothing_in_it() -> None:
    network = random_network("centerface", 0).train()
    before = {name: value.clone() for name, value in network.state_dict().items()}
    classifier = SimpleNamespace(network=network, image_size=32, device="cpu", absent=())
    faces = [np.full((20, 20, 3), shade, np.uint8) for shade in (10, 200)]
    first = looked_at(classifier, faces, [1, 2])
    assert network.training
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())
    network.eval()
    again = looked_at(classifier, faces, [1, 2])
    assert all(np.array_equal(one, other) for one, other in zip(first, again, strict=True))


def test_a_network_without_places_is_refused() -> None:
    with pytest.raises(ValueError, match="no module"):
        last_stage(nn.Sequential(nn.Flatten(), nn.Linear(12, 2)), torch.zeros(1, 3, 2, 2))


def test_heat_maps_have_the_size_of_their_faces() -> None:
    rng = np.random.default_rng(0)
    faces = [rng.integers(0, 255, (h, w, 3)).astype(np.uint8) for h, w in ((20, 20), (31, 9))]
    heats = looked_at(KnowingClassifier(), faces, [1, 3])
    assert [heat.shape for heat in heats] == [(20, 20), (31, 9)]
    assert all(heat.min() >= 0 and heat.max() <= 1.001 for heat in heats)
