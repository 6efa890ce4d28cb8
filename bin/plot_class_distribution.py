#!/usr/bin/env python3
"""Draw how the classes of faces are spread over the sides of the split, and a dozen photographs."""

import argparse
import sys
from pathlib import Path

sys.path.append(
    str(Path(__file__).resolve().parent.parent)
)  # by hand; in a job utils.zip comes first

from utils.job import Help, InputPath, OutputPath, run


def parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=Help)
    parser.add_argument(
        "--shards",
        type=InputPath,
        nargs="+",
        required=True,
        help="shards of annotated photos; each one's file name is the name of its side",
    )
    parser.add_argument("--output", type=OutputPath, required=True, help="picture to write (PNG)")
    parser.add_argument(
        "--photographs",
        type=OutputPath,
        help="a dozen photographs with their annotated boxes, picture to write (JPEG)",
    )
    return parser


def main(args: argparse.Namespace) -> None:
    from utils.analysis.plots.annotated import annotated_photographs
    from utils.analysis.plots.class_distribution import class_distribution

    class_distribution(args.shards, args.output)
    if args.photographs:
        annotated_photographs(args.shards, args.photographs)


if __name__ == "__main__":
    run(parser(), main)
