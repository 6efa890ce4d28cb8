"""The two passes through a Faster R-CNN: losses in training, detections otherwise.

torchvision's own ``forward`` is one block; here bfloat16 stops where precision matters: features
are computed in it when asked for, boxes and losses always in float32. torchvision's transform is
left out because it resizes: our images come at the scale of the network (see
`utils.dataset.torch_dataset.resize`).
"""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor
from torchvision.models.detection import FasterRCNN
from torchvision.models.detection.image_list import ImageList
from torchvision.ops import clip_boxes_to_image, nms

from utils.dataset.labels import BACKGROUND, CLASSES
from utils.detector.head_loss import HeadLoss
from utils.detector.proposals import propose
from utils.networks.normalisation import MEAN, STD

SAME_FACE = 0.5
"""Two detections that overlap by this much (IoU) are one face, whatever classes they claim."""

LEAST_SIDE = 0.01
"""A narrower box, in pixels that the network sees, is none."""

STRIDE = 32
"""The coarsest feature level has one place per so many pixels."""

Losses = dict[str, Tensor]
Backbone = Callable[[Tensor], dict[str, Tensor]]


def losses(
    model: FasterRCNN,
    images: Sequence[Tensor],
    targets: Sequence[dict],
    bfloat16: bool = False,
    size: tuple[int, int] = (0, 0),
    head: HeadLoss | None = None,
    backbone: Backbone | None = None,
) -> Losses:
    """Return the four losses of one batch.

    Parameters
    ----------
    images
        uint8 (3, H, W), RGB, of any sizes, on the device of the model.
    targets
        ``boxes`` float32 (N, 4) in pixels of the image, ``labels`` int64 (N,).
    size
        Height and width that the images are padded to at least.
    head
        How the losses of the box head are computed; by default as torchvision does.
    backbone
        What computes the features in place of the model's own.
    """
    batch = _batch(images, size)
    features = _features(backbone or model.backbone, batch, bfloat16)
    return _losses(model, batch, features, list(targets), head)


def _losses(
    model: FasterRCNN,
    batch: ImageList,
    features: dict[str, Tensor],
    targets: list[dict],
    head: HeadLoss | None,
) -> Losses:
    proposals, rpn = model.rpn(batch, features, targets)
    classification, box_regression = (head or HeadLoss())(
        model.roi_heads, features, proposals, _padded_sizes(batch), targets
    )
    return {
        "classification": classification,
        "box_regression": box_regression,
        "objectness": rpn["loss_objectness"],
        "rpn_box_regression": rpn["loss_rpn_box_reg"],
    }


@torch.inference_mode()
def detect(
    model: FasterRCNN, images: Sequence[Tensor], bfloat16: bool = False, mirrored: bool = False
) -> list[dict[str, Tensor]]:
    """Return the faces on each image, by falling score, each once and with its likeliest class.

    The model must be in evaluation mode. torchvision gives a box for every class of a proposal and
    suppresses within a class only, which would count a person twice (see `distinct_faces`).

    Parameters
    ----------
    mirrored
        Whether to look at each image as in a mirror, too, and to average both.

    Returns
    -------
    Per image ``boxes`` (N, 4), ``labels`` (N,), ``scores`` (N,) and ``probabilities`` (N, 4): of
    "no face" and the classes, adding up to 1. A score is the probability of its label.
    """
    return [distinct_faces(model, *one) for one in candidates(model, images, bfloat16, mirrored)]


@torch.inference_mode()
def detect_and_lose(
    model: FasterRCNN,
    images: Sequence[Tensor],
    targets: Sequence[dict],
    bfloat16: bool = False,
    head: HeadLoss | None = None,
    mirrored: bool = False,
) -> tuple[list[dict[str, Tensor]], Losses]:
    """Return what `detect` returns, and the `losses`, from features that are computed once.

    The model must be in evaluation mode, in which its normalisation stays; anchors and proposals
    are chosen for the losses as in training.
    """
    (batch, features), *_ = views = _views(model, images, bfloat16, mirrored)
    found = [distinct_faces(model, *one) for one in _candidates(model, views)]
    parts = (model.rpn, model.roi_heads)  # alone: what is in them stays in evaluation mode
    try:
        for part in parts:
            part.training = True
        return found, _losses(model, batch, features, list(targets), head)
    finally:
        for part in parts:
            part.training = False


@torch.inference_mode()
def candidates(
    model: FasterRCNN, images: Sequence[Tensor], bfloat16: bool = False, mirrored: bool = False
) -> list[tuple[Tensor, Tensor]]:
    """Return what the box head makes of every proposal, before anything is left out.

    Parameters
    ----------
    mirrored
        Whether each image proposes as in a mirror, too. The box head then judges every proposal in
        both, and probabilities and boxes are means.

    Returns
    -------
    Per image the boxes (P, 4 classes, 4) within the image, and the class probabilities (P, 4). P is
    0 where nothing was proposed: on an empty wall, or by a network whose weights are not finite.
    """
    return _candidates(model, _views(model, images, bfloat16, mirrored))


_View = tuple[ImageList, dict[str, Tensor]]
"""A batch and its features."""


