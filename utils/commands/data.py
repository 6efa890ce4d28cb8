"""The command ``data``: versions of annotated data sets."""

from collections.abc import Sequence
from dataclasses import fields
from typing import Any

from utils.commands.command import Command, Option, Tell, check_page
from utils.dag.options.readers import flag, path
from utils.dag.options.table import Options
from utils.dataset.intake.choices import Choices
from utils.errors import InputError, suggestion

_READING = ("store", *(item.name for item in fields(Choices)))


def _data(words: Sequence[str], given: dict[str, Any], tell: Tell) -> int:
    from utils.data_store.commands import ACTIONS

    if not words:
        raise InputError(f"data: takes one of {', '.join(ACTIONS)}, as in `workflow.py data list`")
    action, *rest = words
    if action not in ACTIONS:
        raise InputError(f"data {action}: no such command; {suggestion(action, ACTIONS)}")
    check_page("data diff", given)
    text, code = ACTIONS[action](rest, given)
    tell(text)
    return code


def _options() -> dict[str, Option]:
    """Return the options of a run that say how data are read, and those of its own."""
    known = {item.name: item for item in fields(Options)}
    reading = {
        name: Option(known[name].metadata["read"], known[name].metadata["help"])
        for name in _READING
    }
    return {
        **reading,
        "output": Option(path, "page that `diff` writes (default: differences.html)", "PATH"),
        "set_aside": Option(flag, "let `verify` move what is damaged out of the way"),
        "json": Option(flag, "print JSON (default: tables)"),
    }


DATA = Command(
    "data",
    "versions of data sets: add NAME PATH, list, show NAME@VERSION, diff A B, verify, remove, get",
    _data,
    "{add,list,show,diff,verify,remove,get} ...",
    _options(),
)
