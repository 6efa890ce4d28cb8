"""Boxes that may hold something, proposed by a trained network: the first stage of detection.

What torchvision's `RegionProposalNetwork` gives, but those that hardly hold anything, and for less:
it makes an anchor and decodes a box for each of the 30,000 places of a photograph, and then keeps a
few hundred. Here the surest are chosen first.
"""

from collections.abc import Sequence

import torch
from torch import Tensor
from torchvision.models.detection.image_list import ImageList
from torchvision.models.detection.rpn import RegionProposalNetwork, RPNHead
from torchvision.ops import batched_nms, clip_boxes_to_image, remove_small_boxes

LEAST_OBJECTNESS = 0.02
"""A proposal less likely to hold something is not looked at, which is most of them on a photograph
with few faces. Up to five times as much changed no average precision, to three decimals."""


def propose(
    rpn: RegionProposalNetwork, batch: ImageList, features: Sequence[Tensor]
) -> list[Tensor]:
    """Return the proposals for each image, (P, 4), the surest first.

    Parameters
    ----------
    rpn
        In evaluation mode.
    features
        The levels of the pyramid, from the finest to the coarsest, each (N, C, H, W).
    """
    generator = rpn.anchor_generator
    generator.set_cell_anchors(torch.float32, batch.tensors.device)
    boxes, logits, levels = [], [], []
    for level, (feature, cell) in enumerate(zip(features, generator.cell_anchors, strict=True)):
        objectness, offsets = ask(rpn.head, feature)
        surest, at = objectness.topk(min(rpn.pre_nms_top_n(), objectness.shape[1]), dim=1)
        offsets = offsets.gather(1, at[:, :, None].expand(-1, -1, 4))
        anchors = _anchors(cell, at, feature.shape[2:], batch.tensors.shape[2:])
        decoded = rpn.box_coder.decode_single(offsets.flatten(0, 1), anchors.flatten(0, 1))
        boxes.append(decoded.view_as(offsets))
        logits.append(surest)
        levels.append(torch.full_like(at[0], level))
    return [
        _distinct(rpn, one, scores, torch.cat(levels), size)
        for one, scores, size in zip(
            torch.cat(boxes, 1), torch.cat(logits, 1).sigmoid(), batch.image_sizes, strict=True
        )
    ]


def ask(head: RPNHead, feature: Tensor) -> tuple[Tensor, Tensor]:
    """Return what the head says of all anchors of a level, (N, P) and (N, P, 4)."""
    hidden = head.conv(feature)
    objectness = head.cls_logits(hidden).permute(0, 2, 3, 1)
    offsets = head.bbox_pred(hidden).permute(0, 2, 3, 1)
    return objectness.flatten(1), offsets.reshape(len(feature), -1, 4)


def _anchors(cell: Tensor, at: Tensor, places: Sequence[int], image: Sequence[int]) -> Tensor:
    """Return the anchors (..., 4) of a level whose number in the order of its places is `at`.

    Parameters
    ----------
    cell
        The anchors of one place, (A, 4), around its corner.
    places, image
        Height and width in places, and in pixels.
    """
    place, kind = at // len(cell), at % len(cell)
    x = place % places[1] * (image[1] // places[1])
    y = place // places[1] * (image[0] // places[0])
    return cell[kind] + torch.stack([x, y, x, y], dim=-1)


def _distinct(
    rpn: RegionProposalNetwork,
    boxes: Tensor,
    scores: Tensor,
    levels: Tensor,
    size: tuple[int, int],
) -> Tensor:
    """Leave out what is empty, and of boxes of a level that overlap all but the surest."""
    boxes = clip_boxes_to_image(boxes, size)
    kept = remove_small_boxes(boxes, rpn.min_size)
    least = max(rpn.score_thresh, LEAST_OBJECTNESS)
    kept = kept[scores[kept] >= least]  # which leaves out what is no number, too
    kept = kept[batched_nms(boxes[kept], scores[kept], levels[kept], rpn.nms_thresh)]
    return boxes[kept[: rpn.post_nms_top_n()]]
