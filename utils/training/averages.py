"""The average of a training's weights, which is validated and kept in place of the last ones."""

import copy
from typing import Any

import torch
from torch import nn


class Average:
    """An exponential moving average of a network (Polyak and Juditsky 1992; Tarvainen 2017).

    At update ``t`` = 0, 1, ... the average keeps ``min(decay, (1 + t) / (10 + t))`` of itself, so
    that it soon forgets the first weights.

    The running statistics of batch normalisation are averaged like the weights, not copied: each is
    a mean over the activations of recent weights, and as long as activations change about linearly
    with the weights, the mean of such means belongs to the mean of the weights.

    Attributes
    ----------
    model
        The averaged network, in evaluation mode.
    """

    def __init__(self, model: nn.Module, decay: float) -> None:
        self.model = copy.deepcopy(model).requires_grad_(False).eval()
        self.decay, self.updates = decay, 0

    @torch.no_grad()
    def update(self, model: nn.Module) -> None:
        """Take in the weights that `model` has after a step."""
        keep = min(self.decay, (1 + self.updates) / (10 + self.updates))
        self.updates += 1
        averages, values = self.model.state_dict(), model.state_dict()
        for average, value in zip(averages.values(), values.values(), strict=True):
            if average.is_floating_point():
                average.lerp_(value, 1 - keep)
            else:
                average.copy_(value)  # a count of batches

    def state(self) -> dict[str, Any]:
        """Return what a checkpoint holds of it."""
        return {"model": self.model.state_dict(), "updates": self.updates}

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from what `state` returned."""
        self.model.load_state_dict(state["model"])
        self.updates = state["updates"]
