from itertools import pairwise

import pytest
import torch
from torch import nn

from utils.training.optimization import learning_rate_at, make_optimizer, set_learning_rate
from utils.training.recipe import Recipe


def test_learning_rate_rises_stays_and_falls_towards_zero():
    recipe = Recipe(learning_rate=1.0, warmup=0.1, descent=0.2)
    rates = [learning_rate_at(step, 100, recipe) for step in range(100)]
    assert rates[0] == pytest.approx(0.1)
    assert rates[9:80] == pytest.approx([1.0] * 71)
    assert rates[90] == pytest.approx(0.5)
    assert rates[99] == pytest.approx(0.05)
    assert all(later >= earlier for earlier, later in pairwise(rates[:50]))
    assert all(later <= earlier for earlier, later in pairwise(rates[50:]))


@pytest.mark.parametrize("steps", [1, 2, 3])
def test_shortest_training_has_a_learning_rate(steps):
    rates = [
        learning_rate_at(step, steps, Recipe(warmup=0.5, descent=0.5)) for step in range(steps)
    ]
    assert min(rates) > 0


@pytest.mark.parametrize("optimizer", ["adamw", "sgd"])
def test_only_kernels_and_matrices_decay(model, optimizer):
    groups = make_optimizer(model, Recipe(optimizer=optimizer, weight_decay=0.3)).param_groups
    decay = {id(p): group["weight_decay"] for group in groups for p in group["params"]}
    assert len(decay) == len(list(model.parameters()))
    for name, parameter in model.named_parameters():
        norm_or_bias = "bn" in name or name.endswith("bias") or parameter.ndim == 1
        assert decay[id(parameter)] == (0.0 if norm_or_bias else 0.3), name


def test_what_came_with_weights_learns_by_its_factor_and_may_wait():
    model = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2), nn.Linear(2, 2))
    model[0].requires_grad_(False)
    given = {"0.weight": 0.0, "0.bias": 0.0, "1.weight": 0.1, "1.bias": 0.1}
    recipe = Recipe(learning_rate=1.0, warmup=0.0, descent=0.0, head_start=0.3, weight_decay=0.5)
    optimizer = make_optimizer(model, recipe, given)
    told = []
    for step in (0, 2, 3, 9):
        set_learning_rate(optimizer, step, 10, recipe)
        rates = {id(p): group["lr"] for group in optimizer.param_groups for p in group["params"]}
        assert rates.keys() == {id(p) for layer in model[1:] for p in layer.parameters()}
        assert {rates[id(p)] for p in model[2].parameters()} == {1.0}
        (slow,) = {rates[id(p)] for p in model[1].parameters()}
        told.append(slow)
    assert told == [0.0, 0.0, 0.1, 0.1]
    assert optimizer.param_groups[0]["lr"] == 1.0  # which an epoch's record tells
    decays = {id(p): g["weight_decay"] for g in optimizer.param_groups for p in g["params"]}
    assert [decays[id(p)] for layer in model[1:] for p in layer.parameters()] == [0.5, 0.0] * 2


def test_the_optimiser_is_the_one_that_the_recipe_names(model):
    adam = make_optimizer(model, Recipe(optimizer="adamw", learning_rate=0.002))
    assert isinstance(adam, torch.optim.AdamW)
    assert {group["lr"] for group in adam.param_groups} == {0.002}
    descent = make_optimizer(model, Recipe(optimizer="sgd", learning_rate=0.02))
    assert isinstance(descent, torch.optim.SGD)
    told = {(group["lr"], group["momentum"], group["nesterov"]) for group in descent.param_groups}
    assert told == {(0.02, 0.9, True)}
