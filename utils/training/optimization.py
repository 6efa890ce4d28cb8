"""The optimiser of a training and the course of its learning rate."""

from collections.abc import Mapping

import torch
from torch import nn

from utils.training.recipe import Recipe


def make_optimizer(
    model: nn.Module, recipe: Recipe, pretrained: Mapping[str, float] | None = None
) -> torch.optim.Optimizer:
    """Return the optimiser; only matrices and kernels decay, not biases and normalisation.

    Parameters
    ----------
    pretrained
        Names of the parameters that came with weights, each with its factor of the learning rate.
        Those that need no gradient are left out, as are all others that need none.
    """
    pretrained = pretrained or {}
    groups: dict[tuple, dict] = {}
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            waits = name in pretrained and recipe.head_start > 0
            factor, decays = pretrained.get(name, 1.0), parameter.ndim > 1
            weight_decay = recipe.weight_decay if decays else 0.0
            group = {"weight_decay": weight_decay, "factor": factor, "waits": waits, "params": []}
            groups.setdefault((waits, -factor, not decays), group)["params"].append(parameter)
    ordered = [groups[key] for key in sorted(groups)]
    if recipe.optimizer == "sgd":
        return torch.optim.SGD(ordered, lr=recipe.learning_rate, momentum=0.9, nesterov=True)
    return torch.optim.AdamW(ordered, lr=recipe.learning_rate, fused=True)


def set_learning_rate(
    optimizer: torch.optim.Optimizer, step: int, steps: int, recipe: Recipe
) -> None:
    """Let every parameter of `make_optimizer` learn as fast as it should at step 0, 1, ..."""
    rate = learning_rate_at(step, steps, recipe)
    for group in optimizer.param_groups:
        waiting = group["waits"] and step < recipe.head_start * steps
        group["lr"] = 0.0 if waiting else rate * group["factor"]


def learning_rate_at(step: int, steps: int, recipe: Recipe) -> float:
    """Return the learning rate of step 0, 1, ...: up, level, then down towards zero."""
    rising, falling = round(recipe.warmup * steps), round(recipe.descent * steps)
    up, down = (step + 1) / max(1, rising), (steps - step) / max(1, falling)
    return recipe.learning_rate * min(1.0, up, down)
