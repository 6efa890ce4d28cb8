"""Batch normalisation over the parts of a batch that several processes hold."""

import torch
from torch import Tensor, nn
from torch.autograd.function import FunctionCtx, once_differentiable
from torch.nn import functional

from utils.training.distributed import processes, rank, total


class SharedBatchNorm2d(nn.BatchNorm2d):
    """Batch normalisation with the statistics of all processes' parts, of whatever sizes.

    What ``torch.nn.SyncBatchNorm`` is on GPUs, and refuses to be on CPUs.
    """

    def forward(self, input: Tensor) -> Tensor:
        """Normalise `input`, (N, C, H, W); all processes must call this in the same order."""
        if not self.training:
            return super().forward(input)
        mean, variance, count = _statistics(input.detach())
        with torch.no_grad():
            self.num_batches_tracked += 1
            self.running_mean.lerp_(mean, self.momentum)
            self.running_var.lerp_(variance * count / (count - 1), self.momentum)
        return _Normalised.apply(input, self.weight, self.bias, mean, variance, count, self.eps)

    @classmethod
    def of(cls, other: nn.BatchNorm2d) -> "SharedBatchNorm2d":
        """Return a layer with the parameters and statistics of `other`, which it shares."""
        layer = cls(other.num_features, other.eps, other.momentum)
        layer.weight, layer.bias = other.weight, other.bias
        layer.running_mean, layer.running_var = other.running_mean, other.running_var
        layer.num_batches_tracked = other.num_batches_tracked
        return layer


def share_batch_norm(module: nn.Module) -> None:
    """Let every batch normalisation within `module` take its statistics over all processes."""
    if processes() == 1:
        return
    for name, child in module.named_children():
        if not isinstance(child, nn.BatchNorm2d):
            share_batch_norm(child)
        elif not isinstance(child, SharedBatchNorm2d):
            on_gpu = child.weight.is_cuda
            shared = nn.SyncBatchNorm.convert_sync_batchnorm if on_gpu else SharedBatchNorm2d.of
            setattr(module, name, shared(child))


def _statistics(values: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return mean and variance of each channel over all processes, and the number of values.

    They travel in one message. The processes' sums of squares, each about its own mean, are put
    together as by Chan, Golub and LeVeque (1983): the mean of squares less the square of the mean
    loses digits.
    """
    running = values.new_zeros(2, values.shape[1]).float()  # of a dtype that sums are exact in
    mean, variance = torch.batch_norm_update_stats(values, *running, 0.0)
    count = mean.new_tensor([values.numel() / values.shape[1]])
    parts = mean.new_zeros(processes(), 2 * len(mean) + 1)
    parts[rank()] = torch.cat([mean, variance * count, count])
    means, squares, counts = total(parts).split([len(mean), len(mean), 1], dim=1)
    count = counts.sum(0)
    mean = (means * counts).sum(0) / count
    squares = (squares + counts * (means - mean).square()).sum(0)
    return mean, squares / count, count


class _Normalised(torch.autograd.Function):
    """Values of this process, normalised by the statistics of all, through which gradients flow."""

    @staticmethod
    def forward(
        ctx: FunctionCtx,
        values: Tensor,
        weight: Tensor,
        bias: Tensor,
        mean: Tensor,
        variance: Tensor,
        count: Tensor,
        eps: float,
    ) -> Tensor:
        ctx.save_for_backward(values, weight, mean, variance, count)
        ctx.eps = eps
        return functional.batch_norm(values, mean, variance, weight, bias, eps=eps)

    @staticmethod
    @once_differentiable
    def backward(ctx: FunctionCtx, gradient: Tensor) -> tuple[Tensor | None, ...]:
        values, weight, mean, variance, count = ctx.saved_tensors
        # As if the statistics were constants; gradients of weight and bias are averaged later, as
        # those of all parameters.
        gradients = torch.ops.aten.native_batch_norm_backward(
            gradient, values, weight, mean, variance, None, None, False, ctx.eps, [True] * 3
        )
        to_values, to_weight, to_bias = gradients
        # What comes through the statistics comes from all processes: it is linear in the values.
        slope, shift = total(torch.stack([to_weight, to_bias])) / count
        scale = weight * (variance + ctx.eps).rsqrt()
        to_values -= functional.batch_norm(
            values, mean, variance, slope * scale, shift * scale, eps=ctx.eps
        )
        return to_values, to_weight, to_bias, None, None, None, None
