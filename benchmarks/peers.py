#!/usr/bin/env python3
"""Ours beside other detectors: the same photographs, the same cores, the same minutes.

    yolo        a current YOLO nano (Ultralytics), from scratch
    mobilenet   torchvision's fasterrcnn_mobilenet_v3_large_fpn by our recipe, from scratch
    scratch     our compact_resnet18_fpn, from scratch
    pretrained  ours with --arch and --weights

Photographs are split by group, and minutes counted, as in benchmarks/quality.py: processor time of
all threads by the cores. A few steps (of YOLO: epochs) are timed first, and the training has the
epochs that fit, its validations included. What each finds on the test photographs is judged by our
evaluation. YOLO is installed into a virtual environment outside the repository, which is removed
afterwards, and only called by its command line; its settings are its own defaults, at 640 pixels,
with its own end of training scaled to the epochs, and the weights that its validation found best.

A finished row is kept (--keep) and not made again, and a training of ours that was stopped goes on:
both on the same kind of processor alone, because minutes of another one are others. The
milliseconds a photograph are measured at the end on all test photographs, one at a time, the
detectors in turn: decoding left out, resizing counted. Where peers' weights can be had,
--peer-weights starts from them.

    python benchmarks/peers.py --data face-mask-detection.zip --minutes 5 20 90
"""

import argparse
import logging
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).resolve().parent.parent))

from benchmarks import quality, yolo
from benchmarks.common import PROJECT, machine, print_table
from benchmarks.trained_peers import Bench, Peer
from utils.apply.options import number, number_type
from utils.dataset.labels import TITLES
from utils.detector.names import ARCHITECTURES, COMPACT, MOBILENET
from utils.detector.pretrained import choose_weights
from utils.errors import InputError
from utils.records import read_record
from utils.training.recipe import Recipe
from utils.training.recipe_words import read_recipe
from utils.video.options import positive

ROWS = ("yolo", "mobilenet", "scratch", "pretrained")
SIZES = {"yolo": 640, "mobilenet": 480, "scratch": 480, "pretrained": 480}
"""Pixels of a photograph's longer side: YOLO's own default, and ours."""


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    made.add_argument("--data", type=Path, default=PROJECT / "data" / "sample")
    made.add_argument("--minutes", type=positive, nargs="+", default=[5.0, 20.0, 90.0])
    made.add_argument("--only", choices=ROWS, nargs="+", default=list(ROWS), metavar="ROW")
    made.add_argument(
        "--arch",
        choices=ARCHITECTURES,
        default=ARCHITECTURES[0],
        help="of the row 'pretrained'",
    )
    made.add_argument("--weights", default="auto", help="of the row 'pretrained'")
    made.add_argument(
        "--recipe", nargs="+", default=[], metavar="NAME=VALUE", help="of the row 'pretrained'"
    )
    made.add_argument(
        "--peer-weights",
        type=assignment,
        nargs="+",
        default=[],
        metavar="ROW=WEIGHTS",
        help="yolo=FILE, or mobilenet=coco, imagenet or a file, to start from instead of nothing",
    )
    made.add_argument(
        "--size",
        type=size,
        nargs="+",
        default=[],
        metavar="ROW=PIXELS",
        help="of a photograph's longer side, where not 640 (yolo) and 480",
    )
    made.add_argument("--seed", type=int, default=0)
    made.add_argument("--keep", type=Path, default=PROJECT / "runs" / "peers", metavar="FOLDER")
    made.add_argument("--environment", type=Path, help="keep YOLO's environment in this folder")
    made.add_argument("--rounds", type=rounds, default=3, help="of the timing; 0: none")
    return made


def assignment(text: str) -> tuple[str, str]:
    """Read ``ROW=VALUE``."""
    row, _, value = text.partition("=")
    if row not in ROWS or not value:
        raise argparse.ArgumentTypeError(f"{text!r}: expected ROW=VALUE, ROW of {', '.join(ROWS)}")
    return row, value


rounds = number_type(int, lambda it: it >= 0, "a whole number from 0")


def size(text: str) -> tuple[str, int]:
    """Read ``ROW=PIXELS``."""
    row, value = assignment(text)
    return row, number(value)


def main(argv: Sequence[str] | None = None) -> None:
    args = parser().parse_args(argv)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    print(machine())
    chosen = peers(args)
    with ExitStack() as stack:
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        shards = quality.split(args.data, scratch, args.seed)
        bench = Bench(shards, scratch, args.environment or scratch / "yolo", args.seed)
        kept = {
            (peer, minutes): bench.row(peer, minutes, args.keep)
            for peer in chosen
            for minutes in args.minutes
        }
        longest = {peer: kept[peer, max(args.minutes)] for peer in chosen}
        bench.time_detection(longest, args.rounds)
    rows = []
    for (peer, minutes), folder in kept.items():
        record = read_record(folder / "row.json")
        timed = read_record(longest[peer] / "speed.json")["ms"] if args.rounds else None
        rows.append(table_row(peer, minutes, record, timed))
    print(f"\nTest photographs of {args.data.name}, split by group, seed {args.seed}\n")
    head = ("", "pixels", "ms", "epochs", "min", "wall min", "mAP .5:.95", "mAP .5")
    print_table((*head, *TITLES[1:]), rows)


def peers(args: argparse.Namespace) -> list[Peer]:
    """Return the peers that were asked for; weights are settled before anything is trained."""
    sizes = SIZES | dict(args.size)
    given = {"mobilenet": "none", "scratch": "none", "pretrained": args.weights}
    given |= dict(args.peer_weights)
    archs = {"mobilenet": MOBILENET, "scratch": COMPACT, "pretrained": args.arch}
    chosen = []
    for name in args.only:
        if name == "yolo":
            weights = Path(given["yolo"]).absolute() if "yolo" in given else None
            told = f"from {weights.name}" if weights else "from scratch"
            if weights and not weights.is_file():
                raise InputError(f"--peer-weights yolo={given['yolo']}: no such file")
            chosen.append(Peer(name, yolo.MODEL, sizes[name], weights, told))
        else:
            settled = choose_weights(archs[name], given[name], print)
            told = f"from {Path(settled.taken).name}" if settled.file else "from scratch"
            words = args.recipe if name == "pretrained" else []
            recipe = Recipe.from_params(read_recipe(words))
            chosen.append(Peer(name, archs[name], sizes[name], settled.file, told, recipe))
    return chosen


def table_row(peer: Peer, minutes: float, record: dict[str, Any], ms: float | None) -> list[str]:
    name, *cells = quality.row(
        f"{peer}, {minutes:g} min",
        record,
        record["epochs"],
        record["minutes"],
        record["wall_minutes"],
    )
    return [name, str(peer.image_size), "-" if ms is None else f"{ms:.0f}", *cells]


if __name__ == "__main__":
    main()
