#!/usr/bin/env python3
"""Clean one part of the training photographs, or cut their faces; add copies with noise."""

import argparse
import sys
from pathlib import Path

sys.path.append(
    str(Path(__file__).resolve().parent.parent)
)  # by hand; in a job utils.zip comes first

from utils.dataset.cutting import Cutting, add_cutting_options
from utils.job import Help, InputPath, OutputPath, run


def parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=Help)
    parser.add_argument("--input", type=InputPath, required=True, help="shard of training photos")
    parser.add_argument("--output", type=OutputPath, required=True, help="augmented shard to write")
    add_cutting_options(parser)
    parser.add_argument("--shard", type=int, default=0, help="which part, from 0")
    parser.add_argument("--shards", type=int, default=1, help="how many parts there are")
    parser.add_argument(
        "--sigma",
        type=float,
        default=0.05,
        help="standard deviation of the noise, of the range 0..1",
    )
    parser.add_argument("--copies", type=int, default=1, help="noisy copies of each photo, or face")
    parser.add_argument(
        "--rare-copies", type=int, default=3, help="noisy copies of one that holds a rare class"
    )
    parser.add_argument("--seed", type=int, default=0, help="seed of the noise")
    return parser


def main(args: argparse.Namespace) -> None:
    from utils.dataset.noise import NoiseOptions, augment_shard

    options = NoiseOptions(args.sigma, args.copies, args.rare_copies, args.seed)
    cutting = Cutting.from_args(args)
    augment_shard(args.input, args.output, args.shard, args.shards, options, cutting)


if __name__ == "__main__":
    run(parser(), main)