def _views(
    model: FasterRCNN, images: Sequence[Tensor], bfloat16: bool, mirrored: bool
) -> list[_View]:
    """Return the batch with its features, and that of the mirrored images where asked for."""
    batches = [_batch(images)]
    if mirrored:
        batches.append(_batch([image.flip(2) for image in images]))
    return [(batch, _features(model.backbone, batch, bfloat16)) for batch in batches]


def _candidates(model: FasterRCNN, views: list[_View]) -> list[tuple[Tensor, Tensor]]:
    proposals, *others = [
        propose(model.rpn, batch, list(features.values())) for batch, features in views
    ]
    if not others:
        return _judged(model, *views[0], proposals)
    sizes = views[0][0].image_sizes
    proposals = [
        torch.cat([one, _in_a_mirror(other, size)])
        for one, other, size in zip(proposals, *others, sizes, strict=True)
    ]
    turned = [_in_a_mirror(one, size) for one, size in zip(proposals, sizes, strict=True)]
    pairs = zip(
        _judged(model, *views[0], proposals), _judged(model, *views[1], turned), sizes, strict=True
    )
    return [
        ((boxes + _in_a_mirror(others, size)) / 2, (chances + as_well) / 2)
        for (boxes, chances), (others, as_well), size in pairs
    ]


def _in_a_mirror(boxes: Tensor, size: tuple[int, int]) -> Tensor:
    """Return boxes (..., 4) of an image of `size` (H, W) where they lie in the mirrored one."""
    x1, y1, x2, y2 = boxes.unbind(dim=-1)
    return torch.stack([size[1] - x2, y1, size[1] - x1, y2], dim=-1)


def _judged(
    model: FasterRCNN, batch: ImageList, features: dict[str, Tensor], proposals: list[Tensor]
) -> list[tuple[Tensor, Tensor]]:
    """Return what `candidates` returns, of proposals that are given."""
    heads, classes = model.roi_heads, len(CLASSES) + 1
    number = [len(boxes) for boxes in proposals]
    if not any(number):  # which torchvision's decoder of boxes does not expect
        none = batch.tensors.new_zeros((0, classes))
        return [(none[:, :, None].expand(0, classes, 4), none) for _ in proposals]
    pooled = heads.box_head(heads.box_roi_pool(features, proposals, _padded_sizes(batch)))
    logits, offsets = heads.box_predictor(pooled)
    boxes = heads.box_coder.decode(offsets, proposals).split(number)
    return [
        (clip_boxes_to_image(one, size), probabilities)
        for one, probabilities, size in zip(
            boxes, logits.softmax(dim=1).split(number), batch.image_sizes, strict=True
        )
    ]


def distinct_faces(model: FasterRCNN, boxes: Tensor, probabilities: Tensor) -> dict[str, Tensor]:
    """Turn the `candidates` of one image into distinct faces, by falling score.

    A proposal gives one box, that of its likeliest class. Of boxes that overlap, the one likeliest
    to be a face, of whatever class, is kept: it tells the classes better apart than the one surest
    of a class, which a common class wins (``benchmarks/suppression.py`` compares the two).
    """
    heads = model.roi_heads
    scores, labels = probabilities[:, BACKGROUND + 1 :].max(dim=1)
    labels = labels + BACKGROUND + 1
    boxes = boxes[torch.arange(len(boxes), device=boxes.device), labels]
    sides = boxes[:, 2:] - boxes[:, :2]
    kept = torch.nonzero((scores > heads.score_thresh) & (sides >= LEAST_SIDE).all(dim=1))[:, 0]
    kept = kept[nms(boxes[kept], 1 - probabilities[kept, BACKGROUND], SAME_FACE)]
    kept = kept[scores[kept].argsort(descending=True, stable=True)][: heads.detections_per_img]
    return {
        "boxes": boxes[kept],
        "labels": labels[kept],
        "scores": scores[kept],
        "probabilities": probabilities[kept],
    }


def _batch(images: Sequence[Tensor], size: tuple[int, int] = (0, 0)) -> ImageList:
    """Normalise the images and pad them, right and below, to one size that every stride divides."""
    height, width = (
        max(least, *(image.shape[side] for image in images)) + STRIDE - 1
        for side, least in enumerate(size, start=1)
    )
    batch = torch.zeros(
        (len(images), 3, height // STRIDE * STRIDE, width // STRIDE * STRIDE),
        device=images[0].device,
    ).contiguous(memory_format=torch.channels_last)
    for place, image in zip(batch, images, strict=True):
        place[:, : image.shape[1], : image.shape[2]] = (image - MEAN.to(image.device)) / STD.to(
            image.device
        )
    return ImageList(batch, [tuple(image.shape[1:]) for image in images])


def _padded_sizes(batch: ImageList) -> list[tuple[int, int]]:
    """Return the (H, W) that features are computed of, for each image.

    torchvision's pooling derives the scales of the feature levels from it, at the first call, and
    keeps them: from the size of a narrow image itself it would take others, and pool every later
    image at the wrong places.
    """
    height, width = batch.tensors.shape[-2:]
    return [(height, width)] * len(batch.image_sizes)


def _features(backbone: Backbone, batch: ImageList, bfloat16: bool) -> dict[str, Tensor]:
    with torch.autocast(batch.tensors.device.type, torch.bfloat16, enabled=bfloat16):
        features = backbone(batch.tensors)
    return {level: feature.float() for level, feature in features.items()}
