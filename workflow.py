#!/usr/bin/env python3
"""What share of the people in these photographs wear a mask properly, and how sure are we?

python workflow.py                          run on the bundled sample
python workflow.py --data faces.zip         learn from your annotated photographs
python workflow.py --resume runs/...        go on with an interrupted or failed run
python workflow.py status runs/...          how it stands; also wait, remove, statistics, analyze
python workflow.py graph --output dag.png   draw the workflow
python workflow.py suggest runs/...         deal new photographs to annotate, for a surer answer
python workflow.py plan-sample runs/...     how many photographs a narrower answer takes
python workflow.py runs                     the runs there are, what differs, what they found
python workflow.py compare runs/... runs/...  is one better than the other, and why
python workflow.py track runs/...           keep what runs were told and found in MLflow
"""

from __future__ import annotations  # an old Python gets as far as the message below

import argparse
import contextlib
import logging
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

try:
    from utils.dag.engines.choice import open_run
    from utils.dag.engines.console import Console
    from utils.dag.engines.run import Run
    from utils.dag.graph import draw_graph
    from utils.dag.option_reading import Parser, add_arguments, read_given, read_options
    from utils.dag.option_types import choice, flag, path, real, whole
    from utils.dag.options import Options, marked, spelled
    from utils.dag.pipeline import build_workflow
    from utils.dag.run_folder import OUTPUT
    from utils.dag.run_record import RECORD, open_record
    from utils.errors import InputError, MaskDetectionError, missing_package, suggestion
    from utils.records import read_record
    from utils.search.searched import read_search
    from utils.search.space_words import told_of_space
    from utils.submission import submit
    from utils.tasks import TASKS
    from utils.tracking import commands as over_runs
    from utils.tracking.addresses import require_tracking, without_address
    from utils.tracking.table import SORTS
    from utils.training.recipe_words import read_recipe
except ImportError as error:  # another Python, another system, or no virtual environment
    if __name__ != "__main__":
        raise
    if isinstance(error, ModuleNotFoundError):
        from utils.errors import missing_package

        error = missing_package(error)
    print(f"workflow.py: error: {error}", file=sys.stderr)
    sys.exit(2)

MANAGE = ("status", "wait", "remove", "statistics", "analyze")
"""Commands that look at a run, or end it."""

GO_FURTHER = {
    "suggest": {
        "number": whole(1),
        "output": path,
        "format": choice("voc", "yolo", "coco"),
        "seed": whole(0, 2**32 - 1),
    },
    "plan-sample": {"half_width": real(0.1, 49)},
}
"""Commands that go on from the answer of a finished run, and what each takes."""

OVER_RUNS = {
    "runs": {"sort": choice(*SORTS), "json": flag},
    "compare": {"output": path, "json": flag, "seed": whole(0, 2**32 - 1)},
    "track": {"track": str},
}
"""Commands about several runs, and what each takes."""

OF_OTHERS = {"number", "half_width", "sort", "json"}
"""Options that no run takes."""

COMMANDS = ("run", "graph", *MANAGE, *GO_FURTHER, *OVER_RUNS)
GRAPH = Path("workflow.png")


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = Parser(
        prog="workflow.py",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add = parser.add_argument
    add(
        "command",
        nargs="?",
        default="run",
        metavar="{" + ",".join(COMMANDS) + "}",
        help="default: run",
    )
    add("folders", nargs="*", type=Path, metavar="RUN_DIR", help=f"of {', '.join(COMMANDS[2:])}")
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
        metavar="PATH",
        help=f"file that `graph` draws to: .png, .svg or .pdf (default: {GRAPH}); folder that "
        "`suggest` writes (default: RUN_DIR/annotate); page that `compare` writes (default: "
        "comparison.html)",
    )
    add(
        "--number",
        metavar="N",
        help="new photographs that `suggest` deals to annotate (default: 30)",
    )
    add(
        "--half-width",
        metavar="POINTS",
        help="percentage points to each side that `plan-sample` plans for (default: 5)",
    )
    add(
        "--sort",
        metavar="COLUMN",
        help=f"what `runs` sorts by: {', '.join(SORTS)} (default: {SORTS[0]})",
    )
    add(
        "--track",
        nargs="?",
        const="",
        metavar="URI",
        help="keep what the run is told and finds in MLflow, as its jobs finish; `wait` and "
        "`track` take it, too (default: not; without URI, in MLFLOW_TRACKING_URI, else in a "
        "database beside the run)",
    )
    add(
        "--json",
        action="store_true",
        default=None,
        help="let `runs` and `compare` print JSON (default: tables)",
    )
    add_arguments(parser)
    return parser


