"""The anchors and proposals that the losses are computed on, drawn from seeds.

torchvision draws them with the global random numbers, so what an image gets depends on the images
before it in the batch. Here it depends on the image's own seed: processes that share a batch draw
what one process would.
"""

import torch
from torch import Tensor
from torchvision.models.detection import FasterRCNN


class SeededSampler:
    """Draw a fixed number per image, up to a share of them faces, like Faster R-CNN.

    Takes the place of torchvision's ``BalancedPositiveNegativeSampler``. Every candidate is dealt a
    random key and the smallest keys win, so that one candidate more or less, by a rounding error,
    changes one draw and not all.

    Attributes
    ----------
    seeds : list[int]
        One per image; set them before each pass.
    drawn : int
        How many were drawn in the last pass, over all images.
    """

    def __init__(self, per_image: int, positive_share: float) -> None:
        self.per_image, self.positive_share = per_image, positive_share
        self.seeds: list[int] = []
        self.drawn = 0

    def __call__(self, matched: list[Tensor]) -> tuple[list[Tensor], list[Tensor]]:
        """Return masks of the positives and of the negatives drawn, one per image.

        Parameters
        ----------
        matched
            Per image, for each candidate: >= 1 a face, 0 background, < 0 to be ignored.
        """
        masks = [self._draw(*image) for image in zip(matched, self.seeds, strict=True)]
        positive, negative = map(list, zip(*masks, strict=True))
        self.drawn = int(sum(mask.sum() for mask in positive + negative))
        return positive, negative

    def _draw(self, matched: Tensor, seed: int) -> tuple[Tensor, Tensor]:
        generator = torch.Generator().manual_seed(seed)
        keys = torch.rand(len(matched), generator=generator).to(matched.device)
        positive = _smallest(keys, matched >= 1, int(self.per_image * self.positive_share))
        negative = _smallest(keys, matched == 0, self.per_image - int(positive.sum()))
        return positive, negative


def seed_sampling(model: FasterRCNN) -> tuple[SeededSampler, SeededSampler]:
    """Let `model` draw from seeds; return what samples the anchors and what the proposals."""
    for part in (model.rpn, model.roi_heads):
        if not isinstance(part.fg_bg_sampler, SeededSampler):
            given = part.fg_bg_sampler
            part.fg_bg_sampler = SeededSampler(given.batch_size_per_image, given.positive_fraction)
    return model.rpn.fg_bg_sampler, model.roi_heads.fg_bg_sampler


def _smallest(keys: Tensor, candidates: Tensor, count: int) -> Tensor:
    """Return a mask of the `count` candidates with the smallest keys; of all, if they are fewer."""
    numbers = torch.where(candidates)[0]
    winners = keys[numbers].topk(min(count, len(numbers)), largest=False, sorted=False).indices
    chosen = torch.zeros_like(candidates)
    chosen[numbers[winners]] = True
    return chosen
