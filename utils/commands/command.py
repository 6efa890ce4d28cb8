"""What a command of ``workflow.py`` is: its words, its options, and what it does."""

from __future__ import annotations  # an old Python gets as far as the message of workflow.py

import argparse
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from utils.dag.command_line import Parser
from utils.dag.options.declared import spelled
from utils.dag.options.readers import flag
from utils.dag.options.reading import read_given
from utils.errors import InputError

Tell = Callable[[str], object]
"""Takes what people are told."""


@dataclass(frozen=True)
class Option:
    """An option of a command.

    Attributes
    ----------
    read
        Its reader, of `utils.dag.options.readers`; of `flag` the option takes no value.
    told
        What its help says.
    metavar
        What its value is called in the help.
    bare
        What it holds where it is given without a value; None: it needs one.
    """

    read: Callable[[Any], Any]
    told: str
    metavar: str | None = None
    bare: str | None = None

    def add_to(self, parser: argparse.ArgumentParser, name: str, hidden: bool = False) -> None:
        """Give a parser an argument for it, without a value for what is not given."""
        keywords: dict[str, Any] = {"help": argparse.SUPPRESS if hidden else self.told}
        if self.read is flag:
            keywords |= {"action": "store_true", "default": None}
        else:
            keywords["metavar"] = self.metavar or name.upper().replace("_", "-")
        if self.bare is not None:
            keywords |= {"nargs": "?", "const": self.bare}
        parser.add_argument(spelled(name), **keywords)


@dataclass(frozen=True)
class Command:
    """A word after ``workflow.py``, and what it does.

    Attributes
    ----------
    told
        A line that says what it is good for.
    act
        Called with the words after it, its options that were given, and what takes what people
        are told; returns the exit code.
    words
        How its help shows the words that it takes.
    options
        By name, as fields are named.
    """

    name: str
    told: str
    act: Callable[[Sequence[str], dict[str, Any], Tell], int]
    words: str = "RUN_DIR"
    options: Mapping[str, Option] = field(default_factory=dict)

    def do(self, words: Sequence[str], given: Mapping[str, Any], tell: Tell) -> int:
        """Check the options that were given and do it; return the exit code.

        Raises
        ------
        InputError
            If it has no such option, one holds a value that it does not take, or as `act`.
        """
        if given and not self.options:
            names = ", ".join(spelled(name) for name in sorted(given))
            raise InputError(f"{self.name}: takes {self.words} and no options; drop {names}")
        if "" in words:  # as of a variable of a shell that is not set; as a path it would be "."
            raise InputError(
                f"{self.name}: one of the words after it is empty; name it, or drop it"
            )
        takes = {name: option.read for name, option in self.options.items()}
        return self.act(words, read_given(self.name, dict(given), takes), tell)

    def parser(self) -> Parser:
        """Return a parser that prints its help."""
        parser = Parser(
            prog=f"workflow.py {self.name}",
            description=f"{self.told[0].upper()}{self.told[1:]}.",
            usage=f"python workflow.py {self.name} {self.words}"
            + " [options]" * bool(self.options),
            allow_abbrev=False,
        )
        for name, option in self.options.items():
            option.add_to(parser, name)
        return parser


def check_page(command: str, given: Mapping[str, Any]) -> None:
    """Refuse an option ``output`` that is no page which can be written, before work is done for it.

    Raises
    ------
    InputError
        If it is no file .html, or there is no such folder.
    """
    if (page := given.get("output")) is None:
        return
    if page.suffix != ".html":
        raise InputError(f"--output {page}: is a page of `{command}`; name a file .html")
    if not page.absolute().parent.is_dir():
        raise InputError(f"--output {page}: there is no folder {page.parent}; make it")


def named_folder(command: str, words: Sequence[str]) -> Path:
    """Return the run folder that a command names, which takes one.

    Raises
    ------
    InputError
        If it names none, or several.
    """
    if not words:
        raise InputError(
            f"{command}: name a run folder, as in `python workflow.py {command} runs/x`"
        )
    if len(words) > 1:
        raise InputError(f"{command}: takes one run folder, not {len(words)}: {', '.join(words)}")
    return Path(words[0])
