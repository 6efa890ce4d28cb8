"""Pretrained weights: fetched where the workflow is submitted, loaded where it trains."""

import logging
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import torch
from torch import Tensor
from torchvision.models.detection import FasterRCNN

from utils.detector.architectures import architecture
from utils.detector.model_file import load_tensors
from utils.errors import InputError

log = logging.getLogger(__name__)

State = dict[str, Tensor]

KINDS = ("coco", "imagenet")
"""Weights that torchvision offers: of a whole detector, and of its backbone."""

HEADS = ("roi_heads.box_predictor.", "rpn.head.cls_logits.", "rpn.head.bbox_pred.")
"""Layers whose shape follows from the classes and anchors, and which may thus differ."""


def load_weights(model: FasterRCNN, path: Path, arch: str) -> None:
    """Load a detector's or a classifier's state dict into `model`, which is an `arch`.

    Of a detector (torchvision's COCO weights, or a model file of ours), layers that depend on the
    number of classes or anchors are left as they are where they do not fit, such as a head for
    COCO's 91 classes. Of a classifier (torchvision's ImageNet weights) the backbone is taken.

    Raises
    ------
    InputError
        If the file is damaged, is no state dict, or is one of another architecture.
    """
    content, _ = load_tensors(path)
    if isinstance(content, dict) and isinstance(content.get("state_dict"), dict):
        content = content["state_dict"]
    if not isinstance(content, dict) or not all(isinstance(v, Tensor) for v in content.values()):
        raise InputError(f"{path}: not a state dict of tensors by name")
    given, wanted = dict(content), model.state_dict()
    if any(name.startswith("backbone.") for name in given):
        kind = "a detector"
    else:
        given, kind = dict(_as_backbone(given)), "a classifier"
        wanted = {name: wanted[name] for name in wanted if name.startswith("backbone.body.")}
    replaced = [
        name
        for name in given
        if name.startswith(HEADS) and name in wanted and given[name].shape != wanted[name].shape
    ]
    for name in replaced:
        del given[name]
    misfits = _misfits(given, wanted, set(replaced))
    if misfits:
        raise InputError(
            f"{path}: these weights of {kind} do not fit {arch}: {'; '.join(misfits[:3])}"
            f" ({len(misfits)} in all); give weights made for it, or --weights none"
        )
    model.load_state_dict(given, strict=False)
    log.info(
        "weights of %s from %s: %d tensors loaded, %d replaced for our classes and anchors",
        kind,
        path,
        len(given),
        len(replaced),
    )


def provide_weights(arch: str, wanted: str, path: Path) -> None:
    """Bring the weights that an option names, ``coco``, ``imagenet`` or a file, to `path`.

    Raises
    ------
    InputError
        If the file holds no tensors, or `fetch_weights` cannot fetch.
    """
    if wanted in KINDS:
        fetch_weights(arch, wanted, path)
        return
    if not Path(wanted).is_file():
        raise InputError(f"--weights: {wanted}: no such file; nor is it {' or '.join(KINDS)}")
    load_tensors(Path(wanted))
    shutil.copyfile(wanted, path)


def fetch_weights(arch: str, kind: str, path: Path) -> None:
    """Download torchvision's weights for `arch` to `path`; needs the internet, so never in a job.

    Parameters
    ----------
    kind
        ``coco`` for the whole detector, ``imagenet`` for its backbone.

    Raises
    ------
    InputError
        If torchvision has no such weights, or the download fails.
    """
    from torchvision.models import get_model_weights

    found = architecture(arch)
    if kind == "coco" and not found.coco:
        raise InputError(
            f"--weights coco: there are none for {arch}; take imagenet or none, or another --arch"
        )
    weights = get_model_weights(arch if kind == "coco" else found.backbone).DEFAULT
    path = Path(path)
    temporary = path.with_name(path.name + ".part")
    try:
        torch.hub.download_url_to_file(weights.url, str(temporary), progress=False)
        load_tensors(temporary)
    except (OSError, RuntimeError) as error:
        temporary.unlink(missing_ok=True)
        raise InputError(
            f"--weights {kind}: cannot fetch {weights.url} ({error}); "
            "fetch it elsewhere and give the file, or --weights none"
        ) from error
    os.replace(temporary, path)


def _as_backbone(state: State) -> Iterator[tuple[str, Tensor]]:
    """Rename the layers of a classifier as a detector's backbone calls them, less the classifier.

    ResNets keep their names; MobileNets' ``features.<n>`` become ``<n>``.
    """
    for name, value in state.items():
        if not name.startswith(("fc.", "classifier.")):
            yield "backbone.body." + name.removeprefix("features."), value


def _misfits(given: State, wanted: State, replaced: set[str]) -> list[str]:
    missing = [
        f"{name} is missing"
        for name in wanted.keys() - given.keys() - replaced
        if not name.endswith("num_batches_tracked")  # counted by no frozen normalisation
    ]
    unknown = [f"{name} is unknown" for name in given.keys() - wanted.keys()]
    shapes = [
        f"{name} is {tuple(given[name].shape)}, not {tuple(wanted[name].shape)}"
        for name in given.keys() & wanted.keys()
        if given[name].shape != wanted[name].shape
    ]
    return sorted(shapes) + sorted(missing) + sorted(unknown)
