"""From words on the command line to what Spark reads: folders of a disk, or of a store."""

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from utils.apply.sources import find_sources
from utils.dataset.intake.archives import ARCHIVE_SUFFIXES, Source
from utils.dataset.intake.kinds import IMAGE_SUFFIXES, unread_photograph
from utils.dataset.intake.names import names_of_any, printable
from utils.dataset.intake.photographs import NewPhotographs
from utils.errors import InputError, brief
from utils.video.address import SCHEMES, is_address, is_camera, shown

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

VIDEO_SUFFIXES = (".mp4", ".mov", ".avi", ".mkv", ".webm", ".m4v", ".3gp", ".mpg", ".mpeg", ".wmv")
LISTED = "path string, modificationTime timestamp, length long, content binary"
"""Columns of Spark's ``binaryFile``."""


def plain(path: str) -> str:
    """Return a path as Spark writes it (``file:/data/a.jpg``) as the machine knows it."""
    return re.sub(r"^file:(?://)?(?=/)", "", path)


def is_stored(word: str) -> bool:
    """Return whether a word is of a store that Hadoop reads: ``s3a://``, ``hdfs://``, ..."""
    return is_address(word) and urlsplit(word).scheme.lower() not in (*SCHEMES, "file")


def on_disk(word: str) -> str:
    """Return a word with ``file:///data`` as ``/data``.

    Raises
    ------
    InputError
        If it is a camera or a stream.
    """
    if is_address(word) and urlsplit(word).scheme.lower() == "file":
        return unquote(urlsplit(word).path)
    if is_address(word) or (is_camera(word) and not Path(word).is_file()):
        raise InputError(
            f"{shown(word)}: is a camera or a stream, which one machine watches; leave --engine "
            "spark out, or let it write segments into a folder, and watch that with --stream"
        )
    return word


def escaped(path: str) -> str:
    """Return a path that Hadoop takes for no pattern."""
    return re.sub(r"([\\\[\]{}*?,])", r"\\\1", path)


def glob_of(suffixes: Sequence[str]) -> str:
    """Return the pattern of the names that end so, in capitals or not."""
    either = ("".join(f"[{c}{c.upper()}]" if c.isalpha() else c for c in end) for end in suffixes)
    return f"{{{','.join(f'*{end}' for end in either)}}}"


def read_files(spark: "SparkSession", roots: Sequence[str], videos: bool = False) -> "DataFrame":
    """Return the files of folders, as Spark's ``binaryFile`` reads them; of videos no content."""
    reader = spark.read.format("binaryFile").option("recursiveFileLookup", "true")
    suffixes = VIDEO_SUFFIXES if videos else IMAGE_SUFFIXES
    frame = reader.option("pathGlobFilter", glob_of(suffixes)).load(list(roots))
    return frame.drop("content") if videos else frame


def rooted(word: str) -> str:
    """Return the one folder that a word names, as Spark's readers take it.

    Raises
    ------
    InputError
        If there is none, or it may not be read.
    """
    if is_stored(word):
        return word
    path = Path(os.path.abspath(on_disk(word)))  # noqa: PTH100 (links stay as they were named)
    if not path.is_dir():
        raise InputError(f"{word}: is no folder; a stream watches one that fills, make it first")
    if not os.access(path, os.R_OK | os.X_OK):
        raise InputError(f"{word}: may not be read by this user; change its rights")
    with Source(path) as source:
        if source.links_not_followed:
            raise InputError(
                f"{word}: holds links to folders, which Spark's stream would follow, in circles, "
                "too; name the folder itself that they lead to, or remove them"
            )
    return escaped(str(path))


@dataclass
class OnDisk:
    """Photographs of a disk that driver and workers share, found as ``detect.py`` finds them.

    Attributes
    ----------
    photographs
        All of them.
    roots
        What Spark reads, as it takes it; none where its own reader would follow links in circles.
    """

    photographs: NewPhotographs
    roots: list[str]

    @classmethod
    def of(cls, words: Sequence[str]) -> "OnDisk":
        """Find what words name.

        Raises
        ------
        InputError
            If there is no photograph, or one is in an archive.
        """
        found = find_sources([on_disk(word) for word in words])
        for path in found.paths:
            if path.is_file() and path.name.lower().endswith(ARCHIVE_SUFFIXES):
                raise InputError(
                    f"{path}: is an archive, of which Spark could not read a part at a time; "
                    "unpack it and name the folder"
                )
        photographs = found.open()
        whole = [os.path.abspath(path) for path in found.paths]  # noqa: PTH100 (as `paths`)
        links = photographs.facts["links_not_followed"]
        return cls(photographs, [] if links else [escaped(path) for path in whole])

    def places(self) -> list[str]:
        """Return the path of each photograph, in the order of ``photographs``."""
        return self.photographs.paths()


@dataclass
class Stored:
    """Photographs of a store, as Spark lists them; in the shape of `NewPhotographs`.

    Attributes
    ----------
    paths
        Of all photographs.
    unseen
        How many files there are that Spark leaves out: empty ones, names that begin with ``_`` or
        ``.``, and those that are no photographs by their name.
    """

    paths: list[str]
    unseen: int = 0
    facts: dict[str, Any] = field(init=False)

    def __post_init__(self) -> None:
        named = sorted(zip(names_of_any(self.paths), self.paths, strict=True))
        self._names = [name for (name, _), _ in named]
        self.files = [file for (_, file), _ in named]
        self.paths = [path for _, path in named]
        left = {"not listed by Spark": self.unseen} if self.unseen else {}
        self.facts = {
            "photos": len(self.paths),
            "not_read": {},
            "left_alone": left,
            "named_by_path": sum("/" in file for file in self.files),
            "named_anew": sum(printable(path) != path for path in self.paths),
            "named_twice": 0,
            "links_not_followed": 0,
        }

    def names(self) -> list[str]:
        """Return the name of each photograph in results."""
        return self._names


def videos_of(words: Sequence[str]) -> list[str]:
    """Return the paths of the videos that words name, and of those in folders.

    Raises
    ------
    InputError
        If there is none, or one is in a store, which PyAV does not read.
    """
    found: dict[str, None] = {}
    for word in words:
        if is_stored(word):
            raise InputError(
                f"{brief(word, 200)}: videos are opened by their path; name a folder that all "
                "machines have mounted"
            )
        path = Path(os.path.abspath(on_disk(word)))  # noqa: PTH100 (links stay as they were named)
        if not path.is_dir():
            found[str(path)] = None
            continue
        with Source(path) as source:
            names = [name for name in source.files if unread_photograph(name.lower()) == "video"]
        found |= dict.fromkeys(f"{path}/{name}" for name in sorted(names))
    if not found:
        raise InputError(f"{', '.join(words)}: there is no video in it")
    return list(found)
