"""RoIAlign (He et al. 2017) as one weighted gather, several times faster on a CPU.

torchvision's loops over every channel of every sample, and its backward pass adds to memory that is
nowhere contiguous. Here every bin is a bag: a weighted sum of rows of one table, whose rows are the
places of all feature levels (channels-last features are such a table already). `embedding_bag`
does that, and its gradient, in contiguous rows.
"""

import torch
from torch import Tensor
from torch.nn import functional
from torchvision.ops import MultiScaleRoIAlign
from torchvision.ops.poolers import _setup_scales


class GatheredRoIAlign(MultiScaleRoIAlign):
    """What `torchvision.ops.MultiScaleRoIAlign` computes, within rounding.

    `sampling_ratio` must be positive. On a GPU, torchvision's own kernel runs.
    """

    def forward(
        self, x: dict[str, Tensor], boxes: list[Tensor], image_shapes: list[tuple[int, int]]
    ) -> Tensor:
        """Return (R, C, *output_size) for R boxes, xyxy in pixels of the images, in all images."""
        maps = [features for name, features in x.items() if name in self.featmap_names]
        if maps[0].is_cuda:
            return super().forward(x, boxes, image_shapes)
        if self.scales is None or self.map_levels is None:
            self.scales, self.map_levels = _setup_scales(
                maps, image_shapes, self.canonical_scale, self.canonical_level
            )
        table = torch.cat([features.permute(0, 2, 3, 1).flatten(0, 2) for features in maps])
        places, weights = self._samples(maps, boxes)
        bins = functional.embedding_bag(
            places.flatten(0, 2).flatten(1),
            table.float(),
            per_sample_weights=weights.flatten(0, 2).flatten(1),
            mode="sum",
        )
        bins = bins.to(table.dtype)
        return bins.view(len(places), *self.output_size, table.shape[1]).permute(0, 3, 1, 2)

    @torch.no_grad()
    def _samples(self, maps: list[Tensor], boxes: list[Tensor]) -> tuple[Tensor, Tensor]:
        """Return rows of the table and their weights, both (R, bins down, bins across, 2n, 2n)."""
        sides = torch.tensor([features.shape[2:] for features in maps])
        first = len(maps[0]) * sides.prod(dim=1).cumsum(0).roll(1)  # row of each level in the table
        first[0] = 0
        levels = (
            self.map_levels(boxes)
            if len(maps) > 1
            else torch.zeros(sum(map(len, boxes)), dtype=int)
        )
        images = torch.arange(len(boxes)).repeat_interleave(torch.tensor([len(b) for b in boxes]))
        height, width = sides[levels].unbind(1)
        scaled = torch.cat(boxes) * torch.tensor(self.scales)[levels][:, None]
        down, across = self.output_size
        y, y_weights = self._along(scaled[:, 1], scaled[:, 3], height, down)
        x, x_weights = self._along(scaled[:, 0], scaled[:, 2], width, across)
        corner = first[levels] + images * height * width
        rows = corner[:, None, None] + y * width[:, None, None]
        return (
            rows[:, :, None, :, None] + x[:, None, :, None, :],
            y_weights[:, :, None, :, None] * x_weights[:, None, :, None, :],
        )

    def _along(self, low: Tensor, high: Tensor, cells: Tensor, bins: int) -> tuple[Tensor, Tensor]:
        """Interpolate along one side: cells and their weights, both (R, bins, 2n).

        As torchvision, a box has at least one cell, and what lies more than a cell outside is zero.
        """
        samples = bins * self.sampling_ratio
        steps = (torch.arange(samples) + 0.5) / samples
        at = low[:, None] + (high - low).clamp(min=1)[:, None] * steps
        last = cells[:, None] - 1
        inside = ((at >= -1) & (at <= cells[:, None])) / self.sampling_ratio
        at = torch.minimum(at.clamp(min=0), last)
        near = at.long()
        far = torch.minimum(near + 1, last)
        share = at - near
        pair = torch.stack([near, far], -1), torch.stack([(1 - share) * inside, share * inside], -1)
        shape = (len(low), bins, 2 * self.sampling_ratio)
        return pair[0].view(shape), pair[1].view(shape)
