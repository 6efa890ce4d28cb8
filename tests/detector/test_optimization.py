from itertools import pairwise

import pytest

from utils.detector.optimization import learning_rate_at, make_optimizer
from utils.detector.recipe import Recipe


def test_learning_rate_rises_then_falls_to_zero():
    recipe = Recipe(learning_rate=1.0, warmup=0.1)
    rates = [learning_rate_at(step, 100, recipe) for step in range(101)]
    assert rates[0] == pytest.approx(0.1)
    assert max(rates) == rates[9] == rates[10] == pytest.approx(1.0)
    assert rates[55] == pytest.approx(0.5)
    assert rates[100] == pytest.approx(0.0)
    assert all(later <= earlier for earlier, later in pairwise(rates[10:]))


@pytest.mark.parametrize("optimizer", ["adamw", "sgd"])
def test_only_kernels_and_matrices_decay(model, optimizer):
    groups = make_optimizer(model, Recipe(optimizer=optimizer, weight_decay=0.3)).param_groups
    decay = {id(p): group["weight_decay"] for group in groups for p in group["params"]}
    assert len(decay) == len(list(model.parameters()))
    for name, parameter in model.named_parameters():
        norm_or_bias = "bn" in name or name.endswith("bias") or parameter.ndim == 1
        assert decay[id(parameter)] == (0.0 if norm_or_bias else 0.3), name
