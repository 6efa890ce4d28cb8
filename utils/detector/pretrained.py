"""Which weights a detector starts from: decided, and fetched, where the workflow is submitted."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from utils.detector.architectures import architecture
from utils.detector.names import COMPACT_CENTERFACE, IN_THE_BOX
from utils.networks import pretrained
from utils.networks.pretrained import Networks, Weights


def _check(file: Path, arch: str) -> dict[str, Any] | None:
    from utils.detector.weights import check_weights, origin

    check_weights(file, arch)
    return origin(file, arch)


NETWORKS = Networks(architecture, "coco", COMPACT_CENTERFACE, _check, IN_THE_BOX)


def choose_weights(
    arch: str, asked: str, tell: Callable[[str], None] = lambda line: None
) -> Weights:
    """Decide what ``--weights`` means for a detector; see `utils.networks.pretrained`."""
    return pretrained.choose_weights(NETWORKS, arch, asked, tell)
