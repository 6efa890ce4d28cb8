"""Augmentation on disk: copies of training photographs with Gaussian noise."""

import logging
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from utils.dataset.annotation import write_voc
from utils.dataset.clean import clean_photo
from utils.dataset.cut_faces import cut_photo, face_name, numbers
from utils.dataset.cutting import Cutting
from utils.dataset.image_header import upright_size
from utils.dataset.images import bands, encode_jpeg
from utils.dataset.labels import CLASSES
from utils.dataset.shards import Photo, by_name, read_shard, write_shard
from utils.errors import InputError
from utils.seed import derive_seed

log = logging.getLogger(__name__)

RARE = 0.5
"""A class is rare below this fraction of an equal share of the faces (1/6 for three classes)."""

JPEG_QUALITY = 95
"""JPEG quality of the copies. Noise does not compress: as PNGs they would be five times as
large."""


@dataclass(frozen=True)
class NoiseOptions:
    """How training photographs are multiplied.

    Attributes
    ----------
    sigma
        Standard deviation of the noise, in units of the 0..1 range of a channel.
    copies, rare_copies
        Noisy copies of each photograph, and of one that holds a face of a rare class.
    seed
        The seed of the job; each copy derives its own from it and its name.
    """

    sigma: float = 0.05
    copies: int = 1
    rare_copies: int = 3
    seed: int = 0

    def __post_init__(self) -> None:
        if not 0 <= self.sigma <= 1:
            raise InputError(f"sigma is {self.sigma}; expected 0..1, of the range of a channel")
        if min(self.copies, self.rare_copies) < 0:
            raise InputError("copies and rare copies must not be negative")


def add_gaussian_noise(image: np.ndarray, sigma: float, rng: np.random.Generator) -> np.ndarray:
    """Add independent Gaussian noise to every channel of every pixel, clipped to the range.

    Parameters
    ----------
    image
        uint8, shape (H, W, 3).
    sigma
        Standard deviation in units of 0..1 (1 is the step from black to white).
    """
    noisy = np.empty_like(image)
    for rows in bands(*image.shape[:2]):  # noise takes eight times the memory of its pixels
        noise = rng.standard_normal(image[rows].shape, dtype=np.float32)
        noisy[rows] = np.rint(image[rows] + noise * (255 * sigma)).clip(0, 255)
    return noisy


def augment_shard(
    train: Path,
    output: Path,
    shard: int,
    shards: int,
    options: NoiseOptions,
    cutting: Cutting | None = None,
) -> dict[str, int]:
    """Write every `shards`-th photograph of `train`, cleaned, with its noisy copies, to `output`.

    Which photographs hold a rare class is decided from the whole of `train`, and noise depends on
    seed and name alone: all shards together hold the same files, however many they are.

    Parameters
    ----------
    shard
        Which part, from 0 to ``shards - 1``.
    cutting
        Cut the faces out of the photographs, and write these and noisy copies of each in place of
        the photographs.

    Returns
    -------
    dict
        ``{"photos": n, "faces": n, "too_small": n, "copies": n, "rare": n}`` of this shard: how
        many were read, what was cut, copied, and holds a rare class.

    Raises
    ------
    InputError
        If the shard number is out of range, or a photograph already has the name of a copy.
    """
    if not 0 <= shard < shards:
        raise InputError(f"shard {shard} of {shards}: expected 0 to {shards - 1}")
    parts = {photo.name: _parts(photo, cutting) for photo in read_shard(train)}
    classes = {name: of_it for made in parts.values() for name, of_it in made.items()}
    rare = rare_classes(sum(classes.values(), Counter()))
    copies = {
        name: options.rare_copies if rare & of_it.keys() else options.copies
        for name, of_it in classes.items()
    }
    for name, number in copies.items():
        for copy in range(1, number + 1):
            if _copy_name(name, copy) in classes:
                raise InputError(
                    f"{train}: {_copy_name(name, copy)!r} is what a copy of {name!r} will be "
                    "called; rename the photograph"
                )
    mine = set(sorted(parts)[shard::shards])
    counts = Counter(photos=len(mine), faces=0, too_small=0)

    def augmented() -> Iterator[tuple[str, Iterator[Photo]]]:
        for photo in read_shard(train):
            if photo.name in mine:
                made, small = [clean_photo(photo)], 0
                if cutting:
                    made, small = cut_photo(made[0], cutting)
                    counts.update(faces=len(made), too_small=small)
                yield photo.name, _with_copies(made, copies, options)

    written = write_shard(output, by_name(augmented()))
    kept = [name for photo in mine for name in parts[photo]]
    counts.update(
        copies=written - len(kept), rare=sum(bool(rare & classes[n].keys()) for n in kept)
    )
    log.info("%s: %s; rare: %s", output, dict(counts), ", ".join(sorted(rare)) or "no class")
    return dict(counts)


def rare_classes(faces: Counter[str]) -> set[str]:
    """Return the classes that hold less than `RARE` times an equal share of the faces."""
    limit = RARE * sum(faces.values()) / len(CLASSES)
    return {name for name in CLASSES if 0 < faces[name] < limit}


def _with_copies(
    photos: list[Photo], copies: dict[str, int], options: NoiseOptions
) -> Iterator[Photo]:
    for photo in photos:
        yield photo
        for copy in range(1, copies[photo.name] + 1):
            yield _noisy_copy(photo, copy, options)


def _noisy_copy(photo: Photo, copy: int, options: NoiseOptions) -> Photo:
    name = _copy_name(photo.name, copy)
    rng = np.random.default_rng(derive_seed(options.seed, photo.name, copy))
    image = add_gaussian_noise(photo.decode(), options.sigma, rng)
    height, width = image.shape[:2]
    faces = photo.read_annotation(width, height).faces
    filename = f"{name}.jpg"
    voc = write_voc(filename, width, height, faces)
    return Photo(name, filename, encode_jpeg(image, JPEG_QUALITY), voc)


def _copy_name(name: str, copy: int) -> str:
    return f"{name}_noise{copy}"


def _parts(photo: Photo, cutting: Cutting | None) -> dict[str, Counter[str]]:
    """Return, by name, what is made of a photograph before noise: itself or its faces; classes."""
    width, height = upright_size(photo.image, photo.filename)
    faces = photo.read_annotation(width, height).faces
    classes = [CLASSES[label - 1] for label in faces.labels]
    if cutting is None:
        return {photo.name: Counter(classes)}
    return {
        face_name(photo.name, number): Counter([classes[number - 1]])
        for number in numbers(faces, cutting.smallest)
    }
