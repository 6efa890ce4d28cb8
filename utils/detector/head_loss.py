"""The two losses of the box head: which class a proposal is of, and where its face lies exactly."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional
from torchvision.models.detection.roi_heads import RoIHeads

from utils.dataset.labels import BACKGROUND, CLASSES
from utils.training.class_loss import class_losses, class_weights
from utils.training.recipe import Recipe

BETA = 1 / 9
"""Offset at which the loss of offsets turns from square to linear, as in torchvision."""


@dataclass(frozen=True)
class HeadLoss:
    """How the losses of the box head are computed. By default as torchvision does.

    Attributes
    ----------
    smoothing
        Share of a label that is given to all classes alike (Szegedy et al. 2016).
    focus
        Exponent by which what is told well already counts less (Lin et al. 2017).
    weights
        Of "no face", which is 1, and the classes; None: all 1.
    """

    smoothing: float = 0.0
    focus: float = 0.0
    weights: tuple[float, ...] | None = None

    @classmethod
    def of(cls, recipe: Recipe, labels: Sequence[np.ndarray]) -> "HeadLoss":
        """Return what a recipe asks for, of training photographs with faces of these labels."""
        weights = None
        if recipe.class_weight:
            counts = np.bincount(np.concatenate(labels), minlength=len(CLASSES) + 1)
            weights = (1.0, *class_weights(counts[BACKGROUND + 1 :], recipe.class_weight))
        return cls(recipe.label_smoothing, recipe.focal, weights)

    def __call__(
        self,
        heads: RoIHeads,
        features: dict[str, Tensor],
        proposals: list[Tensor],
        sizes: list[tuple[int, int]],
        targets: list[dict[str, Tensor]],
    ) -> tuple[Tensor, Tensor]:
        """Return the loss of the classes and that of the boxes, means over proposals drawn.

        Parameters
        ----------
        sizes
            (H, W) of the images.
        """
        proposals, _, labels, offsets = heads.select_training_samples(proposals, targets)
        pooled = heads.box_head(heads.box_roi_pool(features, proposals, sizes))
        logits, regressed = heads.box_predictor(pooled)
        of_all, wanted = torch.cat(labels), torch.cat(offsets)
        positive = torch.where(of_all > BACKGROUND)[0]
        regressed = regressed.unflatten(1, (len(CLASSES) + 1, 4))[positive, of_all[positive]]
        box = functional.smooth_l1_loss(regressed, wanted[positive], beta=BETA, reduction="sum")
        return self.classification(logits, of_all), box / len(of_all)

    def classification(self, logits: Tensor, labels: Tensor) -> Tensor:
        """Return the mean loss of class logits (N, 4) with labels (N,)."""
        weights = None if self.weights is None else logits.new_tensor(self.weights)
        return class_losses(logits, labels, self.smoothing, self.focus, weights).mean()
