#!/usr/bin/env python3
"""Measure how good the detector is on the test photographs, which it never saw."""

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
    parser.add_argument("--model", type=InputPath, required=True, help="trained model file")
    parser.add_argument("--test", type=InputPath, required=True, help="clean shard of test photos")
    parser.add_argument("--seed", type=int, default=0, help="seed of the bootstrap intervals")
    parser.add_argument("--json", type=OutputPath, required=True, help="all numbers, to write")
    parser.add_argument("--text", type=OutputPath, required=True, help="the same to read, to write")
    for name, words in (
        ("--confusion-matrix", "what each face was taken for, picture to write (PNG)"),
        ("--precision-recall", "curves by class, picture to write (PNG)"),
        ("--calibration", "how reliable confidences are, picture to write (PNG)"),
        ("--mistakes", "the worst mistakes, picture to write (PNG)"),
    ):
        parser.add_argument(name, type=OutputPath, required=True, help=words)
    return parser


def main(args: argparse.Namespace) -> None:
    from utils.analysis.evaluation.evaluate import write_evaluation
    from utils.detector.inference import Detector

    detector = Detector.load(args.model)
    write_evaluation(
        detector,
        args.test,
        args.seed,
        json=args.json,
        text=args.text,
        confusion_picture=args.confusion_matrix,
        precision_recall_picture=args.precision_recall,
        calibration_picture=args.calibration,
        mistakes_picture=args.mistakes,
    )


if __name__ == "__main__":
    run(parser(), main)
