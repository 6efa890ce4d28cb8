"""Shards: plain tars of photographs, each followed by its VOC file, sorted by stem.

Data travels between jobs as shards, not as thousands of loose files. The idea is WebDataset's
(Aizman et al. 2019, "High performance I/O for large scale deep learning"). Times, owners and modes
are fixed, so equal content gives equal bytes.
"""

from __future__ import annotations

import heapq
import io
import tarfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from utils.dataset.archive_limits import ArchiveError
from utils.dataset.tar_reader import tar_members
from utils.errors import InputError, brief
from utils.records import atomic_file

if TYPE_CHECKING:  # planning packs shards, and starts quicker without NumPy, Pillow and lxml
    import numpy as np

    from utils.dataset.annotation import Annotation

Member = tuple[str, bytes, int]
"""Name of a file in a shard, its bytes, and where these begin in the shard."""

MAX_MEMBER_BYTES = 512 * 1024**2
"""No photograph or annotation is larger; bounds what a damaged or hostile shard can ask for."""


@dataclass(frozen=True)
class Photo:
    """One photograph as it travels.

    Attributes
    ----------
    name
        The stem, which is unique in a data set and joins image and annotation. Where several
        folders have files of one name, with as many folders as tell these apart: ``day1/IMG_0001``.
    filename
        Name of the image file, ``<name>.<ext>``; or the same as the name, where that holds the
        suffix because another file of the folder has the stem: ``IMG_1.png`` beside ``IMG_1.jpg``.
    image
        Bytes of the image file.
    annotation
        Bytes of the VOC file; None for a photograph to predict on.
    offset
        Where the image's bytes begin in the shard that it was read from, to read them again.
    """

    name: str
    filename: str
    image: bytes
    annotation: bytes | None = None
    offset: int | None = field(default=None, compare=False)

    def decode(self) -> np.ndarray:
        """Return the upright RGB image, uint8 (H, W, 3). See `utils.dataset.images.decode`."""
        from utils.dataset.images import decode

        return decode(self.image, self.filename)

    def read_annotation(self, width: int, height: int) -> Annotation:
        """Return the `Annotation` of the photograph whose upright size is `width` x `height`.

        Raises
        ------
        InputError
            If the photograph has no annotation, or it cannot be read (see `read_voc`).
        """
        from utils.dataset.annotation import read_voc
        from utils.dataset.image_header import orientation

        if self.annotation is None:
            raise InputError(f"{self.filename}: has no annotation {self.name}.xml beside it")
        turned = orientation(self.image, self.filename)
        return read_voc(self.annotation, f"{self.name}.xml", width, height, turned)


def write_shard(path: Path, photos: Iterable[Photo]) -> int:
    """Write photographs, which come sorted by name, one at a time; return how many.

    The file appears under its name only when it is whole. A photograph whose name holds its suffix
    has that twice there: ``IMG_1.png.png``.

    Raises
    ------
    ValueError
        If names are not strictly rising, or are no plain file names: a defect of the caller.
    """
    count, last = 0, ""
    with (
        atomic_file(path) as file,
        tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT) as tar,
    ):
        for photo in photos:
            stem, _, suffix = photo.filename.rpartition(".")
            twice = photo.filename == photo.name
            member = f"{photo.name}.{suffix}" if twice else photo.filename
            named = twice or stem == photo.name
            if photo.name <= last or not named or not is_plain_name(member):
                raise ValueError(f"{path}: {photo.filename!r} after {last!r}")
            _add(tar, member, photo.image)
            if photo.annotation is not None:
                _add(tar, f"{photo.name}.xml", photo.annotation)
            count, last = count + 1, photo.name
    return count


def by_name(parts: Iterable[tuple[str, Iterable[Photo]]]) -> Iterator[Photo]:
    """Yield what was made of photographs sorted by name, holding no more than it must.

    Parameters
    ----------
    parts
        Names of photographs, rising, and what was made of each, whose names begin with its: "a",
        "a_noise1" and "a_noise2" of "a". Of these "a_noise1" comes after "a0".
    """
    waiting: list[tuple[str, int, Photo]] = []
    count = 0
    for source, made in parts:
        while waiting and waiting[0][0] < source:
            yield heapq.heappop(waiting)[-1]
        for photo in made:
            heapq.heappush(waiting, (photo.name, count := count + 1, photo))
    while waiting:
        yield heapq.heappop(waiting)[-1]


def read_shard(path: Path) -> Iterator[Photo]:
    """Yield the photographs of a shard in their order, holding one at a time.

    Raises
    ------
    InputError
        If the file is not a whole tar, or holds anything but regular files of bounded size with
        plain names, at most one image and one annotation a stem, image and annotation adjacent.
    """
    pending: dict[str, Member] = {}  # of the current stem, by kind
    stem, seen = None, set()
    for member in _members(Path(path)):
        filename = member[0]
        name, _, suffix = filename.rpartition(".")
        kind = "annotation" if suffix.lower() == "xml" else "image"
        if name != stem:
            if stem is not None:
                yield _photo(path, stem, pending)
            if name in seen:
                raise InputError(f"{path}: member {filename!r} is not beside its twin; pack again")
            seen.add(name)
            stem, pending = name, {}
        if kind in pending:
            raise InputError(f"{path}: two files for the {kind} of {name!r}; pack again")
        pending[kind] = member
    if stem is not None:
        yield _photo(path, stem, pending)


def _members(path: Path) -> Iterator[Member]:
    try:
        with open(path, "rb") as file:
            for name, offset, size in tar_members(file):
                where = f"{path}: member '{brief(name, 200)}'"
                if not is_plain_name(name):
                    raise InputError(
                        f"{where} is not a plain file with a suffix; shards hold nothing else, "
                        "pack again"
                    )
                if size > MAX_MEMBER_BYTES:
                    raise InputError(f"{where} has {size} bytes, more than {MAX_MEMBER_BYTES}")
                file.seek(offset)
                yield name, file.read(size), offset
    except FileNotFoundError:
        raise InputError(f"{path}: no such file") from None
    except (ArchiveError, OSError) as error:
        raise InputError(f"{path}: not a whole shard ({error})") from error


def _photo(path: Path, stem: str, parts: dict[str, Member]) -> Photo:
    if "image" not in parts:
        raise InputError(f"{path}: {stem}.xml has no image beside it; pack again")
    filename, image, offset = parts["image"]
    if stem.endswith(filename.removeprefix(stem)):  # twice: see `write_shard`
        filename = stem
    annotation = parts["annotation"][1] if "annotation" in parts else None
    return Photo(stem, filename, image, annotation, offset)


def is_plain_name(name: str) -> bool:
    """Return whether a name is that of a file with a suffix, perhaps in folders within."""
    *folders, filename = name.split("/")
    return (
        not {"", ".", ".."}.intersection((*folders, filename))
        and "\\" not in name
        and "\0" not in name
        and 0 < filename.rfind(".") < len(filename) - 1
    )


def _add(tar: tarfile.TarFile, name: str, data: bytes) -> None:
    member = tarfile.TarInfo(name)  # time, owner and group are zero
    member.size, member.mode = len(data), 0o644
    tar.addfile(member, io.BytesIO(data))
    tar.members.clear()
