"""How people name a version: ``masks``, ``masks@latest``, ``masks@1f2e3d``."""

import re
from dataclasses import dataclass

from utils.errors import InputError, brief

LATEST = "latest"
LEAST = 4
"""Digits of a version that name it, if no other begins so."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
_VERSION = re.compile(rf"{LATEST}|[0-9a-fA-F]{{{LEAST},64}}")


@dataclass(frozen=True)
class Wanted:
    """A version that somebody named: of a data set, by the first digits; the newest without."""

    name: str
    digits: str | None

    def __str__(self) -> str:
        return f"{self.name}@{self.digits or LATEST}"


def checked_name(name: str) -> str:
    """Return what can be the name of a data set.

    Raises
    ------
    InputError
        If it cannot.
    """
    if not _NAME.fullmatch(name):
        raise InputError(
            f"'{brief(name)}': no name of a data set; it takes letters, digits, '.', '_' and '-', "
            "64 at most, and begins with a letter or digit"
        )
    return name


def wanted(word: str) -> Wanted:
    """Return what a word names.

    Raises
    ------
    InputError
        If it is not of the form above.
    """
    name, at, digits = word.partition("@")
    checked_name(name)
    if at and not _VERSION.fullmatch(digits):
        raise InputError(
            f"'{brief(word)}': names no version; write {name}@{LATEST}, or {name}@ and the first "
            f"{LEAST} digits or more of one that `python workflow.py data list {name}` tells"
        )
    return Wanted(name, digits.lower() if at and digits != LATEST else None)


def may_name(word: str) -> bool:
    """Return whether a word has the form of a name, with whatever stands behind an @, or without.

    What `wanted` then says of ``masks@gone`` helps more than that there is no such file.
    """
    return bool(_NAME.fullmatch(word.partition("@")[0])) and "/" not in word
