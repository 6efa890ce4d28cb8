"""A photograph with its faces drawn so that one reads as well as a crowd."""

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw

from utils.dataset.faces import Faces
from utils.dataset.labels import COLOURS, TITLES
from utils.drawing.fonts import font
from utils.drawing.label_layout import place_labels
from utils.metrics.detections import Detections

SHORTEST, LONGEST = 1000, 2000
"""Bounds of the drawing's longer side in pixels, unless the photograph's shape forbids it."""

FACE = 44
"""The side in pixels that the smaller faces should have in the drawing, so that labels fit."""

CROWD = 12
"""From more people than these, labels are marks and numbers only."""

MARKS = ("", "✓", "✗", "!")
"""A mark of each class, by id: readers need not tell colours apart."""

_INK, _STRIP = "#101820", "#17212b"


def draw_detections(image: np.ndarray, detections: Detections, threshold: float) -> np.ndarray:
    """Draw every detection that counts, with its class and confidence, and a strip that sums up.

    Small photographs are enlarged until the faces have room for labels; very large ones are
    reduced. Labels say class and confidence where there is room, else (and in a crowd) the class's
    mark and the confidence.

    Parameters
    ----------
    image
        uint8, shape (H, W, 3), RGB.
    detections
        In pixels of `image`.
    threshold
        Detections of lower confidence are not drawn.

    Returns
    -------
    uint8, shape (H', W', 3), RGB: the drawing, with the strip beneath the photograph.
    """
    kept = detections.above(threshold)
    confidences = [f" {100 * confidence:.0f}" for confidence in kept.scores]
    photo = _draw(image, kept.boxes, kept.labels, confidences)
    said = f"numbers: confidence in %, {100 * threshold:.0f} or more"
    return _above(photo, _strip(photo.width, kept.labels, said))


def draw_faces(image: np.ndarray, faces: Faces, strip: bool = True) -> np.ndarray:
    """Draw the annotated faces of a photograph, each with its class, as `draw_detections` does.

    Parameters
    ----------
    image
        uint8, shape (H, W, 3), RGB.
    faces
        In pixels of `image`.
    strip
        Whether a strip that sums up stands beneath the photograph.

    Returns
    -------
    uint8, shape (H', W', 3), RGB.
    """
    photo = _draw(image, faces.boxes, faces.labels, [""] * len(faces))
    return _above(photo, _strip(photo.width, faces.labels, "")) if strip else np.asarray(photo)


def _draw(
    image: np.ndarray, boxes: np.ndarray, labels: np.ndarray, confidences: Sequence[str]
) -> Image.Image:
    scale = _scale(image.shape[1], image.shape[0], boxes)
    size = (max(1, round(image.shape[1] * scale)), max(1, round(image.shape[0] * scale)))
    photo = Image.fromarray(image).resize(size, Image.Resampling.LANCZOS)
    boxes = boxes.astype(np.float64) * scale
    _draw_boxes(ImageDraw.Draw(photo), boxes, labels)
    _draw_labels(ImageDraw.Draw(photo), boxes, labels, confidences, size)
    return photo


def _above(photo: Image.Image, strip: Image.Image) -> np.ndarray:
    drawing = Image.new("RGB", (photo.width, photo.height + strip.height))
    drawing.paste(photo, (0, 0))
    drawing.paste(strip, (0, photo.height))
    return np.asarray(drawing)


def _scale(width: int, height: int, boxes: np.ndarray) -> float:
    """Return how much to enlarge so that at most a quarter of the faces is smaller than `FACE`."""
    longer = max(width, height)
    wanted = max(1.0, SHORTEST / longer)
    if len(boxes):
        sides = np.sqrt((boxes[:, 2:] - boxes[:, :2]).clip(1).prod(axis=1))
        wanted = max(wanted, FACE / float(np.quantile(sides, 0.25)))
    return min(wanted, LONGEST / longer)


