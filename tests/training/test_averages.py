import pytest
import torch
from torch import nn

from utils.training.averages import Average


def network(weight):
    layers = nn.Sequential(nn.Conv2d(1, 1, 1, bias=False), nn.BatchNorm2d(1))
    set_all(layers, weight)
    return layers


def set_all(layers, value):
    with torch.no_grad():
        for tensor in layers.state_dict().values():
            tensor.fill_(value)


def test_average_keeps_a_growing_share_of_itself_up_to_the_decay():
    model = network(0.0)
    average = Average(model, decay=0.25)
    expected = 0.0
    for step, value in enumerate([1.0, -3.0, 8.0, 2.0, 5.0, 6.0]):
        set_all(model, value)
        average.update(model)
        keep = min(0.25, (1 + step) / (10 + step))  # 0.1, 0.18, 0.25, ...
        expected = keep * expected + (1 - keep) * value
    state = average.model.state_dict()
    for name in ("0.weight", "1.weight", "1.bias", "1.running_mean", "1.running_var"):
        assert state[name].item() == pytest.approx(expected, rel=1e-6), name
    assert state["1.num_batches_tracked"].item() == 6  # the last one's
    assert average.updates == 6


def test_average_is_a_network_of_its_own_that_does_not_learn():
    model = network(1.0)
    average = Average(model, decay=0.9)
    set_all(model, 5.0)
    assert average.model[0].weight.item() == 1.0
    assert not any(parameter.requires_grad for parameter in average.model.parameters())
    assert all(parameter.requires_grad for parameter in model.parameters())
    assert model.training
    assert not average.model.training


def test_restored_average_goes_on_where_it_was():
    model = network(1.0)
    average, other = Average(model, 0.5), Average(model, 0.5)
    set_all(model, 4.0)
    average.update(model)
    other.restore(average.state())
    set_all(model, -2.0)
    for one in (average, other):
        one.update(model)
    assert torch.equal(average.model[0].weight, other.model[0].weight)
    assert average.updates == other.updates == 2
