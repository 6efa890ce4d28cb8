"""New photographs, from folders, archives and files, become shards to predict on."""

import os
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from utils.dataset.capture_time import taken
from utils.dataset.intake.archives import Source
from utils.dataset.intake.diagnosis import NO_PHOTOGRAPHS, explain_no_photographs
from utils.dataset.intake.group_table import read_table
from utils.dataset.intake.groups import by_exif, by_folder
from utils.dataset.intake.kinds import READ, counted, fixes, is_photograph, kind_by_bytes
from utils.dataset.intake.layout import left_alone
from utils.dataset.intake.names import names_of_any, printable
from utils.dataset.intake.videos import FoundVideo, found_videos, is_video
from utils.dataset.intake.writing import write
from utils.dataset.shards import Photo
from utils.errors import InputError

_HEAD = 128 * 1024  # the EXIF of a JPEG lies within


@dataclass(frozen=True, slots=True)
class _Entry:
    source: Source
    path: str
    name: str
    filename: str

    def read(self) -> Photo:
        return Photo(self.name, self.filename, self.source.read(self.path))


class NewPhotographs:
    """Photographs without annotations; use it in a ``with`` statement.

    They are taken whatever they are called (`names_of_any`), and one that is reached in two ways
    counts once.

    Parameters
    ----------
    paths
        Photographs, and folders and archives of them at any depth; or sources of them, which are
        closed with this.
    shards
        How many shards they are to fill.
    videos
        Whether there may be videos, too, or alone.

    Attributes
    ----------
    videos
        Those that were found, sorted by path; empty where none are wanted.
    facts
        ``photos``: how many there are. ``not_read``: files that are pictures of a kind that is not
        read, or no pictures in spite of their suffix, by kind ("HEIC", "HTML page"): leaving out
        what one phone takes is a selection. ``left_alone``: other files by suffix.
        ``named_by_path``: photographs named by folder and file, since stems are equal.
        ``links_not_followed``: links to folders that were left out (see `Walk`).
        ``named_anew``, ``named_twice``: photographs that get a name that is not quite theirs, and
        those that are left out since they are there already.
        ``live_photographs``: videos beside a photograph of their name, left alone.

    Raises
    ------
    InputError
        If there are no photographs, or fewer than shards.
    """

    def __init__(
        self,
        paths: Sequence[Path | Source],
        shards: int = 1,
        videos: bool = False,
    ) -> None:
        self._open = ExitStack()
        self.videos: list[FoundVideo] = []
        try:
            self._entries, self.facts = self._find(paths, videos)
            _check_number(len(self._entries), len(self.videos), shards)
        except BaseException:
            self._open.close()
            raise

    def __enter__(self) -> "NewPhotographs":
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def pack(self, outputs: Sequence[Path]) -> None:
        """Deal the photographs, sorted by name, to the shards `outputs` in turn."""
        for number, output in enumerate(outputs):
            write(output, self.read(number, len(outputs)))

    def read(self, first: int = 0, step: int = 1) -> Iterator[Photo]:
        """Yield the photographs, sorted by name, or every `step`-th from `first`."""
        return (entry.read() for entry in self._entries[first::step])

    def readers(self) -> Iterator[tuple[str, Callable[[], Photo]]]:
        """Yield the name of each photograph, sorted as `read` does, and what reads it.

        That raises an `InputError` where one cannot be read, as `read` does of the first such.
        """
        return ((entry.filename, entry.read) for entry in self._entries)

    def names(self) -> list[str]:
        """Return the name of each photograph in results, in the order of `read`."""
        return [entry.name for entry in self._entries]

    def paths(self) -> list[str]:
        """Return the whole path of each photograph, in the order of `read`.

        That of one in an archive goes on in it.
        """
        return [_whole(entry.source, entry.path) for entry in self._entries]

    def groups(self, choice: str) -> dict[str, Any]:
        """Return where and when they were taken (`utils.dataset.intake.groups`).

        Parameters
        ----------
        choice
            ``folders``, ``exif`` or the path of a table.
        """
        if choice == "exif":
            return by_exif({entry.filename: _taken(entry) for entry in self._entries})
        files = (entry.filename for entry in self._entries)
        paths = dict(zip(files, self.paths(), strict=True))
        return by_folder(paths) if choice == "folders" else read_table(Path(choice), paths)

    def _find(
        self, paths: Sequence[Path | Source], videos: bool
    ) -> tuple[list[_Entry], dict[str, Any]]:
        found: list[tuple[Source, str]] = []
        rest: list[str] = []
        unread: Counter[str] = Counter()
        alone: list[Path] = []
        moving: list[tuple[Source, str]] = []
        links = empty = 0
        for path in paths:
            if videos and isinstance(path, Path) and is_video(path.name) and path.is_file():
                alone.append(path)
                continue
            source = path if isinstance(path, Source) else Source(path)
            self._open.enter_context(source)
            links += source.links_not_followed
            for name in source.files:
                if videos and is_video(name):
                    moving.append((source, name))
                    continue
                if not is_photograph(name):
                    rest.append(name)
                    continue
                kind, size = _unread(source, name)
                if kind:
                    unread[kind] += 1
                else:
                    found.append((source, name))
                    empty += size == 0
        by_suffix, left = left_alone(rest)
        unread.update(by_suffix)
        where = ", ".join(map(str, paths)) or "nothing given"
        pictures = [_whole(*one) for one in found]
        self.videos, live = found_videos(alone, moving, pictures)
        if empty == len(found) and self.videos:
            unread.update({"empty file": empty} if empty else {})
            found = []
        elif empty == len(found):
            unread.update({"empty file": empty} if empty else {})
            raise InputError(f"{where}: {_why_none(rest, unread)}")
        once = _once(found)
        whole = [_whole(source, name) for source, name in once]
        names = names_of_any(whole)
        entries = [_Entry(*one, *name) for one, name in zip(once, names, strict=True)]
        entries.sort(key=lambda entry: entry.name)
        return entries, {
            "photos": len(entries),
            "not_read": dict(sorted(unread.items())),
            "left_alone": left,
            "named_by_path": sum("/" in file for _, file in names),
            "named_anew": sum(printable(path) != path for path in whole),
            "named_twice": len(found) - len(once),
            "links_not_followed": links,
            "live_photographs": live,
        }


