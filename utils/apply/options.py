"""The command line of ``detect.py``: what all of it takes, and what is of photographs."""

import argparse
import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

N = TypeVar("N", int, float)


def number_type(
    read: Callable[[str], N], holds: Callable[[N], bool], takes: str
) -> Callable[[str], N]:
    """Return a reader of a number that `holds` accepts; `takes` says in words which those are."""

    def number(text: str) -> N:
        with contextlib.suppress(ValueError):
            if holds(found := read(text)):
                return found
        raise argparse.ArgumentTypeError(f"takes {takes}, not {text!r}")

    return number


share = number_type(float, lambda it: 0 <= it <= 1, "a number in 0..1")
number = number_type(int, lambda it: it >= 1, "a whole number from 1")


def add_photograph_options(parser: argparse.ArgumentParser) -> None:
    """Add the sources and the options to a parser."""
    add = parser.add_argument
    add("sources", nargs="*", metavar="SOURCE", help="photographs, folders, archives, patterns")
    add(
        "--model",
        type=Path,
        metavar="FILE",
        help="model file, or one in a registry as models:/mask-detector@champion (default: the one "
        "in the box)",
    )
    add(
        "--registry",
        metavar="URI",
        help="address of that registry (default: MLFLOW_TRACKING_URI, else the database beside the "
        "runs)",
    )
    add(
        "--faces",
        metavar="NAME",
        help="what finds the faces that a classifier judges: haar, lbp, yunet, centerface, "
        "detector (the one in the box), or the file of a detector, or its name in a registry; with "
        "options: haar:smallest=20",
    )
    add("--output", type=_folder, metavar="DIR", help="new folder (default: runs/detect-TIME)")
    add("--device", metavar="NAME", help="cpu, cuda, cuda:1, mps (default: the GPU, if there is)")
    add(
        "--threshold",
        type=share,
        metavar="SHARE",
        help="confidence in 0..1 from which a face counts (default: that of the model, for which "
        "alone its mistakes are known)",
    )
    add("--jobs", type=number, default=1, metavar="N", help="processes (default: %(default)s)")
    add(
        "--suggest",
        type=number,
        metavar="N",
        help="deal N of the photographs to be annotated, into annotate/ of the results",
    )
    add(
        "--predict-annotations",
        type=Path,
        metavar="PATH",
        help="the sample that --suggest dealt, annotated: the answer is corrected by it",
    )
    add("--no-pictures", action="store_true", help="draw none, which takes less time")
    add("--show", action="store_true", help="open the drawn picture, where there is a screen")
    add(
        "--export",
        type=Path,
        metavar="FILE",
        help="write the model, a classifier, as an ONNX file and do nothing else",
    )
    add("--quiet", action="store_true", help="tell nothing but the answer")
    add("--json", action="store_true", help="print rate.json instead of sentences")


def _folder(text: str) -> Path | str:
    """Return a path, or the text of an address, because `Path` would change that."""
    return text if "://" in text else Path(text)
