"""The two passes through a Faster R-CNN: losses in training, detections otherwise.

torchvision's own ``forward`` is one block; here bfloat16 stops where precision matters: features
are computed in it when asked for, boxes and losses always in float32. torchvision's transform is
left out, for it resizes: our images come at the scale of the network (see
`utils.dataset.torch_dataset.resize`).
"""

from collections.abc import Sequence

import torch
from torch import Tensor
from torchvision.models.detection import FasterRCNN
from torchvision.models.detection.image_list import ImageList
from torchvision.ops import nms

SAME_FACE = 0.5
"""Two detections that overlap by this much (IoU) are one face, whatever classes they claim."""

STRIDE = 32
"""The coarsest feature level has one place per so many pixels."""

# Of ImageNet, on the scale 0..255, as torchvision's weights expect.
MEAN = torch.tensor([123.675, 116.28, 103.53])[:, None, None]
STD = torch.tensor([58.395, 57.12, 57.375])[:, None, None]

Losses = dict[str, Tensor]


def losses(
    model: FasterRCNN, images: Sequence[Tensor], targets: Sequence[dict], bfloat16: bool = False
) -> Losses:
    """Return the four losses of one batch.

    Parameters
    ----------
    images
        uint8 (3, H, W), RGB, of any sizes, on the device of the model.
    targets
        ``boxes`` float32 (N, 4) in pixels of the image, ``labels`` int64 (N,).
    """
    batch, targets = _batch(images), list(targets)
    features = _features(model, batch, bfloat16)
    proposals, rpn = model.rpn(batch, features, targets)
    _, heads = model.roi_heads(features, proposals, batch.image_sizes, targets)
    return {
        "classification": heads["loss_classifier"],
        "box_regression": heads["loss_box_reg"],
        "objectness": rpn["loss_objectness"],
        "rpn_box_regression": rpn["loss_rpn_box_reg"],
    }


@torch.inference_mode()
def detect(
    model: FasterRCNN, images: Sequence[Tensor], bfloat16: bool = False
) -> list[dict[str, Tensor]]:
    """Return per image ``boxes`` (N, 4), ``labels`` (N,), ``scores`` (N,), by falling score.

    The model must be in evaluation mode. Each face is returned once, with its likeliest class:
    torchvision suppresses duplicates within a class only, which would count a person twice.
    """
    batch = _batch(images)
    features = _features(model, batch, bfloat16)
    proposals, _ = model.rpn(batch, features)
    found, _ = model.roi_heads(features, proposals, batch.image_sizes)
    return [_one_class_a_face(one) for one in found]


def _batch(images: Sequence[Tensor]) -> ImageList:
    """Normalise the images and pad them, right and below, to one size that every stride divides."""
    height, width = (max(image.shape[side] for image in images) + STRIDE - 1 for side in (1, 2))
    batch = torch.zeros(
        (len(images), 3, height // STRIDE * STRIDE, width // STRIDE * STRIDE),
        device=images[0].device,
    ).contiguous(memory_format=torch.channels_last)
    for place, image in zip(batch, images, strict=True):
        place[:, : image.shape[1], : image.shape[2]] = (image - MEAN.to(image.device)) / STD.to(
            image.device
        )
    return ImageList(batch, [tuple(image.shape[1:]) for image in images])


def _features(model: FasterRCNN, batch: ImageList, bfloat16: bool) -> dict[str, Tensor]:
    with torch.autocast(batch.tensors.device.type, torch.bfloat16, enabled=bfloat16):
        features = model.backbone(batch.tensors)
    return {level: feature.float() for level, feature in features.items()}


def _one_class_a_face(found: dict[str, Tensor]) -> dict[str, Tensor]:
    keep = nms(found["boxes"], found["scores"], SAME_FACE)
    return {field: values[keep] for field, values in found.items()}
