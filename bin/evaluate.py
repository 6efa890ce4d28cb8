#!/usr/bin/env python3
"""Measure how good the model is on the test photographs, and faces, which it never saw."""

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
    parser.add_argument("--test", type=InputPath, required=True, help="clean shard of test photos")
    parser.add_argument(
        "--faces-test", type=InputPath, help="the faces cut from them, to judge a classifier on"
    )
    parser.add_argument(
        "--validation",
        type=InputPath,
        help="clean shard of validation photos (of faces for a classifier alone), which join the "
        "test side where the rate is corrected, each counted as the others choose",
    )
    parser.add_argument("--split", type=InputPath, help="split.json; for --validation, --detector")
    parser.add_argument("--seed", type=int, default=0, help="seed of the bootstrap intervals")
    parser.add_argument("--json", type=OutputPath, required=True, help="all numbers, to write")
    parser.add_argument("--text", type=OutputPath, required=True, help="the same to read, to write")
    parser.add_argument(
        "--pictures",
        type=OutputPath,
        nargs="+",
        default=[],
        help="PNG files to write; the name of each says what it shows: confusion_matrix, "
        "precision_recall, calibration, mistakes; of a classifier also roc, grad_cam",
    )
    parser.add_argument(
        "--detector",
        type=OutputPath,
        help="the model with what this test showed of it, to write; detect.py takes it",
    )
    return parser


def main(args: argparse.Namespace) -> None:
    from utils.analysis.evaluation.evaluate import write_evaluation
    from utils.model_files import load_file

    write_evaluation(
        load_file(args.model),
        args.test,
        args.seed,
        json=args.json,
        text=args.text,
        pictures=args.pictures,
        validation=args.validation,
        split=args.split,
        carrier=args.detector,
        faces=args.faces_test,
    )


if __name__ == "__main__":
    run(parser(), main)