def _draw_boxes(draw: ImageDraw.ImageDraw, boxes: np.ndarray, labels: np.ndarray) -> None:
    """Draw the frames, large ones first so that small ones stay whole."""
    order = np.argsort(-(boxes[:, 2:] - boxes[:, :2]).prod(axis=1), kind="stable")
    for x1, y1, x2, y2, label in ((*boxes[i], labels[i]) for i in order):
        line = int(np.clip((x2 - x1) / 22, 2, 5))
        corners = [x1, y1, max(x2 - 1, x1), max(y2 - 1, y1)]
        halo = [corners[0] - 1, corners[1] - 1, corners[2] + 1, corners[3] + 1]
        draw.rectangle(halo, outline="#ffffff", width=1)
        draw.rectangle(corners, outline=COLOURS[label], width=line)


def _draw_labels(
    draw: ImageDraw.ImageDraw,
    boxes: np.ndarray,
    labels: np.ndarray,
    confidences: Sequence[str],
    canvas: tuple[int, int],
) -> None:
    smallest, largest = round(max(canvas) / 130), round(max(canvas) / 50)
    variants = []
    for box, label, confidence in zip(boxes, labels, confidences, strict=True):
        side = float(np.sqrt((box[2:] - box[:2]).clip(1).prod()))
        usual = int(np.clip(side / 2.8, smallest + 3, largest))
        whole = f"{MARKS[label]} {TITLES[label]}{confidence}{' %' if confidence else ''}"
        words = [
            (whole, max(usual, smallest + 8)),
            (f"{MARKS[label]}{confidence}", usual),
            (f"{MARKS[label]}{confidence.strip()}", smallest + 2),
            (f"{MARKS[label]}{confidence.strip()}", smallest),
        ]
        variants.append(words if len(labels) <= CROWD else words[1:])
    sizes = [[_label_size(text, points) for text, points in words] for words in variants]
    order = np.argsort((boxes[:, 2:] - boxes[:, :2]).prod(axis=1), kind="stable")
    places = place_labels(boxes[order], [sizes[i] for i in order], canvas)
    for i, (variant, place) in zip(order, places, strict=True):
        text, size = variants[i][variant]
        colour = COLOURS[labels[i]]
        draw.rounded_rectangle(place, radius=size / 5, fill=colour, outline="white", width=1)
        middle = ((place[0] + place[2]) / 2, (place[1] + place[3]) / 2)
        draw.text(middle, text, fill=_ink_on(colour), font=font(size), anchor="mm")


def _label_size(text: str, size: int) -> tuple[float, float]:
    return font(size).getlength(text) + 0.55 * size, 1.4 * size


def _strip(width: int, labels: np.ndarray, said: str) -> Image.Image:
    """Return a legend that counts: what each colour and mark means, and how many there are."""
    size = int(np.clip(width / 44, 13, 30))
    letters, line = font(size), round(1.9 * size)
    people = len(labels)
    items: list[tuple[str, str | None]] = [
        (f"{people} {'person' if people == 1 else 'people'}", None)
    ]
    for k in range(1, len(TITLES)):
        items.append((f"{MARKS[k]} {TITLES[k]}: {int((labels == k).sum())}", COLOURS[k]))
    items += [(said, None)] if said else []
    rows: list[list[tuple[float, str, str | None]]] = [[]]
    x = float(size)
    for text, colour in items:
        length = letters.getlength(text) + (1.3 * size if colour else 0)
        if x + length > width - size and rows[-1]:
            rows.append([])
            x = float(size)
        rows[-1].append((x, text, colour))
        x += length + 1.6 * size
    strip = Image.new("RGB", (width, len(rows) * line + size // 2), _STRIP)
    draw = ImageDraw.Draw(strip)
    for number, row in enumerate(rows):
        y = size // 4 + (number + 0.5) * line
        for x, text, colour in row:
            if colour:
                half = 0.45 * size
                draw.rounded_rectangle([x, y - half, x + 2 * half, y + half], 3, fill=colour)
            draw.text((x + (1.3 * size if colour else 0), y), text, "white", letters, anchor="lm")
    return strip


def _ink_on(colour: str) -> str:
    """Return black or white, whichever reads better on a colour."""
    red, green, blue = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    luminance = 0.2126 * red**2.2 + 0.7152 * green**2.2 + 0.0722 * blue**2.2
    return _INK if (luminance + 0.05) / 0.053 > 1.05 / (luminance + 0.05) else "white"
