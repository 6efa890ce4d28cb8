#!/usr/bin/env python3
"""Search hyper-parameters by ask-and-tell: suggest some, train a trial with each, pick the best."""

import argparse
import sys
from pathlib import Path

sys.path.append(
    str(Path(__file__).resolve().parent.parent)
)  # by hand; in a job utils.zip comes first

from utils.classifier.plan import add_face_options
from utils.job import Help, InputPath, OutputPath, run, stop_flag
from utils.tasks import TASKS
from utils.training.plan import add_network_options, add_plan_options, add_task_option


def parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    steps = parser.add_subparsers(dest="step", required=True)
    defaults = {"formatter_class": Help}
    suggest = steps.add_parser("suggest", help="tell the last round, ask for the next", **defaults)
    _suggest_options(suggest)
    suggest.set_defaults(main=_suggest)
    trial = steps.add_parser("trial", help="train with suggested parameters", **defaults)
    _trial_options(trial)
    trial.set_defaults(main=_trial)
    best = steps.add_parser("best", help="pick the best trial", **defaults)
    _best_options(best)
    best.set_defaults(main=_best)
    return parser


def _suggest_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--round", type=int, required=True, help="number of the round, from 1")
    parser.add_argument("--trials", type=int, required=True, help="trials in all rounds")
    parser.add_argument("--seed", type=int, default=0, help="decides what is suggested")
    parser.add_argument(
        "--recipe", nargs="+", default=[], metavar="NAME=VALUE", help="where the search starts"
    )
    parser.add_argument(
        "--search",
        nargs="+",
        default=[],
        metavar="NAME=VALUES",
        help="what is searched: LOW:HIGH, or A,B,... (default: the usual)",
    )
    add_network_options(parser, TASKS)
    parser.add_argument("--study", type=InputPath, help="journal of the round before")
    parser.add_argument(
        "--results", type=InputPath, nargs="*", default=[], help="results of the round before"
    )
    parser.add_argument("--study-out", type=OutputPath, required=True, help="journal to go on with")
    parser.add_argument(
        "--suggestions", type=OutputPath, nargs="+", required=True, help="a file for each trial"
    )


def _trial_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--suggestion", type=InputPath, required=True, help="the parameters")
    parser.add_argument("--study", type=InputPath, required=True, help="journal of this round")
    add_plan_options(parser, TASKS)
    add_face_options(parser)
    parser.add_argument(
        "--tries", type=int, default=3, help="this many starts without an epoch fail the trial"
    )
    parser.add_argument("--result", type=OutputPath, required=True, help="what became of it")


def _best_options(parser: argparse.ArgumentParser) -> None:
    add_task_option(parser, TASKS)
    parser.add_argument("--study", type=InputPath, required=True, help="journal of the last round")
    parser.add_argument(
        "--results", type=InputPath, nargs="*", default=[], help="results of the last round"
    )
    parser.add_argument("--params", type=OutputPath, required=True, help="the best parameters")
    parser.add_argument("--study-out", type=OutputPath, required=True, help="the whole journal")
    parser.add_argument("--history", type=OutputPath, required=True, help="PNG of the trials")


def _suggest(args: argparse.Namespace) -> None:
    from utils.search.searched import read_search
    from utils.search.study import suggest
    from utils.training.plan import network_of
    from utils.training.recipe_words import read_recipe

    of = TASKS[args.task]
    recipe = read_recipe(args.recipe, of=of)
    start, space = read_search(args.search, recipe, *network_of(args, of), of)
    suggest(
        study=args.study,
        results=args.results,
        study_out=args.study_out,
        suggestions=args.suggestions,
        round_number=args.round,
        trials=args.trials,
        seed=args.seed,
        start=start,
        space=space,
    )


def _trial(args: argparse.Namespace) -> None:
    stop = stop_flag()
    from utils.search.trial import run_trial
    from utils.tasks import plan_of, trial_of
    from utils.training.launch import start_together

    code = start_together(args.processes, stop, args.replacements)
    if code is not None:
        sys.exit(code)
    train = trial_of(args.task)(plan_of(args), args.checkpoint, args.tries, stop)
    run_trial(args.suggestion, args.study, args.result, args.epochs, train)


def _best(args: argparse.Namespace) -> None:
    from utils.analysis.plots.training import hpo_history
    from utils.records import read_record
    from utils.search.study import best

    trials = best(args.study, args.results, args.study_out, args.params)
    kept = read_record(args.params)["number"]
    hpo_history(trials, kept, TASKS[args.task].objective, args.history)


def main(args: argparse.Namespace) -> None:
    args.main(args)


if __name__ == "__main__":
    run(parser(), main)
