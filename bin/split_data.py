#!/usr/bin/env python3
"""Split a data set into training, validation and test photographs, near-duplicates together."""

import argparse
import sys
from pathlib import Path

sys.path.append(
    str(Path(__file__).resolve().parent.parent)
)  # by hand; in a job utils.zip comes first

from utils.job import Help, InputPath, OutputPath, run


def parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=Help)
    parser.add_argument("--dataset", type=InputPath, required=True, help="shard of all photos")
    for side in ("train", "val", "test"):
        parser.add_argument(
            f"--{side}", type=OutputPath, required=True, help=f"shard of {side} photos to write"
        )
    parser.add_argument(
        "--report", type=OutputPath, required=True, help="split.json: side, group, classes of each"
    )
    parser.add_argument(
        "--fingerprints", type=OutputPath, help="what train photos are recognised by, to write"
    )
    parser.add_argument("--seed", type=int, default=0, help="seed of the split")
    parser.add_argument(
        "--fractions",
        type=float,
        nargs=3,
        default=[0.7, 0.1, 0.2],
        metavar=("TRAIN", "VAL", "TEST"),
        help="shares of the photos on each side; they add up to 1",
    )
    parser.add_argument(
        "--skip-bad",
        action="store_true",
        help="leave out unreadable photos, and list them in the report, instead of stopping",
    )
    parser.add_argument(
        "--sides",
        type=InputPath,
        help="JSON with the side of each photo by its name, to keep them instead of dealing anew",
    )
    parser.add_argument(
        "--learnt",
        type=InputPath,
        help="what the weights to start from have learnt from: it goes to the training side",
    )
    return parser


def main(args: argparse.Namespace) -> None:
    from utils.dataset.splitting.learnt import LearntPhotographs
    from utils.dataset.splitting.split import split_dataset
    from utils.records import read_record

    split_dataset(
        args.dataset,
        {"train": args.train, "val": args.val, "test": args.test},
        args.report,
        seed=args.seed,
        fractions=args.fractions,
        skip_bad=args.skip_bad,
        given=read_record(args.sides)["sides"] if args.sides else None,
        fingerprints=args.fingerprints,
        learnt=LearntPhotographs.read(args.learnt) if args.learnt else None,
    )


if __name__ == "__main__":
    run(parser(), main)
