"""Readers of options that give values to names: words ``name=value``, or a table of a TOML file.

Like those of `utils.dag.options.readers`, they raise `ValueError` with a text that goes on
"takes ...".
"""

import json
from collections.abc import Callable
from typing import Any


def assignments(value: Any) -> tuple[str, ...]:
    """Read a table, or words ``name=value``; return such words, sorted, the last of equal names."""
    return _by_name(value, "a table, or words NAME=VALUE")


def searched(value: Any) -> tuple[str, ...]:
    """Read a table of what is searched, or words; return words ``name=low:high``, ``name=a,b``.

    In a table, a list of two numbers is the ends of a range, and any other list a choice; text is
    taken as a word is. What each name takes is checked by who knows the names.
    """
    takes = "a table of lists, or words NAME=LOW:HIGH or NAME=A,B,..."
    if isinstance(value, dict):
        value = {name: _choice(item, name) for name, item in value.items()}
    return _by_name(value, takes)


def _by_name(value: Any, takes: str) -> tuple[str, ...]:
    pairs = _pairs(value, str.partition, takes)
    words = {name.replace("-", "_"): item for name, item in pairs}
    if isinstance(value, dict) and len(words) < len(pairs):
        raise ValueError(f"{takes}, each name once and not with '_' and with '-'")
    return tuple(f"{name}={words[name]}" for name in sorted(words))


def _choice(value: Any, name: str) -> str:
    """Return a list of a TOML file as the command line spells it."""
    if isinstance(value, str) and value.strip():
        return value
    takes = f"for {name} two numbers, the ends of a range, or a list of choices"
    if not isinstance(value, list) or not value:
        raise ValueError(takes)
    words = [_plain(item, f"{takes}: numbers or texts") for item in value]
    if any(not word.strip() or set(word) & set(",:") for word in words):
        raise ValueError(f"{takes}: texts without ',' and ':'")
    numbers = [isinstance(item, int | float) and not isinstance(item, bool) for item in value]
    return ":".join(words) if len(words) == 2 and all(numbers) else ",".join(words)


def mapping(value: Any) -> tuple[str, ...]:
    """Read as `assignments` does, but leave names as they are spelled.

    They may hold a ``=``, or be empty; one that stands twice means the same both times.
    """
    words: dict[str, str] = {}
    for name, item in _pairs(value, str.rpartition, "a table, or words THEIRS=OURS", True):
        if words.setdefault(name, item) != item:
            raise ValueError(f"one meaning for each name, '{name}' has two")
    return tuple(f"{name}={words[name]}" for name in sorted(words))


def laid_over(below: tuple[str, ...], above: tuple[str, ...]) -> tuple[str, ...]:
    """Return what `assignments` or `mapping` read, sorted; of equal names that `above` wins."""
    words = {word.rpartition("=")[0]: word for word in (*below, *above)}
    return tuple(words[name] for name in sorted(words))


def _pairs(
    value: Any,
    split: Callable[[str, str], Any],
    takes: str,
    nameless: bool = False,
) -> list[tuple[str, str]]:
    if isinstance(value, dict):
        one = f"{takes}, with one number, text, true or false for each name, as for"
        value = [f"{name}={_plain(item, f'{one} {name}')}" for name, item in value.items()]
    if not isinstance(value, list | tuple):
        raise ValueError(takes)
    pairs = []
    for word in value:
        name, equals, item = split(word, "=") if isinstance(word, str) else ("", "", "")
        if not (equals and item.strip() and (nameless or name.strip())):
            raise ValueError(takes)
        pairs.append((name.strip(), item.strip()))
    return pairs


def _plain(value: Any, takes: str) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool | int | float):
        return json.dumps(value)
    raise ValueError(takes)
