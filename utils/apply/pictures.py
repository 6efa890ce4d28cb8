"""What the drawn pictures are called, so that each photograph has one of its own."""

from collections.abc import Iterable
from pathlib import PurePosixPath

_LONGEST = 250  # bytes of a file's name: file systems take 255, and a name is written in two steps


def picture_names(names: Iterable[str]) -> dict[str, str]:
    """Return the file of the drawn picture of each photograph, its folders included.

    It is called like the photograph, ``day1/IMG_0001.jpg``. A number at the end tells two apart
    that a file system would take for one (macOS and Windows do not tell ``a`` from ``A``), or of
    which one would be a folder and a file; names that no file system takes are cut.

    Parameters
    ----------
    names
        Of the photographs, as `utils.dataset.shards.Photo` has them: all different.
    """
    result: dict[str, str] = {}
    names = list(names)
    taken = {str(folder).casefold() for name in names for folder in _path(name).parents}
    for name in names:
        path, number = _path(name), 1
        while (file := _file(path, number)).casefold() in taken:
            number += 1
        taken.add(file.casefold())
        result[name] = file
    return result


def _path(name: str) -> PurePosixPath:
    """Return a name with every part as short as file systems want it."""
    return PurePosixPath(*(_cut(part, _LONGEST) for part in name.split("/")))


def _file(path: PurePosixPath, number: int) -> str:
    end = f"_{number}.jpg" if number > 1 else ".jpg"
    return str(path.with_name(_cut(path.name, _LONGEST - len(end) - len(".tmp")) + end))


def _cut(text: str, most: int) -> str:
    return text.encode()[:most].decode(errors="ignore")
