#!/usr/bin/env python3
"""What share of the people in these photographs wear a mask properly, and how sure are we?

python workflow.py                          run on the bundled sample
python workflow.py --data faces.zip         learn from your annotated photographs
python workflow.py --resume runs/...        go on with an interrupted or failed run
python workflow.py status runs/...          how it stands; also wait, remove, statistics, analyze
python workflow.py graph --output dag.png   draw the workflow
"""

import argparse
import logging
import os
import sys
from dataclasses import replace
from pathlib import Path

from utils import files
from utils.dag.engines.choice import choose_engine, for_engine, open_run
from utils.dag.engines.console import Console
from utils.dag.engines.run import Run
from utils.dag.graph import draw_graph
from utils.dag.options import SAMPLE, Options, add_arguments, read_options
from utils.dag.pipeline import DATASET, build_workflow, photo_shards, weights_file
from utils.dag.plan import write_plan
from utils.dag.run_folder import OUTPUT, new_folder
from utils.dataset.intake.collect import check_dataset, check_photos, pack_dataset, pack_photos
from utils.detector.pretrained import choose_weights
from utils.errors import InputError, MaskDetectionError
from utils.records import read_record
from utils.training.recipe_words import read_recipe

MANAGE = ("status", "wait", "remove", "statistics", "analyze")
"""Commands that look at a run, or end it."""


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = argparse.ArgumentParser(
        prog="workflow.py",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add = parser.add_argument
    commands = ("run", "graph", *MANAGE)
    add("command", nargs="?", choices=commands, default="run", help="default: run")
    add("folder", nargs="?", type=Path, metavar="RUN_DIR", help=f"of {', '.join(MANAGE)}")
    add(
        "--config",
        type=Path,
        metavar="FILE",
        help="options as TOML, as in configs/ (default: none)",
    )
    add("--resume", type=Path, metavar="RUN_DIR", help="go on with that run (default: a new run)")
    add(
        "--output",
        type=Path,
        metavar="FILE",
        default=Path("workflow.png"),
        help="where `graph` draws to: .png, .svg or .pdf (default: workflow.png)",
    )
    add_arguments(parser)
    return parser


def main(argv: list[str] | None = None) -> int:
    """Do what the command line says and return the exit code.

    0: done; 1: a job failed; 2: the command line or the data must be mended; 130: interrupted.
    """
    given = vars(parser().parse_args(argv))
    command, folder, config, resume, output = (
        given.pop(name) for name in ("command", "folder", "config", "resume", "output")
    )
    try:
        if command in MANAGE:
            return manage(command, folder, given)
        if folder:
            raise InputError(f"{folder}: `{command}` takes no folder; did you mean --resume?")
        options = read_options(given, config)
        sources = [f"--config {config}: [recipe]"] if config else []
        read_recipe(options.recipe, " or ".join(sources + ["--recipe"] * ("recipe" in given)))
        logging.basicConfig(
            level=logging.DEBUG if options.verbose else logging.WARNING, format="%(message)s"
        )
        if command == "graph":
            draw_graph(build_workflow(options), output)
            print(output)
            return 0
        if resume:
            return go_on(resume, options, {*given, *(["config"] if config else [])})
        return start(options, ["python", "workflow.py", *(sys.argv[1:] if argv is None else argv)])
    except MaskDetectionError as error:
        print(f"workflow.py: error: {error}", file=sys.stderr)
        return 2
    except BrokenPipeError:  # nobody reads what we say any more
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except OSError as error:
        what = f"{error.filename}: {error.strerror}" if error.filename else error.strerror
        print(f"workflow.py: error: {what}; mend that and try again", file=sys.stderr)
        logging.getLogger(__name__).debug("where", exc_info=True)
        return 2
    except KeyboardInterrupt:
        return 130


def start(options: Options, command: list[str]) -> int:
    """Plan a new run and execute it."""
    engine = choose_engine(options.engine, tell=print)
    options = for_engine(options, engine)
    data = options.data or SAMPLE / "sample"
    photos = options.predict or ((SAMPLE / "predict",) if options.data is None else ())
    shards = photo_shards(options)
    check_dataset(data)
    if shards:
        check_photos(photos, len(shards))
    weights = choose_weights(options.arch, options.weights, tell=print)
    print(f"Weights: {weights}")
    options = replace(options, weights=weights.taken)
    folder = new_folder(options.run_dir, options.name)
    try:
        facts = {"data": pack_dataset(data, folder / DATASET), "new_photographs": None}
        if shards:
            facts["new_photographs"] = pack_photos(photos, [folder / shard for shard in shards])
        print(packed(facts))
        if weights.file:
            files.copy(weights.file, folder / weights_file(options))
        facts["weights"] = weights.as_record()
        write_plan(folder, options, engine, command, facts)
    except BaseException:
        files.remove_tree(folder)
        raise
    print(f"Run folder: {folder}")
    if options.dry_run:
        return 0
    return execute(open_run(folder, options), options.wait)


def packed(facts: dict[str, dict[str, int] | None]) -> str:
    """Say how many photographs were packed, and how many files were none of them."""
    known, new = facts["data"], facts["new_photographs"] or {"photos": 0, "ignored": 0}
    line = f"Photographs: {known['photos']:,} annotated, {new['photos']:,} new"
    if ignored := known["ignored"] + new["ignored"]:
        line += f"; {ignored:,} other file{'s were' if ignored > 1 else ' was'} left alone"
    return line


def go_on(folder: Path, options: Options, given: set[str]) -> int:
    """Go on with the run of an existing folder, as it was planned."""
    if changed := given - {"cores", "memory", "verbose", "wait"}:
        names = ", ".join("--" + name.replace("_", "-") for name in sorted(changed))
        raise InputError(
            f"--resume goes on with the run as it was planned: drop {names}, or start a new run "
            "(jobs whose inputs are unchanged are taken from the cache)"
        )
    return execute(open_run(folder, options), options.wait)


def execute(run: Run, wait: bool) -> int:
    """Execute a run, or hand it over, and tell how it ended."""
    if not wait:
        print(run.hand_over())
        print(f"Follow it with: python workflow.py wait {run.folder}")
        return 0
    try:
        return tell_end(run, run.execute(Console(sys.stdout)))
    except KeyboardInterrupt:
        print(run.interrupted)
        raise


def manage(command: str, folder: Path | None, given: dict[str, object]) -> int:
    """Look at a run, or end it; return the exit code, which is 1 where `wait` saw it fail."""
    if folder is None:
        raise InputError(
            f"{command}: name a run folder, as in `python workflow.py {command} runs/x`"
        )
    if given:
        names = ", ".join("--" + name.replace("_", "-") for name in sorted(given))
        raise InputError(f"{command}: takes a run folder and no options; drop {names}")
    run = open_run(folder)
    match command:
        case "wait":
            try:
                return tell_end(run, run.follow(Console(sys.stdout)))
            except KeyboardInterrupt:
                print(run.interrupted)
                raise
        case "status":
            print(run.status())
        case "statistics":
            print(run.statistics())
        case "analyze":
            print(run.analysis())
        case "remove":
            print(run.remove())
    return 0


def tell_end(run: Run, done: bool) -> int:
    """Tell how a run ended; return the exit code."""
    if not done:
        print(run.analysis())
        return 1
    output = run.folder / OUTPUT
    answer = output / "prevalence.json"
    if answer.exists():
        print(f"Answer: {read_record(answer)['answer']}")
        print(f"Report: {output / 'report.html'}")
    else:  # a workflow that is not ours
        print(f"Output: {output}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
