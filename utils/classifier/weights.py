"""Loading pretrained weights into a classifier of ours: published ones, or those of our models."""

import logging
from pathlib import Path

import torch

from utils.classifier.architectures import architecture, build_network
from utils.classifier.network import FaceNetwork
from utils.networks import weight_files
from utils.networks.trunk_weights import trunk_state
from utils.networks.weight_files import Loaded, State, as_trunk, fitted, state_dict

log = logging.getLogger(__name__)

TRUNK = "trunk."
"""Prefix of the names of the layers that compute features."""

OF_DETECTORS = "backbone.body."
"""Their prefix in a detector."""


def load_weights(network: FaceNetwork, path: Path, arch: str) -> Loaded:
    """Load a state dict into `network`, which is an `arch`.

    Of torchvision's weights of ImageNet, of the packaged files (`utils.networks.published`) and of
    a detector of ours, the trunk is taken; of a classifier of ours the head, too.

    Raises
    ------
    InputError
        If the file is damaged, is no state dict, or is one of another architecture; `network` is
        then as it was.
    """
    given, loaded = _fitting(path, network.state_dict(), arch)
    network.load_state_dict(given, strict=False)
    log.info("weights of a %s from %s: %d tensors", loaded.kind, path, len(loaded.names))
    return loaded


def check_weights(path: Path, arch: str) -> None:
    """Refuse what `load_weights` would refuse, before anything is submitted.

    Raises
    ------
    InputError
        As `load_weights`.
    """
    with torch.device("meta"):  # shapes without numbers
        network = build_network(arch)
    _fitting(path, network.state_dict(), arch)


def origin(path: Path, arch: str) -> dict[str, str | None]:
    """Return what is known of a file of weights (see `utils.networks.weight_files.origin`)."""
    return weight_files.origin(path, {"imagenet": architecture(arch).backbone})


def _fitting(path: Path, wanted: State, arch: str) -> tuple[State, Loaded]:
    """Return the tensors of a file that go into a network of the state `wanted`."""
    trunk = trunk_state(path) if Path(path).is_file() else None
    content = state_dict(path) if trunk is None else trunk
    if any(name.startswith(TRUNK) for name in content):
        return content, fitted(path, "classifier", content, wanted, arch)
    wanted = {name: value for name, value in wanted.items() if name.startswith(TRUNK)}
    if any(name.startswith(OF_DETECTORS) for name in content):
        kind = "detector"
        given = {
            TRUNK + name.removeprefix(OF_DETECTORS): value
            for name, value in content.items()
            if name.startswith(OF_DETECTORS)
        }
    else:
        kind = "classifier" if trunk is None else "trunk"
        given = dict(as_trunk(content, wanted, TRUNK))
    return given, fitted(path, kind, given, wanted, arch)