def _unread(source: Source, name: str) -> tuple[str | None, int | None]:
    """Return what a photograph by its name is in truth, if that cannot be read for certain.

    Damaged and empty ones are left to those who look at them, and list them.

    Returns
    -------
    The kind, and how many bytes there are to see, 0 of an empty file; None of each if unknown.
    """
    try:
        head = source.head(name, 2048)
    except InputError:  # so will be its reading
        return None, None
    kind = kind_by_bytes(head)
    return (None if kind in (*READ, "empty file") else kind), len(head)


def _once(found: Sequence[tuple[Source, str]]) -> list[tuple[Source, str]]:
    """Return photographs less those reached a second time, as by a link: they would count twice.

    Links come last: what is called by its own name keeps it.
    """
    seen: set[str] = set()
    once = []
    for source, name in sorted(found, key=_is_link):
        place = source.files[name]
        file = place if isinstance(place, str) else str(source.path)
        real = os.path.realpath(file) + ("" if isinstance(place, str) else f"/{name}")
        if real not in seen:
            seen.add(real)
            once.append((source, name))
    return once


def _is_link(one: tuple[Source, str]) -> bool:
    place = one[0].files[one[1]]
    return isinstance(place, str) and os.path.islink(place)  # noqa: PTH114 (as `realpath`)


def _taken(entry: _Entry) -> datetime | None:
    """Return the EXIF time, from the first part of a JPEG, where it stands."""
    head = entry.source.head(entry.path, _HEAD)
    return taken(head if head.startswith(b"\xff\xd8") else entry.source.read(entry.path))


def _check_number(photographs: int, videos: int, shards: int) -> None:
    if max(photographs, videos) < shards:
        what = f"{photographs} photographs{f' and {videos} videos' if videos else ''}"
        raise InputError(
            f"{what} to predict on cannot fill {shards} shards; "
            f"ask for at most {max(photographs, videos)}"
        )


def _why_none(files: Sequence[str], unread: Counter[str]) -> str:
    if not unread:
        return explain_no_photographs(files)
    told = counted(dict(sorted(unread.items())))
    return f"{NO_PHOTOGRAPHS} that can be read, but {told}; {fixes(unread)}"


def _whole(source: Source, name: str) -> str:
    """Return the path of a photograph, by which several sources can be told apart."""
    path = os.path.abspath(source.path)  # noqa: PTH100 (links stay as they were named)
    return path if source.is_photograph else f"{path}/{name}"
