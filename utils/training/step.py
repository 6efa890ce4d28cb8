"""One step of a training: the gradient of a loss, and the change that it makes to the weights."""

import math
import warnings
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from utils.training.averages import Average
from utils.training.optimization import make_optimizer, set_learning_rate
from utils.training.recipe import Recipe

Losses = tuple[Tensor, dict[str, float]]
"""This process's share of the loss, and the losses of the whole batch with their ``total``."""


class Step:
    """What changes a network, and the parts of it that a checkpoint holds.

    Attributes
    ----------
    result
        The network to validate and to keep: the average where the recipe has one.
    """

    def __init__(self, model: nn.Module, recipe: Recipe, pretrained: Mapping[str, float]) -> None:
        self.model, self.recipe = model, recipe
        self.optimizer = make_optimizer(model, recipe, pretrained)
        self.average = Average(model, recipe.ema) if recipe.ema else None

    @property
    def result(self) -> nn.Module:
        return self.average.model if self.average else self.model

    def state(self) -> dict[str, Any]:
        """Return what a checkpoint holds of it."""
        return {
            "model": self.model.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "average": self.average.state() if self.average else None,
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from what `state` returned."""
        self.model.load_state_dict(state["model"])
        self.optimizer.load_state_dict(state["optimizer"])
        if self.average:
            self.average.restore(state["average"])

    def is_finite(self) -> bool:
        """Return whether all weights and statistics are finite, those of the average too."""
        kept = {id(network): network for network in (self.model, self.result)}
        return all(
            bool(torch.isfinite(value).all())
            for network in kept.values()
            for value in network.state_dict().values()
        )

    def __call__(self, losses: Callable[[], Losses], step: int, steps: int) -> dict | None:
        """Change the weights, and return the losses of the whole batch.

        Parameters
        ----------
        losses
            Passes a batch through the network.
        step, steps
            Which step of the whole training it is, from 0, of how many.

        Returns
        -------
        None, and nothing has changed, if the loss or its gradient is not finite: in all processes,
        if it was so in one.
        """
        before = [buffer.clone() for buffer in self.model.buffers()]
        loss, values = losses()
        if not (math.isfinite(values["total"]) and self._gradient_is_finite(loss)):
            with torch.no_grad():
                for buffer, value in zip(self.model.buffers(), before, strict=True):
                    buffer.copy_(value)
            return None
        set_learning_rate(self.optimizer, step, steps, self.recipe)
        self.optimizer.step()
        if self.average:
            self.average.update(self.model)
        return values

    def _gradient_is_finite(self, loss: Tensor) -> bool:
        """Compute and clip the gradient, which is the same in all processes."""
        self.optimizer.zero_grad()
        with warnings.catch_warnings():
            # Of 1 x 1 kernels in channels-last order, whose strides can be written in two ways.
            warnings.filterwarnings("ignore", "Grad strides do not match bucket view strides")
            loss.backward()
        norm = nn.utils.clip_grad_norm_(self.model.parameters(), self.recipe.clip)
        return math.isfinite(norm.item())
