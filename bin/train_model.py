#!/usr/bin/env python3
"""Train the detector with the best hyper-parameters; on SIGTERM save a checkpoint and exit 85."""

import argparse
import sys
from pathlib import Path

sys.path.append(
    str(Path(__file__).resolve().parent.parent)
)  # by hand; in a job utils.zip comes first

from utils.detector.names import ARCHITECTURES
from utils.job import InputPath, OutputPath, run, stop_flag


def parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.ArgumentDefaultsHelpFormatter
    )
    parser.add_argument(
        "--params", type=InputPath, help="best_hpo_params.json of hpo.py; goes over --recipe"
    )
    parser.add_argument(
        "--recipe", nargs="+", default=[], metavar="NAME=VALUE", help="else the defaults"
    )
    parser.add_argument(
        "--train", type=InputPath, nargs="+", required=True, help="shards to learn from"
    )
    parser.add_argument(
        "--val", type=InputPath, nargs="+", required=True, help="shards to choose the threshold on"
    )
    parser.add_argument(
        "--arch", choices=ARCHITECTURES, default=ARCHITECTURES[0], help="the network"
    )
    parser.add_argument("--epochs", type=int, required=True, help="passes over the photographs")
    parser.add_argument(
        "--image-size", type=int, required=True, help="pixels of a photograph's longer side"
    )
    parser.add_argument("--weights", type=InputPath, help="pretrained weights; else from scratch")
    parser.add_argument(
        "--cache-mb", type=float, default=2048, help="MiB of decoded photographs to keep in memory"
    )
    parser.add_argument("--seed", type=int, default=0, help="decides all random numbers")
    parser.add_argument(
        "--processes", type=int, default=1, help="that share each batch, each on a GPU of its own"
    )
    parser.add_argument(
        "--checkpoint", type=Path, required=True, help="read to go on, written every epoch"
    )
    parser.add_argument(
        "--checkpoint-minutes",
        type=float,
        help="exit with 85 at the end of an epoch after so long, to go on where the engine likes",
    )
    parser.add_argument("--model", type=OutputPath, required=True, help="the trained detector")
    parser.add_argument("--log", type=OutputPath, required=True, help="JSON record of the training")
    parser.add_argument("--curves", type=OutputPath, required=True, help="PNG of loss and mAP")
    return parser


def main(args: argparse.Namespace) -> None:
    stop = stop_flag()
    from utils.analysis.plots.training import training_curves
    from utils.detector.final import read_params, train_final
    from utils.detector.fit import Plan, fit
    from utils.training.distributed import is_first, join
    from utils.training.launch import is_launched, launch
    from utils.training.recipe import Recipe
    from utils.training.recipe_words import read_recipe

    if args.processes > 1 and not is_launched():
        sys.exit(launch(args.processes, stop))
    join()
    searched = read_params(args.params) if args.params else {}
    plan = Plan(
        arch=args.arch,
        recipe=Recipe.from_params(read_recipe(args.recipe) | searched),
        epochs=args.epochs,
        seed=args.seed,
        train=args.train,
        validation=args.val,
        image_size=args.image_size,
        weights=args.weights,
        cache_mb=args.cache_mb,
        checkpoint_minutes=args.checkpoint_minutes,
    )
    if not is_first():
        fit(plan, args.checkpoint, stop)  # the first process makes the files of it
        return
    record = train_final(plan, args.checkpoint, args.model, args.log, stop)
    training_curves(record, args.curves)


if __name__ == "__main__":
    run(parser(), main)