def main(argv: list[str] | None = None) -> int:
    """Do what the command line says and return the exit code.

    0: done; 1: a job failed; 2: the command line or the data must be mended; 130: interrupted.
    """
    words = sys.argv[1:] if argv is None else argv
    try:
        given = {
            name: it for name, it in vars(parser().parse_args(words)).items() if it is not None
        }
        command, folders = given.pop("command"), given.pop("folders", [])
        if command not in COMMANDS:
            raise InputError(unknown_command(command))
        if command in OVER_RUNS:
            print(look_over(command, folders, read_given(command, given, OVER_RUNS[command])))
            return 0
        folder = one_of(command, folders)
        if command in MANAGE:
            return manage(command, folder, given)
        if command in GO_FURTHER:
            return go_further(command, folder, read_given(command, given, GO_FURTHER[command]))
        for other, takes in {**GO_FURTHER, **OVER_RUNS}.items():
            if stray := OF_OTHERS & takes.keys() & given.keys():
                raise InputError(f"{spelled(stray.pop())}: is for `{other}`")
        if folder:
            raise InputError(f"{folder}: `{command}` takes no folder; did you mean --resume?")
        resume, output = given.pop("resume", None), given.pop("output", None)
        track = given.pop("track", None)
        if output and command != "graph":
            raise InputError(
                f"--output {output}: is for `graph`, `suggest` and `compare`; the results of a "
                f"run go to RUN_DIR/{OUTPUT}, and --run-dir names the RUN_DIR"
            )
        if resume and command == "graph":
            raise InputError("--resume goes on with a run; `graph` draws what options describe")
        config = given.pop("config", None)
        options = read_options(given, config)
        of = TASKS[options.task]
        recipe = read_recipe(options.recipe, source("recipe", given, config), of)
        begin, space = read_search(
            *(options.search, recipe, options.arch, options.image_size, of),
            source("search", given, config),
        )
        logging.basicConfig(
            level=logging.DEBUG if options.verbose else logging.WARNING, format="%(message)s"
        )
        if command == "graph":
            draw_graph(build_workflow(options), output or GRAPH)
            print(output or GRAPH)
            return 0
        if space and not resume:
            none = "Search: none (0 trials), so what is told of one is left aside"
            print(told_of_space(space, begin) if options.trials else none)
        if resume:
            return go_on(resume, options, {*given, *(["config"] if config else [])}, track)
        return start(options, ["python", "workflow.py", *words], track)
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


def one_of(command: str, folders: list[Path]) -> Path | None:
    """Return the folder of a command that takes one."""
    if len(folders) > 1:
        raise InputError(
            f"{command}: takes one run folder, not {len(folders)}: {', '.join(map(str, folders))}"
        )
    return folders[0] if folders else None


def source(name: str, given: dict[str, Any], config: Path | None) -> str:
    """Return where the values of an option that is a table come from, for the message of an error.

    `given` are the options of the command line.
    """
    sources = [f"--config {config}: [{name}]"] if config else []
    return " or ".join(sources + [spelled(name)] * (name in given))


def unknown_command(word: str) -> str:
    """Say what a word that is no command may have been meant for."""
    told = f"{word}: no such command; "
    if (Path(word) / RECORD).exists():
        return f"{told}did you mean `status {word}`, or --resume {word}?"
    if Path(word).exists() or "/" in word or Path(word).suffix:
        return f"{told}did you mean --data {word}, or --predict {word}?"
    return told + suggestion(word.lower(), COMMANDS)


