"""What photographs are called in shards and results: stems, or paths where stems are equal."""

import unicodedata
from collections import defaultdict
from collections.abc import Sequence

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
    sharing: dict[str, list[int]] = defaultdict(list)
    for number, path in enumerate(paths):
        sharing[_stem(path.rpartition("/")[2])].append(number)
    result = [""] * len(paths)
    for numbers in sharing.values():
        for number, name in zip(numbers, _apart([paths[n] for n in numbers], where), strict=True):
            _check(name, paths[number], where)
            result[number] = name
    return result


def _apart(paths: list[str], where: object) -> list[str]:
    """Return the shortest ends of paths whose stems all differ."""
    parts = [path.split("/") for path in paths]
    for length in range(1, max(map(len, parts)) + 1):
        ends = ["/".join(some[-length:]) for some in parts]
        if len(set(map(_stem, ends))) == len(ends):
            return ends
    stems = [_stem(path) for path in paths]
    first, second = [p for p, s in zip(paths, stems, strict=True) if stems.count(s) > 1][:2]
    if first == second:
        raise InputError(f"{where}: {first!r} is given twice; name it once")
    raise InputError(
        f"{where}: {first!r} and {second!r} share a stem, by which results are reported; rename one"
    )


def _check(name: str, path: str, where: object) -> None:
    # Line breaks, bytes that are no UTF-8, and what no shard may hold. Spaces of other widths, as
    # in the names of macOS's screenshots, are not printable by Python's definition.
    shown = "".join(char for char in _stem(name) if unicodedata.category(char) != "Zs")
    if not shown.isprintable() or "\\" in name:
        raise InputError(f"{where}: {path!r} has characters that break tables; rename it")


def _stem(filename: str) -> str:
    return filename.rpartition(".")[0]
