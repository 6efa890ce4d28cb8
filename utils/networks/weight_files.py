"""Files of pretrained weights: what they hold, under which names, and whose they are."""

import math
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from torch import Tensor

from utils.errors import InputError, brief
from utils.networks.model_file import started_from
from utils.networks.published import address_of, digest_in, packaged
from utils.records import digest_of
from utils.training.tensors import load_tensors

State = dict[str, Tensor]

OF_OURS = "a model of this project that started from "

WRAPPERS = ("state_dict", "model_state_dict", "model", "params", "net", "weights")
"""Under which of these names the checkpoints of others hold the state dict."""

PREFIXES = ("module.", "_orig_mod.", "model.")
"""What `DataParallel`, `torch.compile` and Lightning put before every name."""

COUNTERS = ("n_averaged",)
"""What `torch.optim.swa_utils.AveragedModel` puts beside them."""

_OF_YOLO = re.compile(r"\d+\.")
"""Names of YOLO networks, which are numbered lists of layers; ours begin with words."""


@dataclass(frozen=True)
class Loaded:
    """What a file of weights gave to a network.

    Attributes
    ----------
    kind
        ``detector`` or ``classifier``, of which the trunk may be all that was taken, or ``trunk``.
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


def origin(path: Path, published: Mapping[str, str | None]) -> dict[str, str | None]:
    """Return what is known of a file of weights, for the record of what was learnt from them.

    Parameters
    ----------
    published
        Names of networks of torchvision's whose published weights it may hold: of ``coco`` and
        ``imagenet``, each perhaps None.

    Returns
    -------
    ``file`` (its name where it was published), ``sha256``, ``network`` (whose weights they are, and
    of what they were learnt), ``source`` and ``licence``; None each where nothing is known. Of a
    model of ours they are those of the weights that its training started from.
    """
    digest = digest_of(path)
    if known := packaged(digest):
        return known.origin()
    told: dict[str, str | None] = dict.fromkeys(("file", "network", "source", "licence"))
    if before := started_from(path):
        told |= {name: before.get(name) for name in ("network", "source", "licence")}
        if told["network"] and not told["network"].startswith(OF_OURS):
            told["network"] = OF_OURS + told["network"]
    else:
        for kind, network in published.items():
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


def state_dict(path: Path) -> State:
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


def as_trunk(state: State, wanted: State, prefix: str) -> Iterator[tuple[str, Tensor]]:
    """Rename the layers of a published classifier as a trunk of ours calls them, less the last.

    ResNets keep their names; the ``features.<n>`` of others become ``<n>``, less those that come
    after the last of ours.

    Parameters
    ----------
    wanted
        The trunk of ours.
    prefix
        What all its names begin with.
    """
    numbers = [name.removeprefix(prefix).split(".")[0] for name in wanted]
    last = max((int(number) for number in numbers if number.isdecimal()), default=math.inf)
    for name, value in state.items():
        own = name.removeprefix("features.")
        number = own.split(".")[0]
        beyond = number.isdecimal() and int(number) > last
        if not beyond and not name.startswith(("fc.", "classifier.")):
            yield prefix + own, value


def fitted(
    path: Path, kind: str, given: State, wanted: State, arch: str, replaced: Collection[str] = ()
) -> Loaded:
    """Return what a file gives to a network, if all of it fits.

    Parameters
    ----------
    kind
        What the file is of.
    given, wanted
        Its tensors under our names, and those of the network that it is to give.
    replaced
        Names of tensors that it need not give.

    Raises
    ------
    InputError
        If something is missing, unknown or of another shape.
    """
    if found := _misfits(given, wanted, set(replaced)):
        raise InputError(
            f"{path}: these weights of a {kind} do not fit {arch}: {'; '.join(found[:3])}"
            f" ({len(found)} in all); give weights made for it, or --weights none"
        )
    if broken := [name for name, value in given.items() if not bool(value.isfinite().all())]:
        raise InputError(
            f"{path}: {broken[0]} holds what is no finite number ({len(broken)} such in all), as "
            "of a training that diverged; give other weights, or --weights none"
        )
    statistics = {name for name in given if name.endswith(".running_mean")}
    normalised = frozenset(name.removesuffix(".running_mean") for name in statistics)
    return Loaded(kind, frozenset(given), tuple(replaced), normalised)


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
