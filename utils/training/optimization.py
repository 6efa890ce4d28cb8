"""The optimiser of a training and the course of its learning rate."""

import torch
from torch import nn

from utils.training.recipe import Recipe


def make_optimizer(model: nn.Module, recipe: Recipe) -> torch.optim.Optimizer:
    """Return the optimiser; only matrices and kernels decay, not biases and normalisation."""
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    groups = [
        {"params": [p for p in trained if p.ndim > 1], "weight_decay": recipe.weight_decay},
        {"params": [p for p in trained if p.ndim <= 1], "weight_decay": 0.0},
    ]
    if recipe.optimizer == "sgd":
        return torch.optim.SGD(groups, lr=recipe.learning_rate, momentum=0.9, nesterov=True)
    return torch.optim.AdamW(groups, lr=recipe.learning_rate, fused=True)


def learning_rate_at(step: int, steps: int, recipe: Recipe) -> float:
    """Return the learning rate of step 0, 1, ...: up, level, then down towards zero."""
    rising, falling = round(recipe.warmup * steps), round(recipe.descent * steps)
    up, down = (step + 1) / max(1, rising), (steps - step) / max(1, falling)
    return recipe.learning_rate * min(1.0, up, down)
