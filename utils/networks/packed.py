"""Convolutions laid out as the processor wants them, once, with the activation that follows.

PyTorch lays out the weights of a convolution anew at each call, and goes over its output once more
for a ReLU. oneDNN, which computes both, can be told beforehand; `torch.compile` does that, too, but
takes a compiler and a minute. The numbers stay the same, bit for bit.
"""

import torch
from torch import Tensor, nn

from utils.networks.depthwise import DepthwiseConv2d

_ACTIVATIONS = {nn.ReLU: ("relu", []), nn.ReLU6: ("hardtanh", [0.0, 6.0])}
_OPERATIONS = (  # PyTorch's own compiler uses them; other versions may not have them
    "_reorder_convolution_weight",
    "_get_mkldnn_serialized_md",
    "_convolution_pointwise",
)
_SIZES = 256  # of features that a layout is remembered for


class PackedConvolution(nn.Module):
    """A convolution and perhaps an activation, for detection on this processor alone.

    Which layout is best depends on the size of the features, and weights that come in another one
    are laid out anew at each call, by code that can take longer than the convolution. So each size
    has its own; sizes share the weights where the layout is the same, of which there are two or so.
    """

    def __init__(self, layer: nn.Conv2d, activation: nn.Module | None) -> None:
        super().__init__()
        attribute, scalars = _ACTIVATIONS[type(activation)] if activation else ("none", [])
        self._place = (list(layer.padding), list(layer.stride), list(layer.dilation), layer.groups)
        self._settings = (*self._place, attribute, scalars, "")
        self.weight = layer.weight.detach().contiguous(memory_format=torch.channels_last)
        self.bias = None if layer.bias is None else layer.bias.detach()
        self._by_size: dict[torch.Size, Tensor] = {}
        self._by_layout: dict[bytes, Tensor] = {}

    def forward(self, features: Tensor) -> Tensor:
        weight = self._by_size.get(features.shape)
        if weight is None:
            weight = self._packed(features.shape)
        return torch.ops.mkldnn._convolution_pointwise(
            features.to(self.weight.dtype), weight, self.bias, *self._settings
        )

    def _packed(self, size: torch.Size) -> Tensor:
        weight = torch.ops.mkldnn._reorder_convolution_weight(self.weight, *self._place, [*size])
        layout = torch.ops.mkldnn._get_mkldnn_serialized_md(weight).numpy().tobytes()
        if len(self._by_size) >= _SIZES:  # threads need no lock: at worst one packs once more
            self._by_size, self._by_layout = {}, {}
        weight = self._by_layout.setdefault(layout, weight)
        self._by_size[size] = weight
        return weight


def can_pack(dtype: torch.dtype) -> bool:
    """Return whether this processor and this build of PyTorch can do it."""
    able = torch.backends.mkldnn.is_available() and torch.backends.mkldnn.enabled
    able = able and all(hasattr(torch.ops.mkldnn, name) for name in _OPERATIONS)
    if not able or not torch.backends.cpu.get_cpu_capability().startswith("AVX"):
        return False
    if dtype == torch.bfloat16:
        return torch.ops.mkldnn._is_mkldnn_bf16_supported()
    return dtype == torch.float32


def pack(module: nn.Module) -> None:
    """Replace the convolutions in a module, with the activations that follow in a sequence."""
    children = list(module.named_children())
    for number, (name, child) in enumerate(children):
        if type(child) not in (nn.Conv2d, DepthwiseConv2d):
            pack(child)
        elif child.padding_mode == "zeros" and not isinstance(child.padding, str):
            in_turn = isinstance(module, nn.Sequential)
            follows = _activation_after(children[number + 1 :]) if in_turn else None
            setattr(module, name, PackedConvolution(child, follows[1] if follows else None))
            if follows:
                setattr(module, follows[0], nn.Identity())


def _activation_after(children: list[tuple[str, nn.Module]]) -> tuple[str, nn.Module] | None:
    """Return the first of the children that does something, if that is a known activation."""
    for name, child in children:
        if type(child) is not nn.Identity:
            return (name, child) if type(child) in _ACTIVATIONS else None
    return None
