"""The two losses of the box head: which class a proposal is of, and where its face lies exactly."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional
from torchvision.models.detection.roi_heads import RoIHeads
from torchvision.ops import (
    complete_box_iou_loss,
    distance_box_iou_loss,
    generalized_box_iou_loss,
)

from utils.dataset.labels import BACKGROUND, CLASSES
from utils.training.class_loss import class_losses, class_weights
from utils.training.recipe import Recipe

OVERLAP = {
    "giou": generalized_box_iou_loss,
    "diou": distance_box_iou_loss,
    "ciou": complete_box_iou_loss,
}
"""Losses by their names in a recipe: Rezatofighi et al. 2019; the other two Zheng et al. 2020."""

OVERLAP_WEIGHT = 10.0
"""Weight of losses of overlap, against that of offsets; MMDetection's for Faster R-CNN."""

BETA = 1 / 9
"""Offset at which the loss of offsets turns from square to linear, as in torchvision."""


@dataclass(frozen=True)
class HeadLoss:
    """How the losses of the box head are computed. By default as torchvision does.

    Attributes
    ----------
    box
        ``offsets`` (smooth L1) or one of `OVERLAP`.
    shared_boxes
        Whether a face teaches the boxes of all classes, not that of its own alone. Of a rare class
        there are few faces to learn boxes from, and its boxes are no others.
    smoothing
        Share of a label that is given to all classes alike (Szegedy et al. 2016).
    focus
        Exponent by which what is told well already counts less (Lin et al. 2017).
    weights
        Of "no face", which is 1, and the classes; None: all 1.
    """

    box: str = "offsets"
    shared_boxes: bool = False
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
        return cls(
            recipe.box_loss,
            recipe.shared_boxes,
            recipe.label_smoothing,
            recipe.focal,
            weights,
        )

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
        regressed = regressed.unflatten(1, (len(CLASSES) + 1, 4))[positive]
        if self.shared_boxes:
            regressed, repeats = regressed[:, BACKGROUND + 1 :].flatten(0, 1), len(CLASSES)
        else:
            regressed, repeats = regressed[torch.arange(len(positive)), of_all[positive]], 1
        wanted = wanted[positive].repeat_interleave(repeats, dim=0)
        if self.box == "offsets":
            box = functional.smooth_l1_loss(regressed, wanted, beta=BETA, reduction="sum")
        else:
            near = torch.cat(proposals)[positive].repeat_interleave(repeats, dim=0)
            decode = heads.box_coder.decode_single
            box = OVERLAP_WEIGHT * OVERLAP[self.box](
                decode(regressed, near), decode(wanted, near), reduction="sum"
            )
        return self.classification(logits, of_all), box / (repeats * len(of_all))

    def classification(self, logits: Tensor, labels: Tensor) -> Tensor:
        """Return the mean loss of class logits (N, 4) with labels (N,)."""
        weights = None if self.weights is None else logits.new_tensor(self.weights)
        return class_losses(logits, labels, self.smoothing, self.focus, weights).mean()
