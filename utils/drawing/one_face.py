"""A picture that was judged as one face, with what was said of it beneath."""

import numpy as np
from PIL import Image, ImageDraw

from utils.dataset.labels import BACKGROUND, COLOURS, TITLES
from utils.drawing.faces import MARKS
from utils.drawing.fonts import fitting_font, font
from utils.metrics.detections import Detections

SIDE = 480
"""Pixels of the longer side of the picture, and of the width of what stands beneath."""

_LINE, _GAP, _PANEL = 30, 12, "#17212b"


def is_one_face(image: np.ndarray, detections: Detections) -> bool:
    """Return whether all that was found is one face, which is the whole picture."""
    whole = [0, 0, image.shape[1], image.shape[0]]
    return len(detections) == 1 and detections.boxes[0].tolist() == whole


def draw_one_face(image: np.ndarray, detections: Detections) -> np.ndarray:
    """Draw a picture that is one face, and beneath it how probable each class is.

    Parameters
    ----------
    image
        uint8, shape (H, W, 3), RGB.
    detections
        One, of the whole picture (`is_one_face`).

    Returns
    -------
    uint8, shape (H', W', 3), RGB.
    """
    label, told = int(detections.labels[0]), detections.probabilities[0]
    scale = SIDE / max(image.shape[:2])
    size = tuple(max(1, round(length * scale)) for length in image.shape[1::-1])
    face = Image.fromarray(image).resize(size, Image.Resampling.LANCZOS)
    classes = range(BACKGROUND + 1, len(TITLES))
    height = face.height + 2 * _GAP + (1 + len(classes)) * _LINE
    drawing = Image.new("RGB", (SIDE, height), _PANEL)
    drawing.paste(face, ((SIDE - face.width) // 2, 0))
    draw = ImageDraw.Draw(drawing)
    said = f"{MARKS[label]} {TITLES[label]}, {100 * detections.scores[0]:.0f} %"
    y = face.height + _GAP + _LINE / 2
    letters = fitting_font(said, 22, SIDE - 2 * _GAP)
    draw.text((_GAP, y), said, "white", letters, anchor="lm")
    left, right = 0.5 * SIDE, SIDE - _GAP - 52
    for k in classes:
        y += _LINE
        draw.text((_GAP, y), TITLES[k], "#c4ccd4", font(16, bold=False), anchor="lm")
        draw.rectangle([left, y - 7, right, y + 7], fill="#303c48")
        if (end := left + float(told[k]) * (right - left)) > left + 0.5:
            draw.rectangle([left, y - 7, end, y + 7], fill=COLOURS[k])
        percent = f"{100 * told[k]:.0f} %"
        draw.text((SIDE - _GAP, y), percent, "white", font(16, bold=False), anchor="rm")
    return np.asarray(drawing)
