"""Loading pretrained weights: a detector's or a classifier's state dict into a detector of ours."""

import logging
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor
from torchvision.models.detection import FasterRCNN

from utils.detector.anchors import Anchors
from utils.detector.architectures import architecture, build_model
from utils.errors import InputError, brief
from utils.networks.model_file import started_from
from utils.networks.published import address_of, digest_in, packaged, sha256_of
from utils.networks.trunk_weights import trunk_state
from utils.training.tensors import load_tensors

log = logging.getLogger(__name__)

State = dict[str, Tensor]

HEADS = ("roi_heads.box_predictor.", "rpn.head.cls_logits.", "rpn.head.bbox_pred.")
"""Layers whose shape follows from the classes and anchors, and which may thus differ."""

BODY = "backbone.body."
"""What the names of a backbone's layers begin with, less its feature pyramid."""

OF_OURS = "a model of this project that started from "

WRAPPERS = ("state_dict", "model_state_dict", "model", "params", "net", "weights")
"""Under which of these names the checkpoints of others hold the state dict."""

PREFIXES = ("module.", "_orig_mod.", "model.")
"""What `DataParallel`, `torch.compile` and Lightning put before every name."""

COUNTERS = ("n_averaged",)
"""What `torch.optim.swa_utils.AveragedModel` puts beside them."""

_OF_YOLO = re.compile(r"\d+\.")
"""Names of YOLO networks, which are numbered lists of layers; ours begin with words."""

# Files older than torchvision 0.13 (COCO's for resnet50_fpn and mobilenet_v3_large_fpn are) name
# these convolutions without the block that holds them today; torchvision renames them as it loads.
_RENAMED = (
    (re.compile(r"(backbone\.fpn\.(?:inner|layer)_blocks\.\d+)\.(weight|bias)"), r"\1.0.\2"),
    (re.compile(r"(rpn\.head\.conv)\.(weight|bias)"), r"\1.0.0.\2"),
)


@dataclass(frozen=True)
class Loaded:
    """What a file of weights gave to a network.

    Attributes
    ----------
    kind
        ``detector``, ``classifier``, of which the backbone was taken, or ``trunk``.
    names
        Of the tensors that were loaded.
    replaced
        Names of the file's tensors that do not fit our classes or anchors; ours stayed.
    normalised
        Names of the normalisation layers whose statistics came with the weights. The others have
        seen nothing yet: their statistics must be learnt, not frozen.
    """

    kind: str
    names: frozenset[str]
    replaced: tuple[str, ...]
    normalised: frozenset[str]


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
    """Return what is known of a file of weights, for the record of what was learnt from them.

    Returns
    -------
    ``file`` (its name where it was published), ``sha256``, ``network`` (whose weights they are, and
    of what they were learnt), ``source`` and ``licence``; None each where nothing is known. Of a
    model of ours they are those of the weights that its training started from.
    """
    digest = sha256_of(path)
    if known := packaged(digest):
        return known.origin()
    told: dict[str, str | None] = dict.fromkeys(("file", "network", "source", "licence"))
    if before := started_from(path):
        told |= {name: before.get(name) for name in ("network", "source", "licence")}
        if told["network"] and not told["network"].startswith(OF_OURS):
            told["network"] = OF_OURS + told["network"]
    else:
        found = architecture(arch)
        of = {"coco": arch if found.coco else None, "imagenet": found.backbone}
        for kind, network in of.items():
            name = Path(address_of(network, kind)).name if network else None
            if name and digest.startswith(digest_in(name)):
                learnt = {"coco": "COCO", "imagenet": "ImageNet"}[kind]
                told = {
                    "file": name,
                    "network": f"torchvision's {network} of {learnt}",
                    "source": "torchvision",
                    "licence": "BSD-3-Clause",
                }
    return {"sha256": digest, **told}


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
    content = _state_dict(path) if trunk is None else trunk
    if any(name.startswith("backbone.") for name in content):
        kind, given = "detector", {_today(name): value for name, value in content.items()}
    else:
        kind = "classifier" if trunk is None else "trunk"
        wanted = {name: wanted[name] for name in wanted if name.startswith(BODY)}
        given = dict(_as_backbone(content, wanted))
    replaced = sorted(
        name
        for name in given
        if name.startswith(HEADS) and name in wanted and given[name].shape != wanted[name].shape
    )
    for name in replaced:
        del given[name]
    misfits = _misfits(given, wanted, set(replaced))
    if misfits:
        raise InputError(
            f"{path}: these weights of a {kind} do not fit {arch}: {'; '.join(misfits[:3])}"
            f" ({len(misfits)} in all); give weights made for it, or --weights none"
        )
    statistics = {name for name in given if name.endswith(".running_mean")}
    normalised = frozenset(name.removesuffix(".running_mean") for name in statistics)
    return given, Loaded(kind, frozenset(given), tuple(replaced), normalised)


def _state_dict(path: Path) -> State:
    """Read a state dict, alone or within a checkpoint (or a model file of ours)."""
    content, _ = load_tensors(path)
    while isinstance(content, dict):
        inner = next(
            (content[name] for name in WRAPPERS if isinstance(content.get(name), dict)), None
        )
        if inner is None:
            break
        content = inner
    if not isinstance(content, dict):
        raise InputError(
            f"{path}: holds {_kind_of(content)}, not a state dict of tensors by name; give that"
        )
    content = {name: value for name, value in content.items() if name not in COUNTERS}
    if not content or not all(
        isinstance(name, str) and isinstance(value, Tensor) for name, value in content.items()
    ):
        held = ", ".join(brief(name, 40) for name in list(content)[:5]) or "nothing"
        raise InputError(
            f"{path}: holds {held}, not a state dict of tensors by name, alone or under "
            f"{', '.join(WRAPPERS)}; give that"
        )
    while prefix := next((p for p in PREFIXES if all(n.startswith(p) for n in content)), None):
        content = {name.removeprefix(prefix): value for name, value in content.items()}
    if all(_OF_YOLO.match(name) for name in content):
        raise InputError(
            f"{path}: is a YOLO file; its network is none of ours, give weights of torchvision"
        )
    return content


def _kind_of(content: object) -> str:
    return "one tensor" if isinstance(content, Tensor) else f"a {type(content).__name__}"


def _today(name: str) -> str:
    for old, new in _RENAMED:
        if old.fullmatch(name):
            return old.sub(new, name)
    return name


def _as_backbone(state: State, wanted: State) -> Iterator[tuple[str, Tensor]]:
    """Rename the layers of a classifier as a detector's backbone calls them, less the classifier.

    ResNets keep their names; MobileNets' ``features.<n>`` become ``<n>``, less those that come
    after the last of ours.
    """
    numbers = [name.removeprefix(BODY).split(".")[0] for name in wanted]
    last = max((int(number) for number in numbers if number.isdecimal()), default=math.inf)
    for name, value in state.items():
        own = name.removeprefix("features.")
        number = own.split(".")[0]
        beyond = number.isdecimal() and int(number) > last
        if not beyond and not name.startswith(("fc.", "classifier.")):
            yield BODY + own, value


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
