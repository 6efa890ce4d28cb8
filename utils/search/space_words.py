"""What is searched, as words: ``clip=1:10`` is a range, ``optimizer=adamw,sgd`` a choice.

That is how it comes from the command line or a configuration file to the jobs.
"""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from utils.errors import InputError, suggestion
from utils.search.space import Choices, Range, Space, default_params, moved_into, short
from utils.training.recipe_words import read_value

FORM = "LOW:HIGH for all numbers between two, or A,B,... for a choice"


def read_space(
    words: Sequence[str],
    start: Mapping[str, Any],
    check: Callable[[dict[str, Any]], None],
    by_ratio: Sequence[str] = (),
    source: str = "--search",
) -> Space:
    """Return what such words let the search choose from, in the order of their names.

    Parameters
    ----------
    start
        All that can be searched, with the values where the search would start.
    check
        Raises `InputError` where parameters are not what a training takes.
    by_ratio
        What is searched by its logarithm, where a range does not begin at 0.
    source
        Where the words come from, for the message of an error.

    Raises
    ------
    InputError
        If a parameter is unknown, or its range or choices are empty, reversed, of another type
        than the parameter, or nothing that a training takes.
    """
    space: dict[str, Range | Choices] = {}
    for word in words:
        name, _, text = word.partition("=")
        shown = f"{source}: {name}"
        if name not in start:
            raise InputError(f"{shown}: no such parameter; {suggestion(name, start)}")
        ends = text.split(":")
        if len(ends) > 1:
            space[name] = _range(ends, start[name], name in by_ratio, shown)
            tried = _within(space[name])
        else:
            space[name] = _choices(text.split(","), start[name], shown)
            tried = space[name].values
        for value in tried:
            try:
                check({name: value})
            except InputError as error:
                raise InputError(f"{shown}: {error}") from None
    return dict(sorted(space.items()))


def told_of_space(space: Space, start: Mapping[str, Any]) -> str:
    """Return in a line what is searched, and what the first trial takes of it.

    Parameters
    ----------
    start
        Where the search starts, of what is not at its default.
    """
    start = moved_into(space, {**default_params(), **start})
    parts = [f"{name} {values}" for name, values in space.items()]
    first = ", ".join(f"{name} {short(start[name])}" for name in space)
    return f"Search: {'; '.join(parts)}. The first trial takes {first}"


def _range(ends: list[str], start: Any, by_ratio: bool, shown: str) -> Range:
    if isinstance(start, str | bool):
        raise InputError(f"{shown}: has no range; name the choices, as in A,B")
    if len(ends) != 2 or not all(end.strip() for end in ends):
        raise InputError(f"{shown}: {':'.join(ends)!r}: takes {FORM}")
    low, high = (_value(end, start, shown) for end in ends)
    if not low < high:
        why = "is one value, which leaves nothing to search" if low == high else "is reversed"
        raise InputError(f"{shown}: the range from {low} to {high} {why}; give LOW:HIGH")
    return Range(low, high, log=by_ratio and low > 0)


def _within(values: Range) -> Iterator[Any]:
    """Yield the ends of a range, and some of what is between, where a field may have a gap."""
    steps = 32
    for step in (0, *range(steps, 0, -1)):
        value = values.low + (values.high - values.low) * step / steps
        yield type(values.low)(value)


def _choices(texts: list[str], start: Any, shown: str) -> Choices:
    if not all(text.strip() for text in texts):
        raise InputError(f"{shown}: {','.join(texts)!r}: a choice is empty; it takes {FORM}")
    values = tuple(_value(text, start, shown) for text in texts)
    if len(values) == 1:
        raise InputError(
            f"{shown}: {texts[0].strip()} alone leaves nothing to search; it takes {FORM}"
        )
    if twice := [value for value in values if values.count(value) > 1]:
        raise InputError(f"{shown}: {short(twice[0])} stands twice among the choices; drop one")
    return Choices(values)


def _value(text: str, start: Any, shown: str) -> Any:
    value = read_value(text.strip(), start, shown)
    if isinstance(value, float) and not math.isfinite(value):
        raise InputError(f"{shown}: takes finite numbers, not {text.strip()}")
    return value
