#!/usr/bin/env python3
"""Find the faces on new photographs, tell their classes, and draw them."""

import argparse
import sys
from pathlib import Path

sys.path.append(
    str(Path(__file__).resolve().parent.parent)
)  # by hand; in a job utils.zip comes first

from utils.job import Help, InputPath, OutputPath, run


def parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=Help)
    parser.add_argument("--model", type=InputPath, required=True, help="trained model file")
    parser.add_argument("--photos", type=InputPath, required=True, help="shard of new photos")
    parser.add_argument(
        "--predictions", type=OutputPath, required=True, help="every box, to write (JSON)"
    )
    parser.add_argument(
        "--images", type=OutputPath, required=True, help="shard of annotated photos to write"
    )
    parser.add_argument(
        "--fingerprints",
        type=InputPath,
        help="what training photos are recognised by, as split_data writes it; to name those that "
        "new photos resemble",
    )
    parser.add_argument(
        "--own-fingerprints",
        type=OutputPath,
        help="what these photos are recognised by, to write; the report looks for bursts by it",
    )
    parser.add_argument("--blur", action="store_true", help="hide faces on annotated photos")
    return parser


def main(args: argparse.Namespace) -> None:
    from utils.analysis.prediction.predict import predict_shard
    from utils.model_files import load_file

    predict_shard(
        load_file(args.model),
        args.photos,
        args.predictions,
        args.images,
        args.fingerprints,
        args.own_fingerprints,
        args.blur,
    )


if __name__ == "__main__":
    run(parser(), main)
