"""The loss of a classification: how far the probabilities of the classes are from the truth."""

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
    """Return the loss, (N,), of each row of logits (N, classes); labels (N,) are columns of these.

    Parameters
    ----------
    smoothing
        Share of a label that is given to all classes alike (Szegedy et al. 2016).
    focus
        Exponent by which rows count less that are classified well already (Lin et al. 2017).
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
    """Return the weight of each class, from how many examples it has: rare classes weigh more.

    The weight is how many times the commonest class outnumbers it, to a power in 0..1; a class
    without examples weighs 1.
    """
    return (np.where(counts > 0, counts.max() / np.maximum(counts, 1), 1.0) ** power).tolist()


@dataclass
class MeanLoss:
    """The mean of losses that come batch by batch; each example counts alike."""

    smoothing: float = 0.0
    focus: float = 0.0
    _losses: list[float] = field(default_factory=list)

    def add(self, logits: Tensor, labels: Tensor) -> None:
        """Add the losses of a batch, as `class_losses` computes them."""
        self._losses += class_losses(logits, labels, self.smoothing, self.focus).tolist()

    def means(self) -> dict[str, float | None]:
        """Return the mean as ``classification`` and ``total``; None where it is not finite."""
        mean = sum(self._losses) / max(1, len(self._losses))
        told = mean if math.isfinite(mean) else None
        return {"total": told, "classification": told}
