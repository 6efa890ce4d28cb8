"""What a job says in its log, in the lines that `utils.job` makes of it."""

import re
from collections.abc import Sequence
from pathlib import Path

from utils.errors import brief
from utils.files import last_lines

_LINE = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d+ ([A-Z]+) (.*)")
_TRY = re.compile(r"--- \d{4}-\d\d-\d\d .* ---")  # where the local engine begins one
_TRACEBACK = "Traceback (most recent call last):"
_USAGE = re.compile(r"\S+: error: (.*)")  # argparse's

LONGEST = 500
"""Characters of an error that are told."""


def said(line: str) -> str:
    """Return a line of a log without its time and level."""
    found = _LINE.fullmatch(line)
    return found[2] if found else line


def own_error(log: Path) -> str:
    """Return what the last try in a log gave as its error; nothing if it gave none."""
    return last_error(last_lines(log, 2000))


def last_error(lines: Sequence[str]) -> str:
    """Return the last error that a job's lines tell: its own words, else those of an exception."""
    told, in_traceback = "", False
    for line in lines:
        found = _LINE.fullmatch(line)
        if _TRY.fullmatch(line):
            told, in_traceback = "", False
        elif found:
            told = found[2] if found[1] == "ERROR" else told
            in_traceback = False
        elif line == _TRACEBACK:
            in_traceback = True
        elif in_traceback and re.match(r"[A-Za-z_][\w.]*(: |$)", line):
            told = line
        elif usage := _USAGE.fullmatch(line):
            told = usage[1]
    return brief(told, LONGEST)
