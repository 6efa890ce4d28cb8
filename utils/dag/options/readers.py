"""Readers of option values: each returns the value, or says what the option takes.

They read words of the command line and values of a TOML file alike, and raise `ValueError` with a
text that goes on "takes ...".
"""

import math
import re
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from utils.classifier.finders.names import FINDERS, read_finder, spelled
from utils.errors import InputError
from utils.video.clock import time_of


def whole(low: int, high: int | None = None) -> Callable[[Any], int]:
    """Return a reader of whole numbers from `low` to `high`."""
    return _number(int, "a whole number", low, high)


def real(low: float, high: float | None = None) -> Callable[[Any], float]:
    """Return a reader of numbers from `low` to `high`."""
    return _number(float, "a number", low, high)


def choice(*names: str) -> Callable[[Any], str]:
    """Return a reader of one of `names`."""

    def read(value: Any) -> str:
        if value not in names:
            raise ValueError(f"one of {', '.join(names)}")
        return value

    return read


def text(value: Any) -> str:
    """Read a plain file name that Pegasus takes for a workflow."""
    if (
        not isinstance(value, str)
        or not value.isprintable()
        or not value.split() == [value]
        or any(char in value for char in "/%")
        or value.startswith(".")
    ):
        raise ValueError("a plain name without slashes, spaces and '%'")
    return value


def word(value: Any) -> str:
    """Read a name that can stand in a ClassAd, a file name and a URL."""
    if not isinstance(value, str) or not re.fullmatch(r"[A-Za-z0-9_.-]+", value):
        raise ValueError("a name of letters, digits, '.', '_' and '-'")
    return value


def words(value: Any) -> tuple[str, ...]:
    """Read a list of texts."""
    if not isinstance(value, list | tuple) or not all(isinstance(item, str) for item in value):
        raise ValueError("a list of texts")
    return tuple(value)


def clock_time(value: Any) -> str:
    """Read date and time; a TOML file may have them as such."""
    text = value.isoformat() if isinstance(value, datetime) else value
    try:
        return time_of(text).isoformat()
    except (InputError, AttributeError, TypeError):
        raise ValueError("date and time, as 2026-03-01T09:00") from None


def image(value: Any) -> str:
    """Read a container image: the path of a .sif file, or a reference in a registry."""
    if isinstance(value, str) and re.fullmatch(r"docker://[^\s\"\\]+/[^\s\"\\]+", value):
        return value
    if isinstance(value, str | Path) and str(value).endswith(".sif"):
        return str(path(value))
    raise ValueError("a file .sif, or docker://REPOSITORY/IMAGE:TAG")


def path(value: Any) -> Path:
    """Read a path, or its ``file://`` form; whether it exists is checked where it is used."""
    if not isinstance(value, str | Path) or not str(value):
        raise ValueError("a path")
    if isinstance(value, str) and (found := re.match("([a-z][a-z0-9+.-]+)://", value, re.I)):
        scheme, address = found[1].lower(), urlsplit(value)
        if scheme != "file":
            raise ValueError(f"a path on this machine ({_instead(scheme)})")
        if address.netloc in ("", "localhost"):
            value = unquote(address.path)
    try:
        str(value).encode()
    except UnicodeEncodeError:  # records and reports are UTF-8
        raise ValueError("a path that is UTF-8; rename it, or name a link to it") from None
    try:
        return Path(value).expanduser()
    except RuntimeError:
        raise ValueError("a path; of whom ~ is, no home is known, and ./~ is a name") from None


def is_data_version(value: str | Path) -> bool:
    """Return whether a value is of the form NAME@VERSION, and so no path but of a rare kind."""
    form = r"[A-Za-z0-9][\w.-]*@(latest|[0-9a-fA-F]{4,64})"
    return re.fullmatch(form, str(value), re.ASCII) is not None


def store(value: Any) -> str:
    """Read where versions of data sets are kept: a path, or an address."""
    if isinstance(value, str) and "://" in value and not value.startswith("file://"):
        return value
    try:
        return str(path(value))
    except ValueError:
        raise ValueError("a folder, or an address as s3://bucket/folder") from None


def _instead(scheme: str) -> str:
    """Say what to do with an address, because nothing here reads one."""
    if scheme in ("rtsp", "rtsps", "rtmp", "rtmps", "rtp", "udp", "srt", "mms"):
        return (
            "save photographs of the camera first, as `ffmpeg -i ADDRESS -vf fps=1 %05d.jpg` does, "
            "and name their folder"
        )
    if scheme in ("http", "https", "ftp", "ftps"):
        return "download it first, as `curl -L -O ADDRESS` does, and name the file"
    return f"copy it here first, with the tool for {scheme}://, and name the copy"


def freezing(value: Any) -> str:
    """Read what of a network stays as it is: ``backbone``, ``none``, or all but so many stages."""
    if value in ("backbone", "none") or re.fullmatch("[1-5]", str(value)):
        return str(value)
    raise ValueError("backbone, none, or a whole number from 1 to 5")


def finder(value: Any) -> str:
    """Read the name of a face finder, perhaps with options, or the path of a detector's file."""
    takes = f"one of {', '.join(FINDERS)}, with options as haar:smallest=20, or a detector's file"
    if not isinstance(value, str | Path):
        raise ValueError(takes)
    if is_file_of_finder(value):
        return str(path(value))
    try:
        return spelled(*read_finder(str(value)))
    except InputError as error:
        raise ValueError(f"{takes} ({str(error).removeprefix('--faces ')})") from None


def is_file_of_finder(value: str | Path) -> bool:
    """Return whether a face finder is a detector, named by its file."""
    name = str(value).partition(":")[0]
    return name not in FINDERS and ("/" in str(value) or Path(value).suffix != "")


def paths(value: Any) -> tuple[Path, ...]:
    """Read one path or a list of paths."""
    return tuple(path(item) for item in (value if isinstance(value, list | tuple) else [value]))


def flag(value: Any) -> bool:
    """Read true or false."""
    if not isinstance(value, bool):
        raise ValueError("true or false")
    return value


def _number(kind: type, words: str, low: float, high: float | None) -> Callable[[Any], Any]:
    takes = f"{words} from {low}" + ("" if high is None else f" to {high}")

    def read(value: Any) -> Any:
        if isinstance(value, bool) or (kind is int and isinstance(value, float)):
            raise ValueError(takes)
        try:
            number = kind(value)
        except (TypeError, ValueError, OverflowError):
            raise ValueError(takes) from None
        if not low <= number < math.inf or (high is not None and number > high):
            raise ValueError(takes)
        return number

    return read
