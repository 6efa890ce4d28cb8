"""``suggestion.json``: which new photographs of a run were dealt to be annotated, and how.

It travels with their folder, because annotations alone do not tell that they are of a random
sample, nor with what chance each photograph came into it.
"""

import hashlib
import math
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from utils.dataset.formats.annotation import Box
from utils.dataset.labels import CLASSES
from utils.dataset.shards import Photo
from utils.errors import InputError
from utils.records import parse_record, write_record

SUGGESTION = "suggestion.json"
IMAGES = "images"
"""The folder of the photographs beside it."""


@dataclass(frozen=True)
class SuggestedPhoto:
    """A photograph that was dealt.

    Attributes
    ----------
    file
        Its name in the folder: a number that says in which order photographs were drawn, and its
        own name.
    photo
        Its name among the new photographs of the run, without suffix.
    chance
        To be drawn, above 0 and at most 1.
    digest
        SHA-256 of the file, in hexadecimal.
    faces
        Class and box of each face that was filled in, in whole pixels of the upright photograph.
    """

    file: str
    photo: str
    chance: float
    digest: str
    faces: tuple[tuple[str, Box], ...]


@dataclass(frozen=True)
class Suggestion:
    """A sample of the new photographs of a run.

    Attributes
    ----------
    run
        Name of the run.
    model
        Digest of the model that filled the annotations in.
    new
        `digest_of_photos` all new photographs of the run.
    seed
        That the sample was drawn with.
    filled_in
        SHA-256 of each file of annotations, by its path in the folder, as it was dealt.
    lists
        The same of the files that say what the classes of YOLO's are.
    photos
        In the order in which they were drawn: the first of them are a sample, too.
    """

    run: str
    model: str
    new: str
    seed: int
    filled_in: dict[str, str]
    lists: dict[str, str]
    photos: tuple[SuggestedPhoto, ...]

    def write(self, path: Path) -> None:
        """Write the record, whole or not at all."""
        write_record(path, asdict(self))

    @classmethod
    def parse(cls, data: bytes, name: str) -> "Suggestion":
        """Read a record that `write` wrote.

        Parameters
        ----------
        name
            What to call it in an error.

        Raises
        ------
        InputError
            If it is no such record, or was changed so that it is none any more.
        """
        record = parse_record(data, name)
        try:
            photos = tuple(map(_photo, record["photos"]))
            fields = {key: record[key] for key in ("run", "model", "new", "seed")}
            files = {key: dict(record[key]) for key in ("filled_in", "lists")}
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise InputError(
                f"{name}: is not as `suggest` wrote it ({error!r}); copy it anew from where it was "
                "written, or deal a new sample"
            ) from error
        if len({one.file for one in photos}) < len(photos) or not photos:
            raise InputError(f"{name}: field 'photos' is empty or names a photograph twice")
        return cls(**fields, **files, photos=photos)


def digest_of_photos(photos: Iterable[Photo]) -> str:
    """Return a digest of photographs, their names and contents, in whatever order they come."""
    lines = sorted(f"{photo.filename}\0{sha256(photo.image)}\n" for photo in photos)
    return sha256("".join(lines).encode())


def sha256(data: bytes) -> str:
    """Return a digest in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def _photo(record: dict[str, Any]) -> SuggestedPhoto:
    faces = tuple((name, tuple(map(float, box))) for name, box in record["faces"])
    if any(name not in CLASSES or len(box) != 4 for name, box in faces):
        raise ValueError("faces")
    chance = float(record["chance"])
    if not (math.isfinite(chance) and 0 < chance <= 1):
        raise ValueError("chance")
    file, photo, digest = (record[key] for key in ("file", "photo", "digest"))
    if not all(isinstance(text, str) for text in (file, photo, digest)):
        raise ValueError("file, photo or digest")
    return SuggestedPhoto(file, photo, chance, digest, faces)
