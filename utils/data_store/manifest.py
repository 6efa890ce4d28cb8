"""What a version of a data set holds: its photographs by their digest, with names and faces."""

import hashlib
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from itertools import chain, pairwise
from math import isfinite
from typing import Any

from utils.dataset.formats.annotation import RawAnnotation
from utils.dataset.labels import CLASSES
from utils.dataset.shards import is_plain_name
from utils.dataset.splitting import SIDES
from utils.dataset.version import Face, canonical_faces, version_of
from utils.errors import InputError, brief

SCHEMA = 1


@dataclass(frozen=True, slots=True)
class KeptPhoto:
    """A photograph of a version.

    Attributes
    ----------
    filename
        As the run's shard has it: unique in the data set but for its suffix.
    digest
        SHA-256 of the file, in hexadecimal.
    size
        Bytes of the file.
    raw
        Its faces in our class names, and its upright width and height in pixels.
    side
        Where the data come split, the side it came on.
    """

    filename: str
    digest: str
    size: int
    raw: RawAnnotation
    side: str | None = None

    @property
    def name(self) -> str:
        """The name by which all that a run writes knows it."""
        return self.filename.rpartition(".")[0]

    @property
    def faces(self) -> list[Face]:
        """Its faces in the form that versions are made of."""
        return canonical_faces(self.raw.names, self.raw.boxes, *self.raw.size)


@dataclass(frozen=True)
class Manifest:
    """The photographs of a version, sorted by name."""

    photos: tuple[KeptPhoto, ...]

    @cached_property
    def version(self) -> str:
        """The version: see `utils.dataset.version`."""
        return version_of((one.digest, one.faces, one.side) for one in self.photos)

    @property
    def size(self) -> int:
        """Bytes of the photographs, those that are there twice counted once."""
        return sum({one.digest: one.size for one in self.photos}.values())

    def twins(self) -> list[tuple[str, ...]]:
        """Return the names of files that hold the same bytes, and are annotated otherwise."""
        files: dict[str, list[KeptPhoto]] = {}
        for one in self.photos:
            files.setdefault(one.digest, []).append(one)
        return [
            tuple(one.filename for one in same)
            for same in files.values()
            if len(same) > 1 and any(one.faces != same[0].faces for one in same)
        ]

    def came_on(self) -> dict[str, str]:
        """Return the side of each photograph by its name; empty where data do not come split."""
        return {one.name: one.side for one in self.photos if one.side is not None}

    def as_bytes(self) -> bytes:
        """Return it as lines of JSON: what it is, then a photograph each."""
        head = {"schema": SCHEMA, "version": self.version, "photographs": len(self.photos)}
        rows = (_row(one) for one in self.photos)
        lines = (
            json.dumps(one, separators=(",", ":"), ensure_ascii=False) for one in (head, *rows)
        )
        return "".join(f"{line}\n" for line in lines).encode()

    @staticmethod
    def from_bytes(data: bytes, where: object) -> "Manifest":
        """Read what `as_bytes` gave.

        Raises
        ------
        InputError
            If it is no manifest, or one of another schema; `where` is what to call it.
        """
        try:
            head, *rows = map(json.loads, data.decode().splitlines())
            if head["schema"] != SCHEMA:
                raise InputError(
                    f"{where}: field 'schema' is {brief(head['schema'])}, expected {SCHEMA}; it "
                    "was written by another version of this program, use that one"
                )
            photos = tuple(map(_photo, rows))
            if len(photos) != head["photographs"]:
                raise ValueError(f"{len(photos)} photographs, not {head['photographs']}")
            names = [one.name for one in photos]
            if any(one >= other for one, other in pairwise(names)):
                raise ValueError("names are not in order")
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise InputError(f"{where}: is no list of photographs ({brief(error)})") from error
        return Manifest(photos)


def kept_photo(filename: str, image: bytes, raw: RawAnnotation, side: str | None) -> KeptPhoto:
    """Return a photograph as a manifest holds it, without its bytes."""
    return KeptPhoto(filename, hashlib.sha256(image).hexdigest(), len(image), raw, side)


def is_digest(word: object) -> bool:
    """Return whether a word is a SHA-256 in hexadecimal."""
    return isinstance(word, str) and re.fullmatch("[0-9a-f]{64}", word) is not None


def faces_of(photos: Iterable[KeptPhoto]) -> dict[str, int]:
    """Return how many faces of each class there are, all classes told."""
    counts = dict.fromkeys(CLASSES, 0)
    for one in photos:
        for name, *_ in one.faces:
            counts[name] += 1
    return counts


def _row(one: KeptPhoto) -> list[Any]:
    faces = [
        [name, *(int(at) if at == int(at) else at for at in box)]
        for name, box in zip(one.raw.names, one.raw.boxes, strict=True)
    ]
    return [one.filename, one.digest, one.size, list(one.raw.size), one.side, faces]


def _photo(row: list[Any]) -> KeptPhoto:
    filename, digest, size, (width, height), side, faces = row
    if not is_plain_name(filename) or not is_digest(digest):
        raise ValueError(f"{brief(filename)}, {brief(digest)}: no name and digest")
    names = tuple(name for name, *_ in faces)
    boxes = tuple((float(x1), float(y1), float(x2), float(y2)) for _, x1, y1, x2, y2 in faces)
    if not set(names) <= set(CLASSES) or side not in (None, *SIDES):
        raise ValueError(f"a class or a side of {brief(filename)} is none of ours")
    if not all(map(isfinite, (width, height, *chain.from_iterable(boxes)))):
        raise ValueError(f"a box of {brief(filename)} has no place")
    return KeptPhoto(filename, digest, size, RawAnnotation(names, boxes, (width, height)), side)
