"""Faces that a classifier judged, as one picture: what they are, what it said, where it looked."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

from utils.analysis.plots.style import INK, MUTED
from utils.dataset.images import encode_png
from utils.dataset.labels import CLASS_IDS, CLASSES, COLOURS, TITLES
from utils.dataset.shards import read_shard
from utils.drawing.fonts import fitting_font
from utils.records import write_atomically

ALONE, PAIRED, GAP, LINE, BAR = 290, 230, 22, 26, 12
"""Pixels of the picture: a face, one of two side by side, the space between, a line of text, the
bar of probabilities."""

_HEAT = (("#000004", 0.0), ("#57106e", 0.35), ("#e65d2f", 0.75), ("#fcffa4", 1.0))
"""Colours of a heat map, from nothing to most (after matplotlib's inferno)."""


def draw_mistakes(mistakes: Sequence[dict[str, Any]], shard: Path, output: Path) -> None:
    """Draw faces that were judged wrongly, in the order given, and write the picture (PNG).

    Parameters
    ----------
    mistakes
        Records of `utils.analysis.evaluation.face_mistakes.face_record`.
    shard
        The cut faces they are among.
    """
    images = read_faces(mistakes, shard)
    tiles = [(_square(images[one["face"]], ALONE), *words(one), one) for one in mistakes]
    told = "bars: how probable each class was, in its colour" if tiles else "no mistake was made"
    _sheet(tiles, 4, told, output)


def draw_looks(
    shown: Sequence[dict[str, Any]],
    shard: Path,
    looks: Callable[[Sequence[np.ndarray], Sequence[int]], Sequence[np.ndarray]],
    output: Path,
) -> None:
    """Draw faces and, beside each, where the classifier looked; write the picture (PNG).

    Parameters
    ----------
    shown
        Records of `utils.analysis.evaluation.face_mistakes.face_record`.
    shard
        The cut faces they are among.
    looks
        Called with pictures, uint8 (H, W, 3), and the class ids that were said of them; returns
        where it looked on each, float (H, W), 0 to 1.
    """
    images = read_faces(shown, shard)
    faces = [images[one["face"]] for one in shown]
    heats = looks(faces, [CLASS_IDS[one["claim"]] for one in shown]) if faces else []
    tiles = []
    for one, face, heat in zip(shown, faces, heats, strict=True):
        pair = Image.new("RGB", (2 * PAIRED + 4, PAIRED), "white")
        pair.paste(_square(face, PAIRED), (0, 0))
        pair.paste(_square(_heated(face, heat), PAIRED), (PAIRED + 4, 0))
        tiles.append((pair, *words(one), one))
    told = "right of each face: bright is where the features are that its class rests on"
    _sheet(tiles, 3, told if tiles else "there is no face", output)


def words(face: Mapping[str, Any]) -> tuple[str, str]:
    """Say what the classifier called a face, and what that is."""
    truth, claim = (TITLES[CLASS_IDS[face[key]]] for key in ("truth", "claim"))
    sure = f"{100 * face['confidence']:.0f} %"
    if truth == claim:
        return f"{claim}, {sure}", "right"
    return f"called {claim}, {sure}", f"it is {truth}"


def read_faces(records: Sequence[Mapping[str, Any]], shard: Path) -> dict[str, np.ndarray]:
    """Return the pictures of faces by name, each uint8 (H, W, 3)."""
    wanted = {one["face"] for one in records}
    return {photo.name: photo.decode() for photo in read_shard(shard) if photo.name in wanted}


def _sheet(
    tiles: Sequence[tuple[Image.Image, str, str, Mapping[str, Any]]],
    columns: int,
    told: str,
    output: Path,
) -> None:
    columns = max(1, min(columns, len(tiles)))
    wide, high = tiles[0][0].size if tiles else (ALONE, 0)
    width, height = wide + GAP, high + BAR + 3 * LINE + GAP
    size = (max(columns * width + GAP, 760), -(-len(tiles) // columns) * height + LINE + 2 * GAP)
    sheet = Image.new("RGB", size, "white")
    draw = ImageDraw.Draw(sheet)
    letters = fitting_font(told, 17, size[0] - 2 * GAP, bold=False)
    draw.text((GAP, GAP // 2 + LINE / 2), told, MUTED, letters, anchor="lm")
    for number, (tile, first, second, face) in enumerate(tiles):
        x, y = GAP + number % columns * width, GAP + LINE + number // columns * height
        sheet.paste(tile, (x, y))
        _bar(draw, (x, y + high + 3), wide, face["probabilities"])
        third = f"{face['photograph']}, {face['side']:.0f} pixels"
        below = y + high + BAR + 6
        lines = [(f"{number + 1}  {first}", INK, True), (second, INK, False), (third, MUTED, False)]
        for row, (text, ink, bold) in enumerate(lines):
            middle = (x, below + (row + 0.5) * LINE)
            draw.text(middle, text, ink, fitting_font(text, 17, wide, bold=bold), anchor="lm")
    write_atomically(output, encode_png(np.asarray(sheet)))


def _bar(
    draw: ImageDraw.ImageDraw, place: tuple[int, int], width: int, told: Mapping[str, float]
) -> None:
    x, (left, top) = 0.0, place
    for k, name in enumerate(CLASSES, start=1):
        end = x + told[name] * width
        if round(end) > round(x):
            corners = [left + round(x), top, left + round(end) - 1, top + BAR - 3]
            draw.rectangle(corners, fill=COLOURS[k])
        x = end


def _square(image: np.ndarray, side: int) -> Image.Image:
    """Return a face as large as fits into a white square of that side."""
    face = Image.fromarray(image)
    scale = side / max(face.size)
    size = tuple(max(1, round(length * scale)) for length in face.size)
    place = Image.new("RGB", (side, side), "white")
    face = face.resize(size, Image.Resampling.BICUBIC)
    place.paste(face, ((side - face.width) // 2, (side - face.height) // 2))
    return place


def _heated(image: np.ndarray, heat: np.ndarray) -> np.ndarray:
    """Lay a heat map, (H, W) in 0..1, over a face of that size."""
    stops = [stop for _, stop in _HEAT]
    colours = np.array([[int(colour[k : k + 2], 16) for k in (1, 3, 5)] for colour, _ in _HEAT])
    ink = np.stack([np.interp(heat, stops, colours[:, k]) for k in range(3)], axis=-1)
    grey = image.mean(axis=2, keepdims=True)
    return (0.45 * grey + 0.55 * ink).round().astype(np.uint8)
