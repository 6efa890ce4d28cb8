"""One step of a training: losses, gradients, and the change that they make to the weights."""

import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torchvision.models.detection import FasterRCNN

from utils.detector.anchor_sampling import seed_sampling
from utils.detector.forward import Losses, losses
from utils.seed import derive_seed
from utils.training.averages import Average
from utils.training.batch_norm import share_batch_norm
from utils.training.distributed import data_parallel, largest, processes, summed
from utils.training.optimization import make_optimizer
from utils.training.recipe import Recipe


class Step:
    """What changes a network, and the parts of it that a checkpoint holds.

    Attributes
    ----------
    result
        The network to validate and to keep: the average where the recipe has one.
    """

    def __init__(self, model: FasterRCNN, recipe: Recipe, bfloat16: bool) -> None:
        self.model, self.clip = model, recipe.clip
        self.device = next(model.parameters()).device
        self.anchors, self.proposals = seed_sampling(model)
        share_batch_norm(model)
        self.network = data_parallel(_Losses(model, bfloat16))
        self.optimizer = make_optimizer(model, recipe)
        self.average = Average(model, recipe.ema) if recipe.ema else None

    @property
    def result(self) -> FasterRCNN:
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

    def __call__(
        self,
        images: Sequence[Tensor],
        targets: Sequence[dict[str, Tensor]],
        seeds: Sequence[int],
        learning_rate: float,
    ) -> dict[str, float] | None:
        """Change the weights, and return the losses of the whole batch with their ``total``.

        Parameters
        ----------
        images, targets
            This process's part of the batch, see `utils.detector.forward.losses`.
        seeds
            One per image, for the anchors and proposals to be drawn.

        Returns
        -------
        None, and nothing has changed, if the loss or its gradient is not finite: in all processes,
        if it was so in one.
        """
        before = [buffer.clone() for buffer in self.model.buffers()]
        self.anchors.seeds = [derive_seed(seed, "anchors") for seed in seeds]
        self.proposals.seeds = [derive_seed(seed, "proposals") for seed in seeds]
        images = [image.to(self.device) for image in images]
        targets = [{name: target[name].to(self.device) for name in _TARGET} for target in targets]
        # Parts padded to unlike sizes would have other batch statistics than the batch has.
        height, width = largest([max(image.shape[side] for image in images) for side in (1, 2)])
        parts = self.network(images, targets, (height, width))
        loss, values = self._over_the_batch(parts)
        if not (math.isfinite(values["total"]) and self._gradient_is_finite(loss)):
            with torch.no_grad():
                for buffer, value in zip(self.model.buffers(), before, strict=True):
                    buffer.copy_(value)
            return None
        for group in self.optimizer.param_groups:
            group["lr"] = learning_rate
        self.optimizer.step()
        if self.average:
            self.average.update(self.model)
        return values

    def _over_the_batch(self, parts: Losses) -> tuple[Tensor, dict[str, float]]:
        """Return this process's share of the loss, and the losses of the whole batch.

        A loss is a mean over what was drawn. The gradients of the shares are averaged over the
        processes, so a share weighs as much as was drawn for it.
        """
        drawn = [
            self.anchors.drawn if name in _OF_ANCHORS else self.proposals.drawn for name in parts
        ]
        means = torch.stack([part.detach() for part in parts.values()]).tolist()
        sums = summed([*drawn, *(n * mean for n, mean in zip(drawn, means, strict=True))])
        everywhere = [max(1.0, count) for count in sums[: len(drawn)]]  # nothing drawn, no loss
        shares = [processes() * n / every for n, every in zip(drawn, everywhere, strict=True)]
        loss = sum(part * share for part, share in zip(parts.values(), shares, strict=True))
        batch = [s / every for s, every in zip(sums[len(drawn) :], everywhere, strict=True)]
        return loss, {"total": sum(batch), **dict(zip(parts, batch, strict=True))}

    def _gradient_is_finite(self, loss: Tensor) -> bool:
        """Compute and clip the gradient, which is the same in all processes."""
        self.optimizer.zero_grad()
        loss.backward()
        norm = nn.utils.clip_grad_norm_(self.model.parameters(), self.clip)
        return math.isfinite(norm.item())


_TARGET = ("boxes", "labels")
_OF_ANCHORS = ("objectness", "rpn_box_regression")


class _Losses(nn.Module):
    """The losses as a module, for `DistributedDataParallel` wraps a module's ``forward``."""

    def __init__(self, model: FasterRCNN, bfloat16: bool) -> None:
        super().__init__()
        self.model, self.bfloat16 = model, bfloat16

    def forward(self, images: list[Tensor], targets: list[dict], size: tuple[int, int]) -> Losses:
        return losses(self.model, images, targets, self.bfloat16, size)
