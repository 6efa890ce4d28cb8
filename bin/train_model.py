#!/usr/bin/env python3
"""Train the network with the best hyper-parameters; on SIGTERM save a checkpoint and exit 85."""

import argparse
import sys
from pathlib import Path

sys.path.append(
    str(Path(__file__).resolve().parent.parent)
)  # by hand; in a job utils.zip comes first

from utils.classifier.plan import add_face_options
from utils.job import Help, InputPath, OutputPath, run, stop_flag
from utils.tasks import TASKS
from utils.training.plan import add_plan_options


def parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=Help)
    parser.add_argument(
        "--params", type=InputPath, help="best_hpo_params.json of hpo.py; goes over --recipe"
    )
    parser.add_argument(
        "--recipe", nargs="+", default=[], metavar="NAME=VALUE", help="else the defaults"
    )
    add_plan_options(parser, TASKS)
    add_face_options(parser)
    parser.add_argument(
        "--fingerprints",
        type=InputPath,
        help="what training photos are recognised by, as split_data writes it; it travels in the "
        "model file",
    )
    parser.add_argument(
        "--faces",
        metavar="NAME",
        help="to classify: what finds faces on photographs, with options as haar:smallest=20; the "
        "model is then a detector of two stages",
    )
    parser.add_argument(
        "--faces-weights", type=InputPath, help="of it: its weights, or the file of a detector"
    )
    parser.add_argument(
        "--val-photographs",
        type=InputPath,
        nargs="+",
        help="with --faces: shards of whole photographs to calibrate both stages on",
    )
    parser.add_argument(
        "--data-version",
        default="",
        metavar="DIGITS",
        help="version of the annotated photographs, which the model file is to name",
    )
    parser.add_argument("--model", type=OutputPath, required=True, help="the trained network")
    parser.add_argument("--log", type=OutputPath, required=True, help="JSON record of the training")
    parser.add_argument("--curves", type=OutputPath, required=True, help="PNG of loss and quality")
    return parser


def main(args: argparse.Namespace) -> None:
    stop = stop_flag()
    from utils.errors import InputError
    from utils.search.space import read_params
    from utils.tasks import final_of, plan_of
    from utils.training.launch import start_together
    from utils.training.recipe_words import read_recipe

    if args.faces and (args.task != "classify" or not args.val_photographs):
        raise InputError(
            f"--faces {args.faces}: is with --task classify, and takes --val-photographs, too"
        )
    if not args.faces and (stray := [*(args.val_photographs or []), args.faces_weights][0]):
        raise InputError(f"{stray}: is for two stages; name what finds faces with --faces")
    code = start_together(args.processes, stop, args.replacements)
    if code is not None:
        sys.exit(code)
    searched = read_params(args.params) if args.params else {}
    recipe = read_recipe(args.recipe, of=TASKS[args.task])
    plan = plan_of(args).searched(recipe | searched)
    train = final_of(args.task)
    files = (args.checkpoint, args.model, args.log)
    record = train(plan, *files, stop, args.fingerprints, args.data_version)
    if record and args.faces:
        from utils.classifier.two_stage_fit import make_two_stage
        from utils.model_files import load_finder
        from utils.records import write_record

        finder = load_finder(args.faces, args.faces_weights)
        record |= make_two_stage(args.model, finder, args.val_photographs).as_trained()
        write_record(args.log, record)
    if record:  # the first of the processes alone makes files
        from utils.analysis.plots.training import training_curves

        training_curves(record, args.curves)


if __name__ == "__main__":
    run(parser(), main)
