"""The convolutional trunks of the compact detectors: features at strides of 4, 8, 16 and 32."""

from dataclasses import dataclass

from torch import Tensor, nn
from torchvision.models import ResNet, mobilenet_v2
from torchvision.models.resnet import BasicBlock
from torchvision.ops import Conv2dNormActivation

WIDTH = 48
"""Channels of the first layer of the narrow ResNet-18."""


@dataclass(frozen=True)
class Trunk:
    """A network without its classifier.

    Attributes
    ----------
    layers
        The network; features are taken from some of its children.
    levels
        Names of the children that give the features at strides of 4, 8, 16 and 32.
    channels
        Of these features.
    """

    layers: nn.Module
    levels: tuple[str, str, str, str]
    channels: tuple[int, int, int, int]


class _NarrowResNet18(ResNet):
    """ResNet-18 (He et al. 2016) with its channels scaled from 64 to `width` in the first layer."""

    def __init__(self, width: int) -> None:
        super().__init__(BasicBlock, [2, 2, 2, 2])
        self.inplanes = width
        self.conv1 = nn.Conv2d(3, width, 7, stride=2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        for number in range(4):
            layer = self._make_layer(BasicBlock, width * 2**number, 2, stride=2 if number else 1)
            setattr(self, f"layer{number + 1}", layer)
        _initialise(self)


def narrow_resnet18() -> Trunk:
    """Return a ResNet-18 of three quarters of its channels."""
    channels = (WIDTH, 2 * WIDTH, 4 * WIDTH, 8 * WIDTH)
    return Trunk(_NarrowResNet18(WIDTH), ("layer1", "layer2", "layer3", "layer4"), channels)


def mobilenet_v2_trunk(activation: type[nn.Module] = nn.ReLU6) -> Trunk:
    """Return MobileNetV2 (Sandler et al. 2018) without its last convolution.

    With ``nn.ReLU`` it is the trunk of CenterFace (Xu et al. 2020).
    """
    layers = mobilenet_v2(weights=None).features[:18]
    if activation is not nn.ReLU6:
        _replace(layers, nn.ReLU6, activation)
    return Trunk(layers, ("3", "6", "13", "17"), (24, 32, 96, 320))


# Of EfficientNet-B0: kernel, stride, factor by which a block widens, channels, blocks.
_LITE0 = (
    (3, 1, 1, 16, 1),
    (3, 2, 6, 24, 2),
    (5, 2, 6, 40, 2),
    (3, 2, 6, 80, 3),
    (5, 1, 6, 112, 3),
    (5, 2, 6, 192, 4),
    (3, 1, 6, 320, 1),
)
_LITE0_EPS = 1e-3


class _InvertedResidual(nn.Sequential):
    """A block that widens, filters each channel, and narrows (Sandler et al. 2018)."""

    def __init__(self, given: int, out: int, kernel: int, stride: int, factor: int) -> None:
        wide = given * factor
        layers = [_convolution(given, wide, 1)] if factor > 1 else []
        layers.append(_convolution(wide, wide, kernel, stride, groups=wide))
        layers.append(_convolution(wide, out, 1, activation=None))
        super().__init__(*layers)
        self.adds = stride == 1 and given == out

    def forward(self, input: Tensor) -> Tensor:
        output = super().forward(input)
        return input + output if self.adds else output


def efficientnet_lite0_trunk() -> Trunk:
    """Return EfficientNet-Lite0 without its last convolution.

    EfficientNet-B0 (Tan and Le 2019) without squeeze-and-excitation and with ReLU6 in place of
    SiLU. Where TensorFlow's layers of stride 2 pad on the right and below only, these pad evenly:
    the features are those of the photograph moved by stride - 1 pixels. That makes no difference
    to a detector, and nothing has to be copied.
    """
    layers: list[nn.Module] = [_convolution(3, 32, 3, 2)]
    given = 32
    for kernel, stride, factor, channels, blocks in _LITE0:
        for number in range(blocks):
            step = 1 if number else stride
            layers.append(_InvertedResidual(given, channels, kernel, step, factor))
            given = channels
    trunk = nn.Sequential(*layers)
    _initialise(trunk)
    return Trunk(trunk, ("3", "5", "11", "16"), (24, 40, 112, 320))


def _convolution(
    given: int,
    out: int,
    kernel: int,
    stride: int = 1,
    groups: int = 1,
    activation: type[nn.Module] | None = nn.ReLU6,
) -> nn.Module:
    layer = Conv2dNormActivation(
        given, out, kernel, stride, groups=groups, activation_layer=activation
    )
    layer[1].eps = _LITE0_EPS
    return layer


def _initialise(network: nn.Module) -> None:
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")


def _replace(network: nn.Module, old: type[nn.Module], new: type[nn.Module]) -> None:
    for name, child in network.named_children():
        if isinstance(child, old):
            setattr(network, name, new(inplace=True))
        else:
            _replace(child, old, new)
