"""Frames with boxes, tracks and the running count on them."""

from collections.abc import Mapping
from functools import lru_cache

import cv2
import numpy as np
from PIL import Image, ImageDraw

from utils.dataset.labels import CLASS_IDS, CLASSES, COLOURS
from utils.drawing.faces import MARKS
from utils.drawing.fonts import fitting_font, font
from utils.metrics.detections import Detections
from utils.video.people import Person

_UNSURE = "#767676"


def drawn(
    image: np.ndarray,
    found: Detections,
    tracks: np.ndarray,
    here: Mapping[int, Person],
    counts: Mapping[str, int],
    told: str,
) -> np.ndarray:
    """Draw the faces of a frame that are followed, and a line that sums up.

    Parameters
    ----------
    image
        uint8, shape (H, W, 3), RGB.
    found, tracks
        Detections, and the track of each (0 for none, which is not drawn).
    here
        Who is followed, by track: a box has the colour of what its person is taken for so far.
    counts
        People by class so far.
    told
        The time, in words.

    Returns
    -------
    uint8, shape (H, W, 3), RGB.
    """
    image = image.copy()
    labels = []
    for index in np.flatnonzero(tracks):
        number, box = int(tracks[index]), found.boxes[index]
        person = here.get(number)
        label = person.label if person and person.views else 0
        colour = COLOURS[label] if label else _UNSURE
        line = int(np.clip((box[2] - box[0]) / 20, 1, 4))
        corners = (int(box[0]), int(box[1])), (int(box[2]) - 1, int(box[3]) - 1)
        cv2.rectangle(image, *corners, _rgb(colour), line)
        size = int(np.clip((box[2] - box[0]) / 2.6, 11, 22))
        labels.append((_label(f"{number} {MARKS[label]}".strip(), colour, size), corners))
    for picture, ((x1, y1), (_, y2)) in labels:
        high = picture.shape[0]
        _paste(image, picture, x1, y1 - high if y1 >= high else y2)
    words = [(f"{told}   people so far: {sum(counts.values()):,}", None)]
    words += [(f"{MARKS[CLASS_IDS[name]]} {counts[name]:,}", name) for name in CLASSES]
    _paste(image, _strip(tuple(words), image.shape[1]), 0, 0)
    return image


def _rgb(colour: str) -> tuple[int, int, int]:
    return tuple(int(colour[i : i + 2], 16) for i in (1, 3, 5))


@lru_cache(maxsize=256)
def _label(text: str, colour: str, size: int) -> np.ndarray:
    letters = font(size)
    picture = Image.new("RGB", (round(letters.getlength(text) + 0.6 * size), round(1.35 * size)))
    draw = ImageDraw.Draw(picture)
    draw.rectangle((0, 0, *picture.size), fill=colour)
    middle = picture.width / 2, picture.height / 2
    draw.text(middle, text, "#101820" if colour == COLOURS[3] else "white", letters, anchor="mm")
    return np.asarray(picture)


@lru_cache(maxsize=8)
def _strip(words: tuple[tuple[str, str | None], ...], width: int) -> np.ndarray:
    size = int(np.clip(width / 48, 10, 24))
    whole = "  ".join(text for text, _ in words)
    letters = fitting_font(whole, size, 0.94 * width)
    size = int(letters.size)
    picture = Image.new("RGB", (width, round(1.7 * size)), "#17212b")
    draw, x = ImageDraw.Draw(picture), 0.6 * size
    for text, name in words:
        colour = COLOURS[CLASS_IDS[name]] if name else "white"
        draw.text((x, picture.height / 2), text, _bright(colour), letters, anchor="lm")
        x += letters.getlength(text) + 1.2 * size
    return np.asarray(picture)


def _bright(colour: str) -> str:
    return {COLOURS[1]: "#35d6a7", COLOURS[2]: "#ff9a52"}.get(colour, colour)


def _paste(image: np.ndarray, picture: np.ndarray, x: int, y: int) -> None:
    height, width = image.shape[:2]
    x, y = max(0, min(x, width - picture.shape[1])), max(0, min(y, height - picture.shape[0]))
    part = image[y : y + picture.shape[0], x : x + picture.shape[1]]
    part[...] = picture[: part.shape[0], : part.shape[1]]
