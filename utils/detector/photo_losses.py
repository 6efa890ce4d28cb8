"""The four losses on photographs that nothing is learnt from: in validation, and in the test."""

import math
from collections.abc import Sequence

from torch import Tensor
from torchvision.models.detection import FasterRCNN

from utils.detector.anchor_sampling import seed_sampling
from utils.detector.forward import Losses, detect_and_lose
from utils.detector.head_loss import HeadLoss
from utils.seed import derive_seed

TARGET = ("boxes", "labels")
"""What of a photograph's target the losses are of."""

OF_ANCHORS = ("objectness", "rpn_box_regression")
"""The losses that are means over anchors; the others are means over proposals."""


class PhotoLosses:
    """Adds the losses of whole photographs up, as if all had been one batch of a training.

    Which anchors and proposals they are computed on is drawn for each photograph from the seed and
    its name, so that one epoch after another is measured alike.

    Parameters
    ----------
    head
        How the losses of the box head are computed; by default as torchvision does.
    """

    def __init__(self, seed: int, head: HeadLoss | None = None) -> None:
        self._seed, self._head = seed, head
        self._sums: dict[str, float] = {}
        self._drawn: dict[str, int] = {}

    def detect(
        self,
        model: FasterRCNN,
        names: Sequence[str],
        images: Sequence[Tensor],
        targets: Sequence[dict[str, Tensor]],
        bfloat16: bool,
        mirrored: bool = False,
    ) -> list[dict[str, Tensor]]:
        """Add the losses of a batch of photographs, and return the faces found on each.

        Parameters
        ----------
        model
            In evaluation mode.
        names
            Of the photographs.
        images, targets
            At the scale of the network, see `utils.detector.forward.losses`.
        mirrored
            See `utils.detector.forward.detect`.
        """
        device = next(model.parameters()).device
        images = [image.to(device) for image in images]
        targets = [{part: target[part].to(device) for part in TARGET} for target in targets]
        anchors, proposals = seed_sampling(model)
        anchors.seeds = [derive_seed(self._seed, "anchors", name) for name in names]
        proposals.seeds = [derive_seed(self._seed, "proposals", name) for name in names]
        found, parts = detect_and_lose(model, images, targets, bfloat16, self._head, mirrored)
        self.add(parts, anchors.drawn, proposals.drawn)
        return found

    def add(self, parts: Losses, anchors: int, proposals: int) -> None:
        """Add means over so many anchors and proposals."""
        for name, part in parts.items():
            drawn = anchors if name in OF_ANCHORS else proposals
            lost = drawn * part.item() if drawn else 0.0  # the mean over nothing is no number
            self._sums[name] = self._sums.get(name, 0.0) + lost
            self._drawn[name] = self._drawn.get(name, 0) + drawn

    def means(self) -> dict[str, float | None]:
        """Return the mean of each loss, and their sum as ``total``; None of what is not finite."""
        means = {name: total / max(1, self._drawn[name]) for name, total in self._sums.items()}
        means = {"total": sum(means.values()), **means}
        return {name: mean if math.isfinite(mean) else None for name, mean in means.items()}
