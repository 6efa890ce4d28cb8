"""The annotation of a photograph as jobs use it: boxes inside the image, and what was mended.

Whatever format people have, it travels in shards as VOC with our class names.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from utils.dataset.faces import Faces
from utils.dataset.formats import voc
from utils.dataset.formats.annotation import LEAST_SIDE, RawAnnotation
from utils.dataset.image_header import turn
from utils.dataset.labels import CLASSES, class_id
from utils.errors import InputError


@dataclass(frozen=True)
class Annotation:
    """The faces of a photograph, and what was mended while reading them.

    Attributes
    ----------
    faces
        Boxes inside the image, with their classes.
    dropped
        How many boxes were left out: wholly outside the image, or with a side of less than a
        pixel inside it.
    clipped
        How many of the boxes kept were cut at the border of the image.
    size_differs
        Whether the annotation tells another size than the image has (the image's is used).
    """

    faces: Faces
    dropped: int
    clipped: int
    size_differs: bool = False


def read_voc(data: bytes, name: str, width: int, height: int, orientation: int = 1) -> Annotation:
    """Read a VOC annotation with our class names, and `fit` it to its image.

    Raises
    ------
    InputError
        If the file is no VOC file (see `voc.parse`), or names a class that is none of ours.
    """
    return fit(voc.parse(data, name), name, width, height, orientation)


def write_voc(filename: str, width: int, height: int, faces: Faces) -> bytes:
    """Write a VOC annotation; `read_voc` gives the same faces back."""
    names = [CLASSES[label - 1] for label in faces.labels.tolist()]
    return voc.write(filename, width, height, names, faces.boxes.tolist())


def fit(
    raw: RawAnnotation,
    name: str,
    width: int,
    height: int,
    orientation: int = 1,
    class_of: Callable[[str], int] = class_id,
) -> Annotation:
    """Fit what a file says to the image that it belongs to.

    If the size that the annotation tells is that of the image before its EXIF rotation by a
    quarter turn, its boxes were drawn on the image as stored, and are turned with it.

    Parameters
    ----------
    name
        What to call the annotation in an error.
    width, height
        Size of the upright image in pixels.
    orientation
        EXIF orientation of the stored image, 1..8.
    class_of
        Gives the class id of a name, or raises `InputError`.

    Raises
    ------
    InputError
        If `class_of` does not know a class; it names the file, the object and the field.
    """
    labels = []
    for count, class_name in enumerate(raw.names, start=1):
        try:
            labels.append(class_of(class_name))
        except InputError as error:
            raise InputError(f"{name}: object {count}: field 'name': {error}") from None
    boxes = np.array(raw.boxes, np.float64).reshape(-1, 4)
    told = raw.size
    if orientation >= 5 and width != height and told == (height, width):
        boxes = np.stack(turn(boxes.T, orientation, width, height), axis=1)
        told = (width, height)
    inside = boxes.clip(0, [width, height, width, height])
    clipped = (inside != boxes).any(axis=1)
    inside = inside.astype(np.float32)  # in which a hair's breadth is none
    keep = (inside[:, 2:] - inside[:, :2] >= LEAST_SIDE).all(axis=1)
    return Annotation(
        faces=Faces(inside[keep], np.array(labels, np.int64)[keep]),
        dropped=int((~keep).sum()),
        clipped=int(clipped[keep].sum()),
        size_differs=told is not None and told != (width, height),
    )
