"""Damaging files, and telling whether what is read of them is what was written."""

import contextlib
import io
import logging
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import torch

from utils.errors import InputError
from utils.training.tensors import load_tensors


def cut(data: bytes, step: int) -> Iterator[bytes]:
    """Yield `data` cut at every `step`-th length."""
    return (data[:length] for length in range(0, len(data), step))


def flips(
    path: Path, whole: bytes, step: int, load: Callable[[], Any], saved: Any
) -> tuple[int, int]:
    """Flip a bit in every `step`-th byte of a file and load it; return how often, and noticed.

    `load` returns None where it notices, which it must in the parts of the file. Some bytes between
    them say nothing: what it returns then must equal `saved`.
    """
    places, inside = range(0, len(whole), step), _parts(whole)
    noticed = 0
    for place in places:
        data = bytearray(whole)
        data[place] ^= 1 << (place * 5 + place // 8) % 8
        path.write_bytes(data)
        loaded = load()
        noticed += loaded is None
        assert loaded is None or equal(loaded, saved), f"byte {place}: other content was loaded"
        assert loaded is None or not any(place in part for part in inside), f"byte {place}: unseen"
    return len(places), noticed


def _parts(whole: bytes) -> list[range]:
    """Return where the contents of the zip's parts lie."""
    found = []
    with zipfile.ZipFile(io.BytesIO(whole)) as archive:
        for part in archive.infolist():
            with archive.open(part) as stream:
                start = stream._orig_compress_start
            found.append(range(start, start + part.file_size))
    return found


def equal(one: Any, two: Any) -> bool:
    """Tell whether nested dictionaries, lists, tensors and plain values are equal."""
    if isinstance(one, torch.Tensor):
        return isinstance(two, torch.Tensor) and one.dtype == two.dtype and torch.equal(one, two)
    if isinstance(one, dict):
        return (
            isinstance(two, dict)
            and list(one) == list(two)
            and all(equal(one[name], two[name]) for name in one)
        )
    if isinstance(one, list | tuple):
        return type(one) is type(two) and len(one) == len(two) and all(map(equal, one, two))
    return type(one) is type(two) and one == two


@contextlib.contextmanager
def said() -> Iterator[list[str]]:
    """Collect what our modules log meanwhile."""
    messages: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: messages.append(record.getMessage())
    logger = logging.getLogger("utils")
    logger.addHandler(handler)
    try:
        yield messages
    finally:
        logger.removeHandler(handler)


def refused(path: Path, check: Callable[[Path], Any], *words: str) -> bool:
    """Let `check` refuse a file, with these words and the file's name in its message."""
    try:
        check(path)
    except InputError as error:
        missing = [word for word in (path.name, *words) if word not in str(error)]
        assert not missing, f"{missing} not in: {error}"
        return True
    raise AssertionError(f"{path} was not refused")


def refused_data(path: Path, data: bytes, check: Callable[[Path], Any]) -> bool:
    """Let `check` refuse a file of these bytes."""
    path.write_bytes(data)
    return refused(path, check)


def content(path: Path, check: Callable[[Path], Any]) -> Any:
    """Return what stands in a file of tensors, or None if `check` refuses it."""
    try:
        check(path)
    except InputError:
        return None
    return load_tensors(path)[0]
