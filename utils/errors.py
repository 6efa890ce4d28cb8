"""Errors that people at the keyboard can mend, the one that is none, and words to tell them in."""

import errno
import sys
from collections.abc import Iterable
from difflib import get_close_matches


class MaskDetectionError(Exception):
    """Something outside the code is wrong; the message names the file, the field and the fix."""


class InputError(MaskDetectionError):
    """An input (photograph, annotation, archive, model file, ...) cannot be used."""


class TrainingDiverged(MaskDetectionError):
    """Losses or weights of a training are not finite, or a loss has exploded."""


class Checkpointed(Exception):
    """Work stopped on request after its checkpoint was saved; the executable exits with 85."""


def suggestion(name: str, known: Iterable[str]) -> str:
    """Say what an unknown `name` may have been meant for: the nearest of `known`, else them all."""
    known = list(known)
    near = nearest(name, known)
    return f"did you mean {near}?" if near else f"there are {', '.join(known)}"


def nearest(name: str, known: Iterable[str]) -> str | None:
    """Return which of `known` an unknown `name` may have been meant for, or None."""
    return next(iter(get_close_matches(name, list(known), n=1)), None)


def missing_package(error: ImportError) -> str:
    """Say what to do where a Python package cannot be imported."""
    return (
        f"{error}: it is not installed for {sys.executable}. `make run` installs all that is "
        "needed into .venv once; then use .venv/bin/python, or `source .venv/bin/activate` first"
    )


def is_full_disk(error: BaseException) -> bool:
    """Return whether an error says that a disk, or somebody's share of it, is full."""
    return isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)


def brief(text: object, most: int = 120) -> str:
    """Return `text` as an error may quote it: one line of at most `most` characters, printable."""
    start = printable(" ".join(str(text)[: most + 1].split()))
    return start if len(start) <= most else start[:most] + "..."


def printable(text: str) -> str:
    """Return `text` with what would move a terminal's cursor, or turn its letters, spelled out."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in text)


def number_of(count: int, singular: str, plural: str | None = None) -> str:
    """Return "1 photograph", "2 photographs", with commas in thousands."""
    return f"{count:,} {singular if count == 1 else plural or singular + 's'}"
