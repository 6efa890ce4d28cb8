"""From words on the command line to photographs; what cannot be looked at is counted, or told."""

import glob
import os
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from utils.dataset.intake.archives import ARCHIVE_SUFFIXES
from utils.dataset.intake.kinds import is_photograph, suffix, unread_photograph
from utils.dataset.intake.photographs import NewPhotographs
from utils.dataset.intake.videos import is_video
from utils.errors import InputError, brief

_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
_MOVING = "look at photographs and at what moves one after the other"


@dataclass
class Sources:
    """What was named.

    Attributes
    ----------
    paths
        Folders, archives and photographs, each once.
    not_read, left_alone
        Single files that are none: pictures of kinds that are not read, by kind, and others by
        suffix.
    videos
        Whether there may be videos among the paths, and in folders and archives.
    """

    paths: list[Path] = field(default_factory=list)
    not_read: Counter[str] = field(default_factory=Counter)
    left_alone: Counter[str] = field(default_factory=Counter)
    videos: bool = False

    def open(self) -> NewPhotographs:
        """Return the photographs, to be used in a ``with`` statement.

        Its ``facts`` count the single files that are none, too.

        Raises
        ------
        InputError
            If there is no photograph.
        """
        photographs = NewPhotographs(self.paths, videos=self.videos)
        for kind, more in (("not_read", self.not_read), ("left_alone", self.left_alone)):
            counts = Counter(photographs.facts[kind]) + more
            photographs.facts[kind] = dict(sorted(counts.items()))
        return photographs


def find_sources(words: Sequence[str], videos: bool = False) -> Sources:
    """Return what is named, before any of it is opened.

    Words are folders, archives, photographs, and patterns of them (``*.jpg``, ``**``).
    A file among others that is no photograph is counted, as it is in a folder: a pattern that
    the shell or Windows expands names all there is. Named alone it is an error. So are videos,
    unless they are wanted, too.

    Raises
    ------
    InputError
        If nothing that could be opened is named, or something is not there.
    """
    if not words:
        raise InputError("no photographs are named; name some, their folder or an archive of them")
    found = Sources(videos=videos)
    named = [path for word in words for path in _paths(word)]
    for path in named:
        lower = path.name.lower()
        wanted = is_photograph(lower) or (videos and is_video(lower))
        if not path.is_file() or wanted or lower.endswith(ARCHIVE_SUFFIXES):
            found.paths.append(path)
        elif kind := unread_photograph(lower):
            found.not_read[kind] += 1
        else:
            found.left_alone[suffix(lower) or "no suffix"] += 1
    if not found.paths:
        _refuse(named[0])
    found.paths = _each_once(found.paths)
    return found


def _paths(word: str) -> list[Path]:
    """Return the paths that a word stands for."""
    if not word.strip():
        raise InputError("a source is empty, as of a variable of the shell that is not set")
    if word == "-":
        raise InputError("-: standard input is not read; save the photographs as files, name those")
    path = Path(word)
    if os.path.lexists(path):
        return [path]
    if word.isdecimal() or word.startswith("/dev/video"):
        raise InputError(f"{word}: is a camera; {_MOVING}")
    if _ADDRESS.match(word):
        address = urlsplit(word)  # less its user and password
        shown = brief(f"{address.scheme}://{address.hostname or ''}/...")
        raise InputError(f"{shown}: is an address; {_MOVING}")
    if glob.has_magic(word):
        matches = sorted(glob.glob(word, recursive=True))  # noqa: PTH207 (a pattern of any root)
        if not matches:
            raise InputError(f"{brief(word, 200)}: no file or folder is of this pattern")
        return [Path(match) for match in matches]
    raise InputError(f"{brief(word, 200)}: no such file or folder")


def _refuse(path: Path) -> None:
    """Raise an `InputError` that says why a single file cannot be looked at."""
    if unread_photograph(path.name) == "video":
        raise InputError(f"{path}: is a video; {_MOVING}")
    NewPhotographs([path])  # says what it is, and what to give instead
    raise InputError(f"{path}: expected a folder, an archive or a photograph")


def _each_once(paths: Sequence[Path]) -> list[Path]:
    """Leave out what is named twice, and what is in a folder that is named, too."""
    places = {Path(os.path.abspath(path)): path for path in paths}  # noqa: PTH100 (links stay)
    folders = {place for place, path in places.items() if path.is_dir()}
    return [path for place, path in places.items() if not _is_within(place, path, folders)]


def _is_within(place: Path, path: Path, folders: set[Path]) -> bool:
    """Return whether a photograph or a folder is found in one of `folders`, as archives are not."""
    if not (path in folders or path.is_dir() or is_photograph(path.name)):
        return False
    hidden = False  # what is hidden is not found
    for above, name in zip(place.parents, reversed(place.parts), strict=False):
        hidden = hidden or name.startswith(".")
        if above in folders:
            return not hidden
    return False
