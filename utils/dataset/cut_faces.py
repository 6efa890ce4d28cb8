"""Faces cut from photographs: squares around their boxes, each a picture of its own.

What a classifier learns from and what it later judges are cut by the same code, once, at the full
resolution of the photograph.
"""

import logging
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from utils.dataset.annotation import write_voc
from utils.dataset.cutting import Cutting
from utils.dataset.faces import Faces
from utils.dataset.images import encode_png
from utils.dataset.shards import Photo, by_name, read_shard, write_shard
from utils.errors import number_of

LARGEST = 1024
"""Pixels of the side of a square; a larger one is scaled down to it. No classifier sees more, and
a long, narrow box could otherwise ask for any amount of memory."""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class CutFace:
    """A face that was cut out.

    Attributes
    ----------
    number
        Which face of the photograph it is, from 1, in the order of the annotations.
    image
        uint8, shape (S, S, 3), RGB; of a box that is the whole picture, that picture.
    label
        Class id from 1.
    """

    number: int
    image: np.ndarray
    label: int


def cut_face(image: np.ndarray, box: np.ndarray, margin: float) -> np.ndarray:
    """Cut the square around a box, or take the whole picture if the box is that.

    Where the square leaves the picture, the border's pixels are repeated. A picture that is a face
    as a whole was cut by somebody else already, so it gets neither margin nor padding.

    Parameters
    ----------
    image
        uint8, shape (H, W, 3), RGB.
    box
        float, shape (4,): x1, y1, x2, y2, half-open, with an area inside the image.
    margin
        Share of the longer side of the box that is added on each side.

    Returns
    -------
    np.ndarray
        uint8, shape (S, S, 3), with S up to `LARGEST`; or `image` itself.
    """
    height, width = image.shape[:2]
    inside = np.clip(np.asarray(box, np.float64), 0, [width, height, width, height])
    if (inside == [0, 0, width, height]).all():
        return image
    corner, sides = inside[:2], inside[2:] - inside[:2]
    side = max(1, round(sides.max() * (1 + 2 * margin)))
    left, top = (round(value) for value in corner + sides / 2 - side / 2)
    start = max(left, 0), max(top, 0)
    part = image[start[1] : max(top + side, 0), start[0] : max(left + side, 0)]
    left, top = left - start[0], top - start[1]
    if (scale := LARGEST / side) < 1:
        size = [max(1, round(length * scale)) for length in part.shape[1::-1]]
        part = cv2.resize(part, size, interpolation=cv2.INTER_AREA)
        left, top, side = round(left * scale), round(top * scale), LARGEST
    rows = np.arange(top, top + side).clip(0, part.shape[0] - 1)
    columns = np.arange(left, left + side).clip(0, part.shape[1] - 1)
    return part[np.ix_(rows, columns)]


def cut_faces(image: np.ndarray, faces: Faces, margin: float, smallest: float) -> list[CutFace]:
    """Cut the faces out of a photograph that are not too small (see `numbers`, `cut_face`)."""
    return list(_cut(image, faces, margin, smallest))


def _cut(image: np.ndarray, faces: Faces, margin: float, smallest: float) -> Iterator[CutFace]:
    for number in numbers(faces, smallest):
        face = cut_face(image, faces.boxes[number - 1], margin)
        yield CutFace(number, face, int(faces.labels[number - 1]))


def numbers(faces: Faces, smallest: float) -> list[int]:
    """Return the numbers, from 1, of the faces whose shorter side has `smallest` pixels or more."""
    sides = (faces.boxes[:, 2:] - faces.boxes[:, :2]).min(axis=1)
    return (np.flatnonzero(sides >= smallest) + 1).tolist()


def face_name(photograph: str, number: int) -> str:
    """Return the name of a face that was cut from a photograph, the `number`-th from 1."""
    return f"{photograph}_face{number}"


def photograph_of(face: str) -> tuple[str, int]:
    """Return the photograph that a cut face, or a noise copy of one, is from, and its number.

    Raises
    ------
    ValueError
        If that is no name which `face_name` gives.
    """
    found = re.fullmatch(r"(.+)_face([1-9]\d*)(_noise\d+)?", face, re.DOTALL)
    if found is None:
        raise ValueError(f"{face!r} is not the name of a cut face")
    return found[1], int(found[2])


def cut_photo(photo: Photo, cutting: Cutting) -> tuple[list[Photo], int]:
    """Return the faces of a clean photograph, and how many were too small.

    Each is a picture with one box, which is the whole of it. A face that was the whole picture
    keeps the bytes of its file; all others become PNGs.
    """
    image = photo.decode()
    height, width = image.shape[:2]
    faces = photo.read_annotation(width, height).faces
    cut = _cut(image, faces, cutting.margin, cutting.smallest)
    pictures = [_picture(photo, face, image) for face in cut]
    return pictures, len(faces) - len(pictures)


def cut_shard(clean: Path, output: Path, cutting: Cutting) -> dict[str, int]:
    """Write the faces of a clean shard to one of their own; return ``faces`` and ``too_small``."""
    counts = {"faces": 0, "too_small": 0}

    def cut() -> Iterator[tuple[str, list[Photo]]]:
        for photo in read_shard(clean):
            faces, small = cut_photo(photo, cutting)
            counts["faces"] += len(faces)
            counts["too_small"] += small
            yield photo.name, faces

    write_shard(output, by_name(cut()))
    log.info(
        "%s: %s, %d left out as smaller than %g pixels",
        *(output, number_of(counts["faces"], "face"), counts["too_small"], cutting.smallest),
    )
    return counts


def _picture(photo: Photo, face: CutFace, whole: np.ndarray) -> Photo:
    name = face_name(photo.name, face.number)
    if face.image is whole:
        suffix, data = photo.filename.rpartition(".")[2], photo.image
    else:
        suffix, data = "png", encode_png(face.image)
    filename = f"{name}.{suffix}"
    height, width = face.image.shape[:2]
    box = np.array([[0, 0, width, height]], np.float32)
    voc = write_voc(filename, width, height, Faces(box, np.array([face.label], np.int64)))
    return Photo(name, filename, data, voc)
