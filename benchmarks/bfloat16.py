#!/usr/bin/env python3
"""What bfloat16 does to the losses of one batch, and where its NaN comes from.

The same batch passes through the same compact detector with ever more of it in bfloat16, which has
8 binary digits: coordinates of 256 to 512 pixels are two pixels apart.
"""

import statistics
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import torch
from torch import Tensor
from torchvision.models.detection import FasterRCNN
from torchvision.models.detection._utils import BoxCoder
from torchvision.models.detection.image_list import ImageList

sys.path.append(str(Path(__file__).resolve().parent.parent))

from benchmarks.common import machine, pack, parser, print_table
from utils.dataset.torch_dataset import FaceDataset
from utils.detector.anchor_sampling import seed_sampling
from utils.detector.architectures import architecture, build_model

ARCH, IMAGE_SIZE = "compact_resnet18_fpn", 416
PARTS = ("loss_objectness", "loss_rpn_box_reg", "loss_classifier", "loss_box_reg")
SIDES = (0.5, 1.0, 1.5, 2.0, 3.0)  # of a face, in pixels

# Name: are the backbone's layers, the other layers, the anchors and boxes in bfloat16?
WAYS = {
    "float32": (False, False, False),
    "features (as here)": (True, False, False),
    "all layers": (True, True, False),
    "all layers and boxes (autocast)": (True, True, True),
}


def losses(
    model: FasterRCNN,
    images: Sequence[Tensor],
    targets: Sequence[dict[str, Tensor]],
    backbone: bool,
    heads: bool,
    boxes: bool,
) -> dict[str, Tensor]:
    """Return torchvision's four losses, with the parts that are asked for in bfloat16."""
    for sampler in seed_sampling(model):
        sampler.seeds = list(range(len(images)))
    normal = [model.transform.normalize(image / 255) for image in images]
    padded = model.transform.batch_images(normal, size_divisible=32)
    batch = ImageList(padded, [tuple(image.shape[1:]) for image in images])
    with torch.autocast("cpu", torch.bfloat16, enabled=backbone):
        features = model.backbone(padded)
    if not boxes:  # anchors come in the type of the features, proposals in that of the anchors
        features = {level: feature.float() for level, feature in features.items()}
    with torch.autocast("cpu", torch.bfloat16, enabled=heads):
        proposals, rpn = model.rpn(batch, features, list(targets))
        _, found = model.roi_heads(features, proposals, batch.image_sizes, list(targets))
    return {name: (rpn | found)[name].detach() for name in PARTS}


def print_losses(
    model: FasterRCNN, images: Sequence[Tensor], targets: Sequence[dict[str, Tensor]]
) -> None:
    """Print the losses each way, and the RPN's box loss against float32's."""
    rows, reference = [], 0.0
    for way, parts in WAYS.items():
        values = losses(model, images, targets, *parts)
        reference = reference or values["loss_rpn_box_reg"].item()
        ratio = values["loss_rpn_box_reg"].item() / reference
        rows.append([way, *(f"{value.item():.5f}" for value in values.values()), f"{ratio:.2f}x"])
    print_table(["in bfloat16", *(name[5:] for name in PARTS), "rpn_box_reg"], rows)


def lost_share(side: float, bfloat16: bool, places: int = 10_000) -> float:
    """Return which share of faces of this side, anywhere on a photograph, have no box coding.

    Ground truth is added to the proposals, so a face is coded with regard to itself.
    """
    generator = torch.Generator().manual_seed(0)
    corners = torch.rand((places, 2), generator=generator) * (IMAGE_SIZE - side)
    boxes = torch.cat([corners, corners + side], dim=1)
    boxes = boxes.bfloat16() if bfloat16 else boxes
    codes = BoxCoder((10.0, 10.0, 5.0, 5.0)).encode_single(boxes, boxes)
    return 1 - codes.isfinite().all(dim=1).float().mean().item()


def anchor_ratios(model: FasterRCNN, photos: FaceDataset, same_matches: bool) -> list[float]:
    """Return per photograph the RPN's box loss with anchors in bfloat16 over that in float32.

    The loss of a network that predicts no offsets at all, so that only anchors matter.

    Parameters
    ----------
    same_matches
        Which anchors are faces is decided in float32 for both.
    """
    rpn, _ = model.rpn, seed_sampling(model)
    rpn.fg_bg_sampler.seeds = [0]
    ratios = []
    for image, target in (photos[number] for number in range(len(photos))):
        height, width = (-(-side // 32) * 32 for side in image.shape[1:])
        batch = ImageList(torch.empty(1, 3, height, width), [tuple(image.shape[1:])])
        both, found = [], []
        for kind in (torch.float32, torch.bfloat16):
            levels = [
                torch.empty(1, 1, height // stride, width // stride, dtype=kind)
                for stride in (4, 8, 16, 32)
            ]
            anchors = rpn.anchor_generator(batch, levels)
            if not (same_matches and found):
                found = rpn.assign_targets_to_anchors(anchors, [target])
            labels, matched = found
            codes = rpn.box_coder.encode(matched, anchors)
            nothing = torch.zeros(len(codes[0]), 4)
            _, loss = rpn.compute_loss(
                nothing[:, 0], nothing, [labels[0].float()], [codes[0].float()]
            )
            both.append(loss.item())
        if both[0] > 0:
            ratios.append(both[1] / both[0])
    return ratios


def main(argv: Sequence[str] | None = None) -> None:
    args = parser(__doc__).parse_args(argv)
    torch.manual_seed(0)
    with TemporaryDirectory() as folder:
        shard = pack(args.data, Path(folder), 1 if args.quick else args.photos)
        photos = FaceDataset([shard], IMAGE_SIZE)
    anchors = architecture(ARCH).fit_anchors(photos.faces, photos.sizes, IMAGE_SIZE)
    model = build_model(ARCH, anchors).train()
    images, targets = zip(*(photos[number] for number in range(min(4, len(photos)))), strict=True)
    print(f"{machine()}\n\nlosses of {len(images)} photographs, untrained, {IMAGE_SIZE} pixels")
    print_losses(model, images, targets)
    speck = {"boxes": torch.tensor([[301.2, 100.0, 302.5, 101.3]]), "labels": torch.tensor([1])}
    print("\nthe same with a face of 1.3 pixels on the first")
    print_losses(model, images, [speck, *targets[1:]])
    print("\nfaces without a box coding, which is a NaN in the loss")
    rows = [
        [f"{side:g} pixels", *(f"{100 * lost_share(side, narrow):.1f} %" for narrow in (0, 1))]
        for side in SIDES
    ]
    print_table(["side", "float32", "bfloat16"], rows)
    print(
        f"\nRPN's box loss, anchors in bfloat16 / float32, of {len(photos)} photographs one by one"
    )
    rows = []
    for same, name in ((False, "matched and coded"), (True, "coded only")):
        ratios = sorted(anchor_ratios(model, photos, same))
        values = (ratios[0], statistics.median(ratios), ratios[-1], statistics.mean(ratios))
        rows.append([name, *(f"{value:.2f}" for value in values)])
    print_table(["", "least", "median", "most", "mean"], rows)


if __name__ == "__main__":
    main()
