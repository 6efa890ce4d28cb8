"""Loading pretrained weights: a detector's or a classifier's state dict into a detector of ours."""

import logging
import re
from pathlib import Path

import torch
from torchvision.models.detection import FasterRCNN

from utils.detector.anchors import Anchors
from utils.detector.architectures import architecture, build_model
from utils.networks import weight_files
from utils.networks.trunk_weights import trunk_state
from utils.networks.weight_files import Loaded, State, as_trunk, fitted, state_dict

log = logging.getLogger(__name__)

HEADS = ("roi_heads.box_predictor.", "rpn.head.cls_logits.", "rpn.head.bbox_pred.")
"""Layers whose shape follows from the classes and anchors, and which may thus differ."""

BODY = "backbone.body."
"""What the names of a backbone's layers begin with, less its feature pyramid."""

# Files older than torchvision 0.13 (COCO's for resnet50_fpn and mobilenet_v3_large_fpn are) name
# these convolutions without the block that holds them today; torchvision renames them as it loads.
_RENAMED = (
    (re.compile(r"(backbone\.fpn\.(?:inner|layer)_blocks\.\d+)\.(weight|bias)"), r"\1.0.\2"),
    (re.compile(r"(rpn\.head\.conv)\.(weight|bias)"), r"\1.0.0.\2"),
)


def load_weights(model: FasterRCNN, path: Path, arch: str) -> Loaded:
    """Load a detector's or a classifier's state dict into `model`, which is an `arch`.

    Of a detector (torchvision's COCO weights, or a model file of ours), layers that depend on the
    number of classes or anchors are left as they are where they do not fit, such as a head for
    COCO's 91 classes. Of a classifier (torchvision's ImageNet weights) the backbone is taken, and
    so it is of the packaged files (`utils.networks.published`).

    torchvision gives its pretrained ResNet-50-FPN a normalisation without the 1e-5 under the root;
    ours keeps it, since a model file could not tell, and training absorbs it.

    Raises
    ------
    InputError
        If the file is damaged, is no state dict, or is one of another architecture; `model` is
        then as it was.
    """
    given, loaded = _fitting(path, model.state_dict(), arch)
    model.load_state_dict(given, strict=False)
    log.info(
        "weights of a %s from %s: %d tensors loaded, %d replaced for our classes and anchors",
        loaded.kind,
        path,
        len(loaded.names),
        len(loaded.replaced),
    )
    return loaded


def origin(path: Path, arch: str) -> dict[str, str | None]:
    """Return what is known of a file of weights (see `utils.networks.weight_files.origin`)."""
    found = architecture(arch)
    published = {"coco": arch if found.coco else None, "imagenet": found.backbone}
    return weight_files.origin(path, published)


def check_weights(path: Path, arch: str) -> None:
    """Refuse what `load_weights` would refuse, before anything is submitted.

    Raises
    ------
    InputError
        As `load_weights`.
    """
    found = architecture(arch)
    sizes = tuple(float(size) for size in range(1, found.per_level + 1))
    with torch.device("meta"):  # shapes without numbers
        model = build_model(arch, Anchors((sizes,) * found.levels, found.ratios or (1.0,)))
    _fitting(path, model.state_dict(), arch)


def _fitting(path: Path, wanted: State, arch: str) -> tuple[State, Loaded]:
    """Return the tensors of a file that go into a network of the state `wanted`."""
    trunk = trunk_state(path) if Path(path).is_file() else None
    content = state_dict(path) if trunk is None else trunk
    if any(name.startswith("backbone.") for name in content):
        kind, given = "detector", {_today(name): value for name, value in content.items()}
    else:
        kind = "classifier" if trunk is None else "trunk"
        wanted = {name: wanted[name] for name in wanted if name.startswith(BODY)}
        given = dict(as_trunk(content, wanted, BODY))
    replaced = sorted(
        name
        for name in given
        if name.startswith(HEADS) and name in wanted and given[name].shape != wanted[name].shape
    )
    for name in replaced:
        del given[name]
    return given, fitted(path, kind, given, wanted, arch, replaced)


def _today(name: str) -> str:
    for old, new in _RENAMED:
        if old.fullmatch(name):
            return old.sub(new, name)
    return name
