"""Which weights a classifier starts from: decided, and fetched, where the workflow is submitted."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from utils.classifier.architectures import architecture
from utils.classifier.names import CENTERFACE
from utils.networks import pretrained
from utils.networks.pretrained import Networks, Weights


def _check(file: Path, arch: str) -> dict[str, Any] | None:
    from utils.classifier.weights import check_weights, origin

    check_weights(file, arch)
    return origin(file, arch)


NETWORKS = Networks(architecture, "imagenet", CENTERFACE, _check)


def choose_weights(
    arch: str, asked: str, tell: Callable[[str], None] = lambda line: None
) -> Weights:
    """Decide what ``--weights`` means for a classifier; see `utils.networks.pretrained`."""
    return pretrained.choose_weights(NETWORKS, arch, asked, tell)
