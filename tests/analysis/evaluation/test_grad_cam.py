"""Where a network looked, on networks of which that is known."""

import numpy as np
import pytest
import torch
from torch import nn

from tests.analysis.judging import KnowingClassifier
from utils.analysis.evaluation.grad_cam import grad_cam, last_stage, looked_at
from utils.classifier.architectures import build_network
from utils.classifier.names import ARCHITECTURES


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


@pytest.mark.parametrize("arch", ["centerface", "resnet18", "mobilenet_v3_small"])
def test_it_changes_when_the_weights_are_random_ones(arch) -> None:
    """The sanity check of Adebayo et al. (2018): else it would show edges, whatever was learnt."""
    torch.manual_seed(0)
    one = build_network(arch)
    torch.manual_seed(1)
    other = build_network(arch)
    faces = torch.randint(0, 255, (2, 3, 64, 64), dtype=torch.uint8)
    columns = np.array([0, 2])
    first, again, second = (grad_cam(each, faces, columns) for each in (one, one, other))
    assert first.shape == (2, 64, 64) and np.isfinite(first).all()
    assert np.array_equal(first, again)
    for a, b in zip(first, second, strict=True):
        assert abs(a - b).max() > 0.05
    assert not any(len(module._forward_hooks) for module in one.modules())


@pytest.mark.parametrize("arch", ARCHITECTURES)
def test_the_last_stage_of_every_architecture_has_places(arch) -> None:
    network = build_network(arch).eval()
    stage = last_stage(network, torch.zeros(1, 3, 64, 64, dtype=torch.uint8))
    assert stage is network.trunk


def test_the_network_is_asked_in_evaluation_mode_and_left_as_it_was() -> None:
    network = nn.Sequential(
        nn.Conv2d(3, 4, 4, 4), nn.BatchNorm2d(4), nn.Flatten(), nn.LazyLinear(2)
    )
    network(torch.zeros(2, 3, 16, 16))
    before = network[1].running_mean.clone()
    network.train()
    grad_cam(network, torch.rand(2, 3, 16, 16), np.array([0, 1]))
    assert network.training and torch.equal(network[1].running_mean, before)


def test_a_network_without_places_is_refused() -> None:
    with pytest.raises(ValueError, match="no module"):
        last_stage(nn.Sequential(nn.Flatten(), nn.Linear(12, 2)), torch.zeros(1, 3, 2, 2))


def test_heat_maps_have_the_size_of_their_faces() -> None:
    rng = np.random.default_rng(0)
    faces = [rng.integers(0, 255, (h, w, 3)).astype(np.uint8) for h, w in ((20, 20), (31, 9))]
    heats = looked_at(KnowingClassifier(), faces, [1, 3])
    assert [heat.shape for heat in heats] == [(20, 20), (31, 9)]
    assert all(heat.min() >= 0 and heat.max() <= 1.001 for heat in heats)
