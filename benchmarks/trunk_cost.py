#!/usr/bin/env python3
"""What the trunks of the compact detectors cost, and what fine-tuning saves of it.

A batch of eight chips passes forward and backward through each trunk and its feature pyramid, in
the precision that trainings take, on one thread: as it learns from nothing; with normalisations
that keep their statistics, folded into the convolutions; and with its first one or two stages
frozen. Beside it, what the backward pass of PyTorch's own depthwise convolutions would make of it
(`utils.networks.depthwise`). Told are milliseconds of processor time, the least of the rounds.

    python benchmarks/trunk_cost.py
"""

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import torch
from torch import nn

sys.path.append(str(Path(__file__).resolve().parent.parent))

from benchmarks.common import machine, print_table
from utils.detector.anchors import Anchors
from utils.detector.architectures import architecture, build_model
from utils.detector.fine_tuning import stages
from utils.detector.names import ARCHITECTURES
from utils.networks.depthwise import DepthwiseConv2d
from utils.networks.devices import has_bfloat16
from utils.networks.folding import FoldedBackbone

HEAD = ("", "forward", "both", "PyTorch's own", "folded", "1 stage frozen", "2 frozen")


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--side", type=int, default=288, help="of a chip")
    parser.add_argument("--rounds", type=int, default=5)
    args = parser.parse_args(argv)
    torch.set_num_threads(1)
    print(machine(), "\n")
    names = [name for name in ARCHITECTURES if name.startswith("compact_")]
    print_table(HEAD, [row(name, args.side, args.rounds) for name in names])


def row(name: str, side: int, rounds: int) -> list[str]:
    """Measure one architecture in all ways, in turn."""
    works = [
        backbone(name),
        with_own_backward(backbone(name)),
        *(folded(backbone(name, frozen)) for frozen in (0, 1, 2)),
    ]
    images = torch.randn(8, 3, side, side).contiguous(memory_format=torch.channels_last)
    least = [[float("inf")] * 2 for _ in works]
    for _ in range(rounds):
        for kept, work in zip(least, works, strict=True):
            kept[:] = map(min, kept, passes(work, images))
    cells = [f"{1000 * kept[1]:.0f}" for kept in least]
    return [name, f"{1000 * least[0][0]:.0f}", *cells]


def backbone(name: str, frozen: int = 0) -> nn.Module:
    """Return the trunk and pyramid of an architecture, its first stages frozen."""
    found = architecture(name)
    sizes = tuple(8.0 * 2**number for number in range(found.per_level))
    model = build_model(name, Anchors((sizes,) * found.levels, found.ratios or (1.0,)))
    for stage in stages(model)[:frozen]:
        for layer in stage:
            model.backbone.body[layer].requires_grad_(False)
    return model.backbone.to(memory_format=torch.channels_last).train()


def folded(network: nn.Module) -> FoldedBackbone:
    """Let all normalisations of a network keep their statistics."""
    network.eval()
    return FoldedBackbone(network)


def with_own_backward(network: nn.Module) -> nn.Module:
    """Let PyTorch differentiate the depthwise convolutions of a network."""
    for module in network.modules():
        if isinstance(module, DepthwiseConv2d):
            module.__class__ = nn.Conv2d
    return network


def passes(work: nn.Module | FoldedBackbone, images: torch.Tensor) -> tuple[float, float]:
    """Return the seconds of the forward pass, and of both."""
    begun = time.process_time()
    with torch.autocast("cpu", torch.bfloat16, enabled=has_bfloat16("cpu")):
        features = work(images)
    forward = time.process_time() - begun
    sum(value.float().square().mean() for value in features.values()).backward()
    return forward, time.process_time() - begun


if __name__ == "__main__":
    main()
