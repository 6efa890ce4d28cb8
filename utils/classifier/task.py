"""What the training loop trains here: a classifier of faces, or its head alone."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from utils.classifier.augmentation import view
from utils.classifier.faces import FacePictures
from utils.classifier.inference import logits_of, prepared
from utils.classifier.network import FaceNetwork
from utils.classifier.validation import validation_record
from utils.dataset.labels import CLASSES
from utils.training.batch_norm import share_batch_norm
from utils.training.class_loss import MeanLoss, class_losses, class_weights
from utils.training.distributed import data_parallel, processes, summed
from utils.training.recipe import Recipe
from utils.training.sampling import repeat_factors

BATCH = 32
"""Faces to validate on at a time."""

Sample = tuple[Tensor, int]
"""What is seen of a face, and the column of its class."""


class Judging:
    """Faces and how they are judged in training: what both tasks of this file share.

    Attributes
    ----------
    network
        The whole classifier; what learns of it is ``model``.
    logits
        Of the faces to validate on, as the network that was validated last gives them; None in
        other processes than the first, and before the first validation.
    absent
        Names of the classes that no face to learn from is of.
    """

    frozen: frozenset[str] = frozenset()
    pretrained: Mapping[str, float] = {}

    def __init__(
        self,
        network: FaceNetwork,
        photos: FacePictures,
        validation: FacePictures,
        recipe: Recipe,
    ) -> None:
        self.network, self.recipe = network, recipe
        self.photos, self.validation = photos, validation
        self.names = photos.names
        counts = photos.counts()
        self.absent = tuple(name for name, count in zip(CLASSES, counts, strict=True) if not count)
        present = photos.labels[:, None] == np.arange(1, len(CLASSES) + 1)
        self.weights = repeat_factors(present, recipe.rare)
        self.logits: Tensor | None = None
        self._columns = photos.labels - 1
        self._of_class = torch.tensor(class_weights(counts, recipe.class_weight))

    def _losses(self, logits: Tensor, samples: Sequence[Sample]) -> tuple[Tensor, dict[str, float]]:
        """Return this process's share of the loss, and the loss of the whole batch.

        The gradients of the shares are averaged over the processes, so a share weighs as much as
        there are faces in it.
        """
        columns = torch.tensor([column for _, column in samples], device=logits.device)
        weights = self._of_class.to(logits)
        recipe = self.recipe
        each = class_losses(logits, columns, recipe.label_smoothing, recipe.focal, weights)
        loss = each.sum()
        everywhere, total = summed([len(samples), loss.item()])
        mean = total / everywhere
        return loss * processes() / everywhere, {"total": mean, "classification": mean}

    def _validated(self, logits: Tensor | None) -> dict[str, Any] | None:
        self.logits = logits
        if logits is None:
            return None
        losses = MeanLoss(self.recipe.label_smoothing, self.recipe.focal)
        return validation_record(logits, self.validation, self.absent, losses)


class HeadTask(Judging):
    """The head in training, on features that are kept (a `utils.training.loop.Task`).

    Parameters
    ----------
    network
        Whose head learns.
    features, validation_features
        As `KeptFeatures` gives them.
    """

    def __init__(
        self,
        network: FaceNetwork,
        photos: FacePictures,
        validation: FacePictures,
        recipe: Recipe,
        features: Tensor,
        validation_features: Tensor,
    ) -> None:
        super().__init__(network, photos, validation, recipe)
        self.model = network.head
        self._features, self._validation_features = features, validation_features
        self._device, self._dtype = network.head.centre.device, network.head.centre.dtype
        self._learner = data_parallel(network.head)

    def sample(self, number: int, seed: int) -> Sample:
        """Return the features of a view of face `number`, as `seed` chooses."""
        views = self._features[number]
        return views[seed % len(views)], int(self._columns[number])

    def losses(
        self, samples: Sequence[Sample], seeds: Sequence[int]
    ) -> tuple[Tensor, dict[str, float]]:
        """Return this process's share of the loss, and the loss of the whole batch."""
        features = torch.stack([one for one, _ in samples]).to(self._device)
        features = features.to(self._dtype)
        return self._losses(self._learner(features), samples)

    def validate(self, network: nn.Module, stop: Callable[[], bool]) -> dict[str, Any] | None:
        """Return how good `network`, a head, is on the validation faces."""
        with torch.no_grad():
            views = network(self._validation_features.to(self._device, self._dtype))
        return self._validated(views.mean(dim=1).cpu())


class FaceTask(Judging):
    """A whole classifier in training, or its last stages (a `utils.training.loop.Task`).

    Parameters
    ----------
    frozen
        Names of the normalisation layers that keep their statistics.
    pretrained
        Names of the parameters that came with weights, each with its factor of the learning rate;
        those of factor 0 get no gradient.
    bfloat16
        Compute features in bfloat16; the head stays in float32.
    """

    def __init__(
        self,
        network: FaceNetwork,
        photos: FacePictures,
        validation: FacePictures,
        recipe: Recipe,
        frozen: frozenset[str] = frozenset(),
        pretrained: Mapping[str, float] | None = None,
        bfloat16: bool = False,
    ) -> None:
        super().__init__(network, photos, validation, recipe)
        self.model, self.frozen, self.pretrained = network, frozen, pretrained or {}
        self._bfloat16 = bfloat16
        self._device = next(network.parameters()).device
        share_batch_norm(network)
        for name, factor in self.pretrained.items():
            network.get_parameter(name).requires_grad_(factor > 0)
        self._learner = data_parallel(network)

    def sample(self, number: int, seed: int) -> Sample:
        """Return a view of face `number`, a function of `seed`."""
        return view(self.photos[number][0], self.recipe, seed), int(self._columns[number])

    def losses(
        self, samples: Sequence[Sample], seeds: Sequence[int]
    ) -> tuple[Tensor, dict[str, float]]:
        """Return this process's share of the loss, and the loss of the whole batch."""
        pictures = torch.stack([picture for picture, _ in samples]).to(self._device)
        return self._losses(self._learner(pictures, self._bfloat16), samples)

    def validate(self, network: nn.Module, stop: Callable[[], bool]) -> dict[str, Any] | None:
        """Return how good `network` is on the validation faces; None when asked to stop."""
        return self._validated(
            logits_on(network, self.validation, self.recipe.mirrored, self._bfloat16, stop)
        )


def logits_on(
    network: FaceNetwork,
    faces: FacePictures,
    mirrored: bool,
    bfloat16: bool,
    stop: Callable[[], bool] = lambda: False,
) -> Tensor | None:
    """Return the logits, float32 (N, classes), that a network gives to faces; None when stopped."""
    ready, device, found = prepared(network, bfloat16), next(network.parameters()).device, []
    for first in range(0, len(faces), BATCH):
        if stop():
            return None
        numbers = range(first, min(first + BATCH, len(faces)))
        pictures = torch.stack([faces[number][0] for number in numbers]).to(device)
        with torch.no_grad():
            found.append(logits_of(ready, pictures, mirrored=mirrored).cpu())
    return torch.cat(found)
