"""What photographs are called in shards and results: stems, or paths where stems are equal."""

import unicodedata
from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import NoReturn

from utils.errors import InputError


def filenames(paths: Sequence[str], where: object) -> list[str]:
    """Return a file name for each photograph, so that none shares its stem with another.

    That is the last part of its path; where several have the same stem, as cameras count anew in
    every folder, as many of its folders as tell these apart: ``day1/IMG_0001.jpg``.

    Parameters
    ----------
    paths
        With ``/`` between their parts.
    where
        What to call their source in an error.

    Raises
    ------
    InputError
        If two photographs of one folder have the same stem, or one was given twice; or if a name
        has characters that break tables, terminals or shards.
    """
    result = [""] * len(paths)
    for numbers in _sharing_a_stem(paths):
        some = [paths[number] for number in numbers]
        ends = _apart(some, _stem) or _refuse(some, where)
        for number, name in zip(numbers, ends, strict=True):
            if printable(name) != name:
                raise InputError(
                    f"{where}: {paths[number]!r} has characters that break tables; rename it"
                )
            result[number] = name
    return result


def names_of_any(paths: Sequence[str]) -> list[tuple[str, str]]:
    """Return the name in results, and the file name, of each photograph, whatever it is called.

    Both are as `filenames` and the stems of what it returns; but photographs of one folder that
    share a stem are named with their suffix, ``IMG_1.png``, as is one that has its suffix twice,
    and characters that break tables become ``_``, with a number where two would then be called
    the same.

    Parameters
    ----------
    paths
        With ``/`` between their parts; all different.
    """
    shown = _shown(paths)
    result = [("", "")] * len(paths)
    for numbers in _sharing_a_stem(shown):
        some = [shown[number] for number in numbers]
        by_stem = _apart(some, _stem)
        ends = by_stem or _apart(some, str) or some
        for number, end in zip(numbers, ends, strict=True):
            stem, _, suffix = end.rpartition(".")
            twice = stem.endswith(f".{suffix}")  # as if it were one of several of a stem
            result[number] = (stem if by_stem and not twice else end, end)
    if len({name for name, _ in result}) < len(result):  # "a.png" of a.png and of a.png.jpg
        return [(end, end) for _, end in result]
    return result


def printable(path: str) -> str:
    """Return a path with ``_`` for each character that breaks tables, terminals or shards.

    Those are line breaks, bytes that are no UTF-8, and the like. Spaces of other widths, as in the
    names of macOS's screenshots, are not printable by Python's definition, but stay.
    """
    return "".join(
        char if (char.isprintable() or unicodedata.category(char) == "Zs") and char != "\\" else "_"
        for char in path
    )


def _sharing_a_stem(paths: Sequence[str]) -> list[list[int]]:
    """Return the numbers of the paths that end in files of equal stems, for each stem."""
    sharing: dict[str, list[int]] = defaultdict(list)
    for number, path in enumerate(paths):
        sharing[_stem(path.rpartition("/")[2])].append(number)
    return list(sharing.values())


def _shown(paths: Sequence[str]) -> list[str]:
    """Return printable paths that all differ: what is renamed gets a number where it must."""
    taken = {path for path in paths if printable(path) == path}
    result = []
    for path in paths:
        shown, number = printable(path), 1
        folder, slash, file = shown.rpartition("/")
        stem, point, end = file.rpartition(".")
        while shown != path and shown in taken:
            number += 1
            shown = f"{folder}{slash}{stem}_{number}{point}{end}"
        taken.add(shown)
        result.append(shown)
    return result


def _apart(paths: list[str], key: Callable[[str], str]) -> list[str] | None:
    """Return the shortest ends of paths whose `key` all differ, None if there are none."""
    parts = [path.split("/") for path in paths]
    for length in range(1, max(map(len, parts)) + 1):
        ends = ["/".join(some[-length:]) for some in parts]
        if len(set(map(key, ends))) == len(ends):
            return ends
    return None


def _refuse(paths: list[str], where: object) -> NoReturn:
    """Raise an `InputError` that names two paths of equal stems."""
    stems = [_stem(path) for path in paths]
    first, second = [p for p, s in zip(paths, stems, strict=True) if stems.count(s) > 1][:2]
    if first == second:
        raise InputError(f"{where}: {first!r} is given twice; name it once")
    raise InputError(
        f"{where}: {first!r} and {second!r} share a stem, by which results are reported; rename one"
    )


def _stem(filename: str) -> str:
    return filename.rpartition(".")[0]
