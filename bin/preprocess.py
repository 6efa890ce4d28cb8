#!/usr/bin/env python3
"""Clean a shard: photographs upright 8-bit RGB, annotations fitting them; perhaps cut faces."""

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
    parser.add_argument("--input", type=InputPath, required=True, help="shard to clean")
    parser.add_argument("--output", type=OutputPath, required=True, help="clean shard to write")
    add_cutting_options(parser)
    parser.add_argument(
        "--faces", type=OutputPath, help="shard to write of the faces, cut out; with --margin"
    )
    return parser


def main(args: argparse.Namespace) -> None:
    from utils.dataset.clean import clean_shard
    from utils.errors import InputError

    cutting = Cutting.from_args(args)
    if (cutting is None) != (args.faces is None):
        raise InputError("--margin and --faces: one alone means nothing; give both, or none")
    clean_shard(args.input, args.output)
    if cutting:
        from utils.dataset.cut_faces import cut_shard

        cut_shard(args.output, args.faces, cutting)


if __name__ == "__main__":
    run(parser(), main)
