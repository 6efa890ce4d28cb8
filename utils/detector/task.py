"""What the training loop trains here: a detector of faces, on chips of photographs."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torchvision.models.detection import FasterRCNN

from utils.dataset.labels import CLASS_IDS
from utils.dataset.torch_dataset import FaceDataset
from utils.detector.anchor_sampling import seed_sampling
from utils.detector.anchors import Anchors
from utils.detector.augmentation import Augmentation, chip_side
from utils.detector.forward import Losses, losses
from utils.detector.head_loss import HeadLoss
from utils.detector.photo_losses import OF_ANCHORS, TARGET, PhotoLosses
from utils.detector.validation import detections_of, validation_record
from utils.metrics.detections import Detections
from utils.networks.folding import FoldedBackbone
from utils.seed import derive_seed
from utils.training.batch_norm import share_batch_norm
from utils.training.distributed import data_parallel, largest, processes, summed
from utils.training.recipe import Recipe
from utils.training.sampling import repeat_factors

Sample = tuple[Tensor, dict[str, Any]]
"""A chip, uint8 (3, H, W), and its ``boxes`` and ``labels`` (see `FaceDataset`)."""


class FaceDetection:
    """A detector in training (a `utils.training.loop.Task`).

    Parameters
    ----------
    photos, validation
        Data sets at the scale of the network.
    frozen
        Names of the normalisation layers that keep their statistics, as is usual with those that
        came with pretrained weights.
    pretrained
        Names of the parameters that came with weights, each with its factor of the learning rate
        (`utils.detector.fine_tuning`); those of factor 0 get no gradient.
    bfloat16
        Compute features in bfloat16; boxes and losses stay in float32.
    seed
        Draws the anchors and proposals that the losses on `validation` are computed on.
    anchors
        That the network was built with, to be kept with it.

    Attributes
    ----------
    found
        What the network that was validated last finds on `validation`; None in other processes
        than the first, and before the first validation.
    """

    def __init__(
        self,
        model: FasterRCNN,
        photos: FaceDataset,
        validation: FaceDataset,
        recipe: Recipe,
        frozen: frozenset[str] = frozenset(),
        bfloat16: bool = False,
        pretrained: Mapping[str, float] | None = None,
        seed: int = 0,
        anchors: Anchors | None = None,
    ) -> None:
        self.anchors = anchors
        self.model, self.photos, self.validation = model, photos, validation
        self.frozen, self.bfloat16, self.pretrained = frozen, bfloat16, pretrained or {}
        self.seed = seed
        self.names = photos.names
        self.weights = repeat_factors(_present(photos), recipe.rare)
        self.found: list[Detections] | None = None
        side = chip_side(recipe.chip, photos.image_size)
        self._augment = Augmentation(recipe, photos, side)
        self._device = next(model.parameters()).device
        self._anchors, self._proposals = seed_sampling(model)
        share_batch_norm(model)
        for name, factor in self.pretrained.items():
            model.get_parameter(name).requires_grad_(factor > 0)
        self._head = HeadLoss.of(recipe, [faces.labels for faces in photos.faces])
        inside = {name.removeprefix("backbone.") for name in frozen}
        folded = FoldedBackbone.of(model.backbone, inside)
        self._network = data_parallel(_Losses(model, bfloat16, self._head, folded))

    def sample(self, number: int, seed: int) -> Sample:
        """Return a chip of photograph `number`, a function of `seed`."""
        return self._augment(number, seed)

    def losses(
        self, samples: Sequence[Sample], seeds: Sequence[int]
    ) -> tuple[Tensor, dict[str, float]]:
        """Return this process's share of the loss, and the losses of the whole batch.

        Parameters
        ----------
        samples
            This process's part of the batch.
        seeds
            One per sample; anchors and proposals are drawn from it.
        """
        self._anchors.seeds = [derive_seed(seed, "anchors") for seed in seeds]
        self._proposals.seeds = [derive_seed(seed, "proposals") for seed in seeds]
        images = [image.to(self._device) for image, _ in samples]
        targets = [
            {name: target[name].to(self._device) for name in TARGET} for _, target in samples
        ]
        # Parts padded to unlike sizes would have other batch statistics than the batch has.
        height, width = largest([max(image.shape[side] for image in images) for side in (1, 2)])
        return self._over_the_batch(self._network(images, targets, (height, width)))

    def validate(self, network: nn.Module, stop: Callable[[], bool]) -> dict[str, Any] | None:
        """Return how good `network` is on the validation photographs; None when asked to stop."""
        losses = PhotoLosses(self.seed, self._head)
        self.found = detections_of(network, self.validation, stop, self.bfloat16, losses)
        if self.found is None:
            return None
        return validation_record(self.found, self.validation, losses)

    def _over_the_batch(self, parts: Losses) -> tuple[Tensor, dict[str, float]]:
        """Weigh this process's losses by what was drawn for them.

        A loss is a mean over what was drawn. The gradients of the shares are averaged over the
        processes, so a share weighs as much as was drawn for it. The mean over nothing is no
        number; it counts as zero: an empty wall where nothing is proposed is no divergence.
        """
        drawn = [
            self._anchors.drawn if name in OF_ANCHORS else self._proposals.drawn for name in parts
        ]
        parts = {
            name: part if count else part.nan_to_num(nan=0.0)
            for (name, part), count in zip(parts.items(), drawn, strict=True)
        }
        means = torch.stack([part.detach() for part in parts.values()]).tolist()
        sums = summed([*drawn, *(n * mean for n, mean in zip(drawn, means, strict=True))])
        everywhere = [max(1.0, count) for count in sums[: len(drawn)]]  # nothing drawn, no loss
        shares = [processes() * n / every for n, every in zip(drawn, everywhere, strict=True)]
        loss = sum(part * share for part, share in zip(parts.values(), shares, strict=True))
        batch = [s / every for s, every in zip(sums[len(drawn) :], everywhere, strict=True)]
        return loss, {"total": sum(batch), **dict(zip(parts, batch, strict=True))}


def _present(photos: FaceDataset) -> np.ndarray:
    """Return which classes each photograph has, bool (photographs, classes)."""
    return np.array([np.isin(list(CLASS_IDS.values()), one.labels) for one in photos.faces])


class _Losses(nn.Module):
    """The losses as a module, because `DistributedDataParallel` wraps a module's ``forward``."""

    def __init__(
        self, model: FasterRCNN, bfloat16: bool, head: HeadLoss, backbone: FoldedBackbone | None
    ) -> None:
        super().__init__()
        self.model, self.bfloat16, self.head, self.backbone = model, bfloat16, head, backbone

    def forward(self, images: list[Tensor], targets: list[dict], size: tuple[int, int]) -> Losses:
        return losses(self.model, images, targets, self.bfloat16, size, self.head, self.backbone)
