"""Hyper-parameters as words ``name=value``: how they come from a configuration file to the jobs."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from utils.errors import InputError, suggestion
from utils.training.plan import Trainable
from utils.training.recipe import Recipe


def read_recipe(
    words: Sequence[str], source: str = "--recipe", of: Trainable | None = None
) -> dict[str, Any]:
    """Return the parameters that words such as ``batch_size=8`` give; the others keep defaults.

    Parameters
    ----------
    source
        Where the words come from, for the message of an error.
    of
        What is trained; by default any parameter is taken.

    Raises
    ------
    InputError
        If a parameter is unknown, of another type than its default, or out of range.
    """
    known = asdict(Recipe())
    params = {}
    for word in words:
        name, equals, text = word.partition("=")
        if not equals:
            raise InputError(f"{source}: {word!r}: takes NAME=VALUE, e.g. batch_size=8")
        if name not in known:
            raise InputError(f"{source}: {name}: no such parameter; {suggestion(name, known)}")
        params[name] = read_value(text, known[name], f"{source}: {name}")
    try:
        of.check(params) if of else Recipe.from_params(params)
    except InputError as error:
        raise InputError(f"{source}: {error}") from None
    return params


def read_value(text: str, default: Any, shown: str) -> Any:
    """Return a parameter's value from its word, of the type of its default.

    Parameters
    ----------
    shown
        What the parameter is called in the message of an error.

    Raises
    ------
    InputError
        If the word is of another type.
    """
    if isinstance(default, str):
        return text
    try:
        value = json.loads(text.lower() if isinstance(default, bool) else text)
    except ValueError:
        value = text
    if isinstance(default, float) and type(value) is int:
        return float(value)
    if type(value) is not type(default) and default is not None:
        takes = {int: "a whole number", float: "a number", bool: "true or false"}[type(default)]
        raise InputError(f"{shown}: takes {takes}, not {text!r}")
    return value
