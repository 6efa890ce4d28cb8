#!/usr/bin/env python3
"""What share of the people in these photographs wear a mask properly, and how sure are we?

python workflow.py                          run on the bundled sample
python workflow.py --data faces.zip         learn from your annotated photographs
python workflow.py --resume runs/...        go on with an interrupted or failed run
python workflow.py graph --output dag.png   draw the workflow
python workflow.py COMMAND ...              of which there are these; COMMAND --help tells more
"""

from __future__ import annotations  # an old Python gets as far as the message below

import argparse
import logging
import os
import sys
from dataclasses import fields
from pathlib import Path
from typing import Any

try:
    from utils.commands.command import Command
    from utils.commands.data import DATA
    from utils.commands.drifting import DRIFTING
    from utils.commands.managing import MANAGING, TRACK
    from utils.commands.overview import OVERVIEW
    from utils.commands.registering import REGISTERING
    from utils.commands.running import go_on, start
    from utils.commands.sampling import SAMPLING
    from utils.dag.command_line import Parser
    from utils.dag.graph import draw_graph
    from utils.dag.options.declared import spelled
    from utils.dag.options.readers import path
    from utils.dag.options.reading import Once, add_arguments, read_options
    from utils.dag.options.table import Options
    from utils.dag.pipeline import build_workflow
    from utils.dag.run_folder import OUTPUT
    from utils.dag.run_record import RECORD
    from utils.errors import InputError, MaskDetectionError, missing_package, suggestion
    from utils.search.searched import read_search
    from utils.search.space_words import told_of_space
    from utils.tasks import TASKS
    from utils.training.recipe_words import read_recipe
except ImportError as error:  # another Python, another system, or no virtual environment
    if __name__ != "__main__":
        raise
    if isinstance(error, ModuleNotFoundError):
        from utils.errors import missing_package

        error = missing_package(error)
    print(f"workflow.py: error: {error}", file=sys.stderr)
    sys.exit(2)

COMMANDS: dict[str, Command] = {
    command.name: command
    for command in (
        *MANAGING,
        *SAMPLING,
        *OVERVIEW,
        DATA,
        *REGISTERING,
        *DRIFTING,
    )
}
"""What there is besides ``run`` and ``graph``, by name."""

ALL = ("run", "graph", *COMMANDS)
GRAPH = Path("workflow.png")


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line, which takes the options of every command."""
    told = "\n".join(f"  {name:<14}{command.told}" for name, command in COMMANDS.items())
    parser = Parser(
        prog="workflow.py",
        description=f"{__doc__}\n{told}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add = parser.add_argument
    add(
        "command",
        nargs="?",
        default="run",
        metavar="COMMAND",
        help=f"one of {', '.join(ALL)} (default: run)",
    )
    add("words", nargs="*", metavar="RUN_DIR", help="what most commands take")
    add(
        "--config",
        type=Path,
        action=Once,
        metavar="FILE",
        help="options as TOML, as in configs/ (default: none)",
    )
    add(
        "--resume",
        type=Path,
        action=Once,
        metavar="RUN_DIR",
        help="go on with that run (default: a new run)",
    )
    add(
        "--output",
        metavar="PATH",
        help=f"file that `graph` draws to: .png, .svg or .pdf (default: {GRAPH})",
    )
    TRACK.add_to(parser, "track")
    add_arguments(parser)
    known = {"config", "resume", "output", "track", *(item.name for item in fields(Options))}
    others = {name: it for command in COMMANDS.values() for name, it in command.options.items()}
    for name in others.keys() - known:
        others[name].add_to(parser, name, hidden=True)
    return parser


def main(argv: list[str] | None = None) -> int:
    """Do what the command line says and return the exit code.

    0: done; 1: a job failed; 2: the command line or the data must be mended; 130: interrupted.
    """
    try:
        return do(list(sys.argv[1:] if argv is None else argv))
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


def do(line: list[str]) -> int:
    """Do what a command line says and return the exit code."""
    if line and line[0] in COMMANDS and {"-h", "--help"} & set(line):
        COMMANDS[line[0]].parser().parse_args(["--help"])
    given = {name: it for name, it in vars(parser().parse_args(line)).items() if it is not None}
    name, words = given.pop("command"), given.pop("words", [])
    if name in COMMANDS:
        return COMMANDS[name].do(words, given, print)
    if name not in ALL:
        raise InputError(unknown_command(name))
    if words:
        raise InputError(f"{words[0]}: `{name}` takes no folder; did you mean --resume?")
    return learn(name, given, line)


def learn(name: str, given: dict[str, Any], line: list[str]) -> int:
    """Run or draw the workflow that options describe; return the exit code.

    Parameters
    ----------
    name
        ``run`` or ``graph``.
    given
        The options that were given.
    line
        The command line, for the record of the run.
    """
    resume, output = given.pop("resume", None), given.pop("output", None)
    track, config = given.pop("track", None), given.pop("config", None)
    if output and name != "graph":
        raise InputError(
            f"--output {output}: is for {' and '.join(['`graph`', *takers('output')])}; the "
            f"results of a run go to RUN_DIR/{OUTPUT}, and --run-dir names the RUN_DIR"
        )
    for stray in given.keys() - {item.name for item in fields(Options)}:
        raise InputError(f"{spelled(stray)}: is for {' and '.join(takers(stray))}")
    if resume and name == "graph":
        raise InputError("--resume goes on with a run; `graph` draws what options describe")
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
    if name == "graph":
        drawn = path(output or GRAPH)
        draw_graph(build_workflow(options), drawn)
        print(drawn)
        return 0
    if space and not resume:
        none = "Search: none (0 trials), so what is told of one is left aside"
        print(told_of_space(space, begin) if options.trials else none)
    if resume:
        return go_on(resume, options, {*given, *(["config"] if config else [])}, print, track)
    return start(options, ["python", "workflow.py", *line], print, track)


def source(name: str, given: dict[str, Any], config: Path | None) -> str:
    """Return where the values of an option that is a table come from, for the message of an error.

    `given` are the options of the command line.
    """
    sources = [f"--config {config}: [{name}]"] if config else []
    return " or ".join(sources + [spelled(name)] * (name in given))


def takers(option: str) -> list[str]:
    """Return the commands that take an option, as messages name them."""
    return [f"`{command.name}`" for command in COMMANDS.values() if option in command.options]


def unknown_command(word: str) -> str:
    """Say what a word that is no command may have been meant for."""
    told = f"{word}: no such command; "
    if (Path(word) / RECORD).exists():
        return f"{told}did you mean `status {word}`, or --resume {word}?"
    if Path(word).exists() or "/" in word or Path(word).suffix:
        return f"{told}did you mean --data {word}, or --predict {word}?"
    return told + suggestion(word.lower(), ALL)


if __name__ == "__main__":
    sys.exit(main())
