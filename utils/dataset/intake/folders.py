"""What lies under a folder, linked folders included, each once."""

import os
from collections.abc import Iterator
from pathlib import Path


class Walk:
    """The files under a folder.

    Links to folders are followed, wherever they lead, except where that would never end or repeat
    what is there: to a folder that was seen already, or to one that contains what was named.

    Attributes
    ----------
    folders
        Those that were looked into, each ending in ``/``; known once `files` is used up.
    links_not_followed
        How many links to folders were left out; known then, too.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._seen: set[tuple[int, int]] = set()
        self._links: list[tuple[str, str]] = []
        self.folders: list[str] = []
        self.links_not_followed = 0

    def files(self) -> Iterator[tuple[str, str]]:
        """Yield the path inside the folder, and the whole path, of all that is no folder.

        What lies in the folder itself comes first, so that a link to it is the one left out.
        """
        above = Path(os.path.realpath(self._folder)).parents
        self._seen |= {_identity(folder) for folder in above}
        yield from self._below(str(self._folder), "")
        while self._links:
            links, self._links = sorted(self._links), []
            for name, path in links:
                if _identity(path) in self._seen:
                    self.links_not_followed += 1
                else:
                    yield from self._below(path, f"{name}/")

    def _below(self, folder: str, prefix: str) -> Iterator[tuple[str, str]]:
        place = _identity(folder)
        if place in self._seen:  # reached through a link already
            return
        self._seen.add(place)
        self.folders += [prefix] if prefix else []
        with os.scandir(folder) as listing:
            entries = sorted(listing, key=lambda entry: entry.name)
        for entry in entries:
            name = f"{prefix}{entry.name}"
            if not _is_folder(entry):
                yield name, entry.path
            elif entry.name.startswith("."):
                continue
            elif entry.is_symlink():
                self._links.append((name, entry.path))
            else:
                yield from self._below(entry.path, f"{name}/")


def _is_folder(entry: os.DirEntry) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link to itself
        return False


def _identity(folder: str | Path) -> tuple[int, int]:
    found = os.stat(folder)  # noqa: PTH116 (a hundred thousand times)
    return found.st_dev, found.st_ino