def start(options: Options, command: list[str], track: str | None = None) -> int:
    """Plan a new run and execute it."""
    check_tracking(options, track)
    run = submit(options, without_address(command), tell=print)
    print(f"Run folder: {run.folder}")
    return 0 if options.dry_run else execute(run, options.wait, track)


def go_on(folder: Path, options: Options, given: set[str], track: str | None = None) -> int:
    """Go on with the run of an existing folder, as it was planned."""
    if changed := given - set(marked("goes_on")):
        names = ", ".join(spelled(name) for name in sorted(changed))
        raise InputError(
            f"--resume goes on with the run as it was planned: drop {names}, or start a new run "
            "(jobs whose inputs are unchanged are taken from the cache)"
        )
    check_tracking(options, track)
    return execute(open_run(folder, options), options.wait, track)


def check_tracking(options: Options, track: str | None) -> None:
    """Refuse to track a run that nobody follows here, or to where it cannot be tracked."""
    if track is None:
        return
    if options.dry_run or not options.wait:
        what = "--dry-run" if options.dry_run else "--no-wait"
        raise InputError(
            f"--track: follows the run, and with {what} nothing does; give it to `wait`, or "
            "`track` the run afterwards"
        )
    require_tracking(track)


def execute(run: Run, wait: bool, track: str | None = None) -> int:
    """Execute a run, or hand it over, and tell how it ended; track it meanwhile."""
    if not wait:
        print(run.hand_over())
        print(f"Follow it with: python workflow.py wait {run.folder}")
        return 0
    return followed(run, run.execute, track)


def followed(run: Run, follow: Callable[[Console], bool], track: str | None) -> int:
    """Follow a run to its end, and tell how it ended."""
    beside: Any = contextlib.nullcontext()
    if track is not None:
        from utils.tracking.following import Following

        beside = Following(run.folder, track, print)
    try:
        with beside:
            done = follow(Console(sys.stdout))
        return tell_end(run, done)
    except KeyboardInterrupt:
        print(run.interrupted)
        raise


def manage(command: str, folder: Path | None, given: dict[str, Any]) -> int:
    """Look at a run, or end it; return the exit code, which is 1 where `wait` saw it fail."""
    folder = named(command, folder)
    track = given.pop("track", None) if command == "wait" else None
    if given:
        names = ", ".join(spelled(name) for name in sorted(given))
        raise InputError(f"{command}: takes a run folder and no options; drop {names}")
    run = open_run(folder)
    if command == "wait":
        return followed(run, run.follow, track)
    answers = {
        "status": run.status,
        "statistics": run.statistics,
        "analyze": run.analysis,
        "remove": run.remove,
    }
    print(answers[command]())
    return 0


def named(command: str, folder: Path | None) -> Path:
    """Return the run folder that a command names."""
    if folder is None:
        raise InputError(
            f"{command}: name a run folder, as in `python workflow.py {command} runs/x`"
        )
    return folder


def go_further(command: str, folder: Path | None, given: dict[str, Any]) -> int:
    """Deal new photographs of a finished run to be annotated, or plan a larger sample."""
    from utils.analysis.sample import commands  # they need NumPy

    folder = named(command, folder)
    take = {"suggest": commands.deal, "plan-sample": commands.tell_plan}[command]
    print(take(folder, folder / OUTPUT, open_record(folder), given))
    return 0


def look_over(command: str, folders: list[Path], given: dict[str, Any]) -> str:
    """Return what a command about several runs has to tell."""
    if command == "runs":
        return over_runs.list_runs(folders, given)
    if command == "track":
        from utils.tracking.following import track_runs

        return track_runs(folders, given.get("track"))
    from utils.comparison.commands import compare  # it needs NumPy

    return compare(folders, given)


def tell_end(run: Run, done: bool) -> int:
    """Tell how a run ended; return the exit code."""
    if not done:
        print(run.analysis())
        return 1
    output = run.folder / OUTPUT
    answer = output / "prevalence.json"
    if answer.exists():
        record = read_record(answer)
        print(f"Answer: {record['answer']}")
        if serious := record.get("serious"):
            print("Before you quote it:", *serious, sep="\n  - ")
        print(f"Report: {output / 'report.html'}")
    else:  # a workflow that is not ours
        print(f"Output: {output}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
