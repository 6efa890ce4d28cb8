"""Clocks in the modules and calls of a detector: whose time, and whose arithmetic, it is."""

import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from unittest.mock import patch

import torch
from torch import Tensor, nn
from torch.optim.optimizer import (
    register_optimizer_step_post_hook,
    register_optimizer_step_pre_hook,
)
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import conv_flop_count, flop_registry, shape_wrapper
from torchvision.models._utils import IntermediateLayerGetter
from torchvision.models.detection.faster_rcnn import FastRCNNPredictor
from torchvision.models.detection.rpn import RegionProposalNetwork, RPNHead
from torchvision.ops import FeaturePyramidNetwork, MultiScaleRoIAlign

from utils.dataset.torch_dataset import FaceDataset
from utils.detector import forward, proposals
from utils.detector.augmentation import Augmentation
from utils.detector.head_loss import HeadLoss
from utils.training import loop
from utils.training.averages import Average

MODULES = {
    IntermediateLayerGetter: "backbone",
    FeaturePyramidNetwork: "feature pyramid",
    RPNHead: "RPN: head",
    RegionProposalNetwork: "RPN: anchors, matching, suppression",
    MultiScaleRoIAlign: "RoIAlign",
    nn.Linear: "box head",
    FastRCNNPredictor: "box head",
}
CALLS = (
    (forward, "propose", "RPN: anchors, matching, suppression"),  # at detection; in training, the
    (proposals, "ask", "RPN: head"),  # modules of torchvision do it
    (FaceDataset, "__getitem__", "photographs from the cache"),
    (Augmentation, "__call__", "augmentation"),
    (HeadLoss, "__call__", "RoI heads: sampling, losses"),
    (Tensor, "backward", "backward"),
    (nn.utils, "clip_grad_norm_", "gradient clipping"),
    (Average, "update", "average of the weights"),
)
Macs = dict[torch.dtype, int]


def _packed_flops(features, weight, *unused: object, out_shape, **more: object) -> int:
    """Return the floating point operations of `torch.ops.mkldnn._convolution_pointwise`."""
    return conv_flop_count(features, weight, out_shape)


def _backward_flops(
    gradient, features, weight, *unused: object, out_shape: Sequence[object], **more: object
) -> int:
    """Return those of a convolution's gradients: of each that is asked for as many as forward.

    PyTorch's own count takes the weight gradient of a depthwise convolution for one of all channels
    by all channels.
    """
    asked = sum(shape is not None for shape in out_shape[:2])  # of the features, of the weight
    return asked * conv_flop_count(features, weight, gradient)


FLOPS = {
    **flop_registry,
    torch.ops.mkldnn._convolution_pointwise: shape_wrapper(_packed_flops),
    torch.ops.aten.convolution_backward: shape_wrapper(_backward_flops),
}


class Parts(TorchDispatchMode):
    """Attributes time, or arithmetic, to the innermost part that is running.

    Entered as a context it counts MACs, which slows everything down; time it without.
    """

    def __init__(self) -> None:
        super().__init__()
        self.on = False
        self.seconds: dict[str, float] = defaultdict(float)
        self.macs: dict[str, Macs] = defaultdict(lambda: defaultdict(int))
        self._running: list[str] = []
        self._since = 0.0

    def switch(self, on: bool) -> None:
        self._lap()
        self.on = on

    def start(self, part: str) -> None:
        self._lap()
        self._running.append(part)

    def stop(self) -> None:
        self._lap()
        self._running.pop()

    def _lap(self) -> None:
        now = time.perf_counter()
        if self.on:
            self.seconds[self._part()] += now - self._since
        self._since = now

    def _part(self) -> str:
        return self._running[-1] if self._running else "the rest"

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        if func._overloadpacket not in FLOPS:
            with self:  # in inference mode, operations arrive in one piece
                made = func.decompose(*args, **kwargs)
            if made is not NotImplemented:
                return made
        out = func(*args, **kwargs)
        if self.on and func._overloadpacket in FLOPS:
            flops = FLOPS[func._overloadpacket](*args, **kwargs, out_val=out)
            self.macs[self._part()][args[0].dtype] += flops // 2
        return out


@contextmanager
def watched(parts: Parts) -> Iterator[None]:
    """Tell `parts` when the modules of a detector, and the calls of a step, begin and end."""

    def part_of(module: nn.Module) -> str | None:
        return next((name for kind, name in MODULES.items() if isinstance(module, kind)), None)

    def enter(module: nn.Module, *unused: object) -> None:
        if part := part_of(module):
            parts.start(part)

    def leave(module: nn.Module, *unused: object) -> None:
        if part_of(module):
            parts.stop()

    def clocked(call: Callable, part: str) -> Callable:
        def wrapper(*args, **kwargs):
            parts.start(part)
            try:
                return call(*args, **kwargs)
            finally:
                parts.stop()

        return wrapper

    with ExitStack() as stack:
        for hook in (
            nn.modules.module.register_module_forward_pre_hook(enter),
            nn.modules.module.register_module_forward_hook(leave),
            register_optimizer_step_pre_hook(lambda *unused: parts.start("optimiser")),
            register_optimizer_step_post_hook(lambda *unused: parts.stop()),
        ):
            stack.callback(hook.remove)
        for owner, name, part in CALLS:
            stack.enter_context(patch.object(owner, name, clocked(getattr(owner, name), part)))
        stack.enter_context(patch.object(loop, "ahead", map))  # one thread, one clock
        yield
