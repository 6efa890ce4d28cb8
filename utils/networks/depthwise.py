"""Convolutions of each channel by itself, with a backward pass that is fast on CPUs.

PyTorch 2.14 hands the backward pass of these layers to oneDNN, which in bfloat16 takes twenty
times as long as the forward pass where the stride is 2, or the kernel 5 x 5. The same sums by
operations that it is fast at take a tenth (``benchmarks/trunk_cost.py``).
"""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.grad import conv2d_weight

_FAST = 3
"""Largest kernel whose gradient oneDNN computes fast."""


class DepthwiseConv2d(nn.Conv2d):
    """A depthwise convolution with an odd kernel, padded evenly: same results, another backward."""

    def _conv_forward(self, input: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        learns = torch.is_grad_enabled() and (input.requires_grad or weight.requires_grad)
        if not learns or input.device.type != "cpu":
            return super()._conv_forward(input, weight, bias)
        if torch.is_autocast_enabled("cpu"):
            dtype = torch.get_autocast_dtype("cpu")
            input, weight = input.to(dtype), weight.to(dtype)
            bias = None if bias is None else bias.to(dtype)
        return _Depthwise.apply(input, weight, bias, self.stride[0])

    @classmethod
    def of(cls, other: nn.Conv2d) -> "DepthwiseConv2d":
        """Return a layer with the parameters of `other`, which it shares."""
        layer = cls(
            other.in_channels,
            other.out_channels,
            other.kernel_size,
            other.stride,
            other.padding,
            groups=other.groups,
            bias=other.bias is not None,
            device="meta",
        )
        layer.weight, layer.bias = other.weight, other.bias
        return layer


class _Depthwise(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, input: Tensor, weight: Tensor, bias: Tensor | None, stride: int
    ) -> Tensor:
        ctx.save_for_backward(input, weight)
        ctx.stride = stride
        return functional.conv2d(
            input, weight, bias, stride, weight.shape[2] // 2, groups=weight.shape[0]
        )

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        input, weight = ctx.saved_tensors
        of_input, of_weight, of_bias, _ = ctx.needs_input_grad
        gradient = gradient.contiguous(memory_format=torch.channels_last)
        return (
            _of_input(input, weight, gradient, ctx.stride) if of_input else None,
            _of_weight(input, weight, gradient, ctx.stride) if of_weight else None,
            gradient.sum(dim=(0, 2, 3)) if of_bias else None,
            None,
        )


def _of_input(input: Tensor, weight: Tensor, gradient: Tensor, stride: int) -> Tensor:
    """Convolve the gradient, zero where the layer skipped a place, by the turned kernel."""
    if stride > 1:
        spread = torch.empty_like(input, memory_format=torch.channels_last).zero_()
        spread[:, :, ::stride, ::stride] = gradient
        gradient = spread
    turned = weight.flip(2, 3)
    return functional.conv2d(gradient, turned, None, 1, weight.shape[2] // 2, groups=len(weight))


def _of_weight(input: Tensor, weight: Tensor, gradient: Tensor, stride: int) -> Tensor:
    """Compute the gradient of a large kernel in parts of 3 x 3, each of a shifted input."""
    channels, size = len(weight), weight.shape[2]
    padding = size // 2
    if size <= _FAST:
        return conv2d_weight(input, weight.shape, gradient, stride, padding, groups=channels)
    parts = -(-size // _FAST)
    beyond = parts * _FAST - size
    padded = functional.pad(input, (padding, padding + beyond) * 2)
    whole = weight.new_empty((channels, 1, parts * _FAST, parts * _FAST))
    height, width = ((places - 1) * stride + _FAST for places in gradient.shape[2:])
    for top in range(0, parts * _FAST, _FAST):
        for left in range(0, parts * _FAST, _FAST):
            shifted = padded[:, :, top : top + height, left : left + width]
            whole[:, :, top : top + _FAST, left : left + _FAST] = conv2d_weight(
                shifted, (channels, 1, _FAST, _FAST), gradient, stride, groups=channels
            )
    return whole[:, :, :size, :size]


def use_fast_depthwise(network: nn.Module) -> None:
    """Replace the depthwise convolutions within `network` by those of this file."""
    for name, child in network.named_children():
        if not isinstance(child, nn.Conv2d):
            use_fast_depthwise(child)
        elif _fits(child):
            setattr(network, name, DepthwiseConv2d.of(child))


def _fits(layer: nn.Conv2d) -> bool:
    height, width = layer.kernel_size
    return (
        type(layer) is nn.Conv2d
        and 1 < layer.groups == layer.in_channels == layer.out_channels
        and height == width
        and height % 2 == 1
        and layer.padding == (height // 2, height // 2)
        and layer.stride[0] == layer.stride[1]
        and layer.dilation == (1, 1)
        and layer.padding_mode == "zeros"
    )
