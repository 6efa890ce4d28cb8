"""The loss of classes that are told from one another: how far what is said is from what is true."""

import math
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional


def class_losses(
    logits: Tensor,
    labels: Tensor,
    smoothing: float = 0.0,
    focus: float = 0.0,
    weights: Tensor | None = None,
) -> Tensor:
    """Return the loss of each row of logits (N, classes) with labels (N,), columns: (N,).

    Parameters
    ----------
    smoothing
        Share of a label that is given to all classes alike (Szegedy et al. 2016).
    focus
        Exponent by which what is told well already counts less (Lin et al. 2017).
    weights
        Of the classes, (classes,); None: all 1.
    """
    each = functional.cross_entropy(
        logits, labels, weights, reduction="none", label_smoothing=smoothing
    )
    if focus:
        right = logits.softmax(dim=1)[torch.arange(len(labels)), labels]
        each = each * (1 - right) ** focus
    return each


def class_weights(counts: np.ndarray, power: float) -> list[float]:
    """Return the weights of classes of which there are so many: rare ones have larger ones.

    A class weighs as often as the commonest outnumbers it, to a power in 0..1; one of which there
    is none weighs 1.
    """
    return (np.where(counts > 0, counts.max() / np.maximum(counts, 1), 1.0) ** power).tolist()


@dataclass
class MeanLoss:
    """The mean of losses that come one after the other, all of which count alike."""

    smoothing: float = 0.0
    focus: float = 0.0
    _losses: list[float] = field(default_factory=list)

    def add(self, logits: Tensor, labels: Tensor) -> None:
        """Add losses, as `class_losses` computes them."""
        self._losses += class_losses(logits, labels, self.smoothing, self.focus).tolist()

    def means(self) -> dict[str, float | None]:
        """Return the mean as ``classification`` and ``total``; None where it is not finite."""
        mean = sum(self._losses) / max(1, len(self._losses))
        told = mean if math.isfinite(mean) else None
        return {"total": told, "classification": told}
