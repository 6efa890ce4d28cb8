"""Shards of what was found, or nothing."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from utils.dataset.formats import voc
from utils.dataset.formats.annotation import RawAnnotation
from utils.dataset.shards import Photo, write_shard
from utils.dataset.version import Face, canonical_faces, version_of
from utils.errors import InputError, is_full_disk


def write(output: Path, photos: Iterable[Photo]) -> None:
    """Write a shard; a full disk leaves nothing behind.

    Raises
    ------
    InputError
        If the disk is full, or a photograph cannot be read any more.
    """
    try:
        write_shard(output, photos)
    except OSError as error:
        Path(output).with_name(Path(output).name + ".tmp").unlink(missing_ok=True)
        if is_full_disk(error):
            raise InputError(f"{output}: the disk is full; free some space") from error
        raise


def pack_annotated(
    output: Path, photos: Iterable[tuple[str, bytes, RawAnnotation]], came_on: Mapping[str, str]
) -> str:
    """Write photographs, with VOC annotations, to the shard `output`; return their version.

    Parameters
    ----------
    photos
        As `Dataset.annotated` yields them.
    came_on
        See `Dataset`.

    Raises
    ------
    InputError
        If it cannot be written.
    """
    seen: list[tuple[str, list[Face], str | None]] = []

    def packed() -> Iterator[Photo]:
        for filename, image, raw in photos:
            photo = as_photo(filename, image, raw)
            faces = canonical_faces(raw.names, raw.boxes, *raw.size)
            seen.append((hashlib.sha256(image).hexdigest(), faces, came_on.get(photo.name)))
            yield photo

    write(output, packed())
    return version_of(seen)


def as_photo(filename: str, image: bytes, raw: RawAnnotation) -> Photo:
    """Return a photograph with its VOC annotation."""
    annotation = voc.write(filename, *raw.size, raw.names, raw.boxes)
    return Photo(filename.rpartition(".")[0], filename, image, annotation)
