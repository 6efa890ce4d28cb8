#!/usr/bin/env python3
"""Clean a shard: every photograph upright 8-bit RGB, every annotation normalised to fit it."""

import argparse
import sys
from pathlib import Path

sys.path.append(
    str(Path(__file__).resolve().parent.parent)
)  # by hand; in a job utils.zip comes first

from utils.job import InputPath, OutputPath, run


def parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.ArgumentDefaultsHelpFormatter
    )
    parser.add_argument("--input", type=InputPath, required=True, help="shard to clean")
    parser.add_argument("--output", type=OutputPath, required=True, help="clean shard to write")
    return parser


def main(args: argparse.Namespace) -> None:
    from utils.dataset.clean import clean_shard

    clean_shard(args.input, args.output)


if __name__ == "__main__":
    run(parser(), main)
