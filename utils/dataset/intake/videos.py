"""New videos among what is named: where they lie, and what to call them."""

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from utils.dataset.intake.archives import Source
from utils.dataset.intake.kinds import suffix, unread_photograph
from utils.dataset.intake.names import names_of_any


@dataclass(frozen=True)
class FoundVideo:
    """A file that is a video by its name.

    Attributes
    ----------
    name
        What to call it: the file's name, with as many folders as tell equal ones apart.
    alone
        Whether it was named itself, and not found in a folder or an archive.
    place
        The file, where it is one; else the archive, and its path there.
    """

    name: str
    alone: bool
    place: Path | tuple[Source, str]

    def file(self, scratch: Path) -> Path:
        """Return the file; out of an archive it is written to a folder first.

        Raises
        ------
        InputError
            If an archive does not give it.
        """
        if isinstance(self.place, Path):
            return self.place
        source, path = self.place
        data = source.read(path)
        target = scratch / f"{len(list(scratch.iterdir()))}{suffix(path)}"
        target.write_bytes(data)
        return target


def is_video(name: str) -> bool:
    """Return whether a file is a video by its name."""
    return unread_photograph(name.lower()) == "video"


def found_videos(
    alone: Sequence[Path], within: Sequence[tuple[Source, str]], photographs: Iterable[str]
) -> tuple[list[FoundVideo], int]:
    """Return the videos, each once, and how many are left alone as parts of photographs.

    A phone's live photograph is a photograph and a video of its name of the seconds around it: who
    is on one is on the other.

    Parameters
    ----------
    alone, within
        Those that were named themselves, and those in folders and archives.
    photographs
        Whole paths of the photographs.
    """
    stems = {path.rpartition(".")[0].lower() for path in photographs}
    places: dict[str, tuple[str, bool, Path | tuple[Source, str]]] = {}
    live = 0
    for path in alone:
        whole = os.path.abspath(path)  # noqa: PTH100 (links stay as they were named)
        places.setdefault(os.path.realpath(path), (whole, True, path))
    for source, name in within:
        whole = f"{os.path.abspath(source.path)}/{name}"  # noqa: PTH100
        place = source.files[name]
        if suffix(name) == ".mov" and whole.rpartition(".")[0].lower() in stems:
            live += 1
        elif isinstance(place, str):
            places.setdefault(os.path.realpath(place), (whole, False, Path(place)))
        else:
            real = f"{os.path.realpath(source.path)}/{name}"
            places.setdefault(real, (whole, False, (source, name)))
    found = sorted(places.values(), key=lambda one: one[0])
    names = [file for _, file in names_of_any([whole for whole, _, _ in found])]
    return [
        FoundVideo(name, own, place) for name, (_, own, place) in zip(names, found, strict=True)
    ], live
