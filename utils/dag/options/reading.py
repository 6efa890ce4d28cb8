"""Reading the options of a run, from the command line and from a TOML file, and checking them."""

import argparse
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from utils.dag.options.data import TASKS
from utils.dag.options.declared import spelled
from utils.dag.options.pairs import laid_over
from utils.dag.options.readers import flag
from utils.dag.options.table import Options
from utils.errors import InputError, suggestion
from utils.video.clock import Clock, periods, time_of


class OptionError(InputError):
    """An option holds a value that it does not take; the message names the option."""


class Once(argparse.Action):
    """Stores a path; of another one that is given as well, nobody would miss what is in it."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: Any,
        option_string: str | None = None,
    ) -> None:
        if getattr(namespace, self.dest, None) not in (None, values):
            raise InputError(f"{option_string}: is given twice, and takes one; leave one")
        setattr(namespace, self.dest, values)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Give `parser` an argument for every option; what is not given stays absent."""
    for item in fields(Options):
        keywords: dict[str, Any] = {"help": item.metadata["help"], "default": argparse.SUPPRESS}
        if item.metadata["read"] is flag:
            keywords["action"] = argparse.BooleanOptionalAction
        else:
            keywords["metavar"] = item.metadata["metavar"] or item.name.upper().replace("_", "-")
        if item.metadata["many"]:
            keywords |= {"action": "extend", "nargs": "+"}
        elif item.metadata["is_path"]:
            keywords["action"] = Once
        parser.add_argument(spelled(item.name), **keywords)


def read_options(given: dict[str, Any], config: Path | None = None) -> Options:
    """Check the options of the command line (`given`) laid over those of a TOML file.

    Paths in the file are relative to the file.

    Raises
    ------
    OptionError
        If an option is unknown or holds a value that it does not take.
    """
    written = _read_toml(config) if config else {}
    task = given.get("task", written.get("task"))
    task = task if task in TASKS else TASKS[0]
    values = _checked(given, "--", task)
    if config:
        below = _checked(written, f"--config {config}: ", task)
        for item in fields(Options):
            name, known = item.name, item.metadata
            if name in below and known["is_path"] and known["is_path"](below[name]):
                below[name] = _beside(config.parent, below[name])
            if known["laid_over"] and name in below and name in values:
                values[name] = laid_over(below[name], values[name])
        values = {**below, **values}
    options = Options(**values)
    if 0 < options.gpus < options.processes:
        raise OptionError(
            f"--workers {options.workers}: each needs a GPU of its own, and --gpus asks for "
            f"{options.gpus}; take as many"
        )
    _check_periods(options)
    for item in fields(Options):
        only = item.metadata["task"]
        value = values.get(item.name, item.default)
        if only not in (None, options.task) and value != item.default:
            where = "" if item.name in given or not config else f"--config {config}: "
            raise OptionError(
                f"{where}{spelled(item.name)}: is for --task {only}, and this run is to "
                f"{options.task}; drop it, or give the task"
            )
    return options


def _check_periods(options: Options) -> None:
    if len(options.compare) not in (0, 2):
        raise OptionError(
            f"--compare: takes two periods, as 9:00-12:00 12:00-15:00, not {len(options.compare)}"
        )
    try:
        periods(options.compare, Clock(time_of(options.clock)))
    except InputError as error:
        raise OptionError(str(error)) from None


def read_given(
    command: str, given: dict[str, Any], takes: Mapping[str, Callable[[Any], Any]]
) -> dict[str, Any]:
    """Check the options of a command that does not start a run.

    Parameters
    ----------
    given
        As on the command line.
    takes
        A reader (`utils.dag.options.readers`) for each option that the command has.

    Raises
    ------
    OptionError
        If the command has no such option, or an option holds a value that it does not take.
    """
    values = {}
    for name, value in given.items():
        if name not in takes:
            known = ", ".join(map(spelled, takes))
            raise OptionError(f"{spelled(name)}: is not for `{command}`, which takes {known}")
        try:
            values[name] = takes[name](value)
        except ValueError as error:
            raise OptionError(f"{spelled(name)}: takes {error}, not {value!r}") from None
    return values


def _checked(raw: dict[str, Any], prefix: str, task: str) -> dict[str, Any]:
    known = {item.name: item for item in fields(Options)}
    values = {}
    for key, value in raw.items():
        name = str(key).replace("-", "_")
        shown = prefix + name.replace("_", "-")
        if name not in known:
            raise OptionError(f"{shown}: no such option; {suggestion(name, sorted(known))}")
        if name in values:
            raise OptionError(f"{shown}: is given twice, with '_' and with '-'; leave one")
        if value is None and known[name].default is None:
            continue
        read = known[name].metadata["read"]
        try:
            values[name] = (read[task] if isinstance(read, dict) else read)(value)
        except ValueError as error:
            given = ", ".join(map(repr, value)) if isinstance(value, list) else repr(value)
            raise OptionError(f"{shown}: takes {error}, not {given}") from None
    return values


def _read_toml(config: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(config.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise OptionError(f"--config {config}: {error.strerror}") from None
    except (ValueError, RecursionError) as error:  # also numbers too long, lists too deep
        raise OptionError(
            f"--config {config}: not TOML ({error}); it takes lines as: epochs = 60"
        ) from None


def _beside(folder: Path, value: Any) -> Any:
    """Return the path, or the paths, that `value` names as seen from `folder`, as what it is."""
    if isinstance(value, tuple):
        return tuple(folder / item for item in value)
    return type(value)(folder / value)
