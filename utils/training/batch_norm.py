"""Batch normalisation over the parts of a batch that several processes hold."""

import torch
from torch import Tensor, nn

from utils.training.distributed import SumOverProcesses, processes


class SharedBatchNorm2d(nn.BatchNorm2d):
    """Batch normalisation with the statistics of all processes' parts, of whatever sizes.

    What ``torch.nn.SyncBatchNorm`` is on GPUs, and refuses to be on CPUs.
    """

    def forward(self, input: Tensor) -> Tensor:
        """Normalise `input`, (N, C, H, W); all processes must call this in the same order."""
        if not self.training:
            return super().forward(input)
        values, places = input.float(), (0, 2, 3)
        size = values.new_tensor([values.numel() / values.shape[1]])
        sums = SumOverProcesses.apply(torch.cat([values.sum(places), size]))
        mean, count = sums[:-1] / sums[-1], sums[-1].detach()
        # Centred first: the mean of squares less the square of the mean loses digits.
        centred = values - mean[:, None, None]
        variance = SumOverProcesses.apply(centred.square().sum(places)) / count
        with torch.no_grad():
            self.num_batches_tracked += 1
            self.running_mean.lerp_(mean, self.momentum)
            self.running_var.lerp_(variance * count / (count - 1), self.momentum)
        scale = self.weight * (variance + self.eps).rsqrt()
        return (centred * scale[:, None, None] + self.bias[:, None, None]).to(input.dtype)

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
