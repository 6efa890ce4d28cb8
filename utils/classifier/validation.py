"""How good a classifier is on the validation faces while it is trained."""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from utils.classifier.faces import FacePictures
from utils.dataset.labels import CLASS_IDS
from utils.metrics.bootstrap import draws_of
from utils.metrics.classification import Judged, accuracies
from utils.training.class_loss import MeanLoss

RESAMPLES = 200

OBJECTIVE = "balanced_accuracy"
"""What of a validation a search goes by: the rarest class counts as much as the commonest."""


def judged(logits: Tensor, faces: FacePictures, absent: tuple[str, ...] = ()) -> Judged:
    """Return what logits, (N, classes), say of faces; nothing of classes that were not learnt."""
    told = masked(logits.double(), absent).softmax(dim=1).float().numpy()
    return Judged(faces.labels, told, faces.photographs())


def masked(logits: Tensor, absent: tuple[str, ...]) -> Tensor:
    """Return logits that are minus infinity where a class was not learnt."""
    logits = logits.clone()
    for name in absent:
        logits[:, CLASS_IDS[name] - 1] = -torch.inf
    return logits


def validation_record(
    logits: Tensor, faces: FacePictures, absent: tuple[str, ...], losses: MeanLoss
) -> dict[str, Any]:
    """Return what a training's record has for each epoch: accuracies and losses."""
    losses.add(logits, torch.from_numpy(faces.labels) - 1)
    told = accuracies(judged(logits, faces, absent))
    return {name: told[name] for name in (OBJECTIVE, "accuracy")} | {"loss": losses.means()}


def standard_error(
    logits: Tensor, faces: FacePictures, absent: tuple[str, ...], seed: int
) -> float:
    """Return the standard error of the balanced accuracy, by a bootstrap over the photographs."""
    tables = judged(logits, faces, absent).tables()
    weights = draws_of(len(tables), RESAMPLES, np.random.default_rng(seed))
    drawn = np.einsum("rp,pij->rij", weights, tables[:, 1:, 1:])
    there = drawn.sum(axis=2)
    recalls = np.where(there > 0, drawn.diagonal(axis1=1, axis2=2) / np.maximum(there, 1), np.nan)
    return float(np.nanstd(np.nanmean(recalls, axis=1)))
