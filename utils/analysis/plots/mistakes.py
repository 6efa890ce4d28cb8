"""The worst mistakes as one picture: enlarged crops with what was there and what was said."""

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

from utils.analysis.plots.style import INK, MUTED
from utils.dataset.images import encode_png
from utils.dataset.labels import CLASS_IDS, COLOURS, TITLES
from utils.dataset.shards import read_shard
from utils.drawing.fonts import fitting_font, font
from utils.metrics.matching import IOU
from utils.records import write_atomically

COLUMNS = 4
CROP, GAP, LINE = 380, 20, 28  # pixels of the picture
CONTEXT = 3.0
"""A crop is so many times as wide as the boxes in it."""

LEAST = 48
"""A crop shows so many pixels of the photograph at least: fewer would be a blur."""

_LEGEND = "solid: what the detector said; dashed: what was annotated"


def draw_mistakes(mistakes: Sequence[dict[str, Any]], shard: Path, output: Path) -> None:
    """Draw mistakes side by side, in the order given, and write the picture (PNG).

    Parameters
    ----------
    mistakes
        Records of `utils.analysis.evaluation.mistakes.Mistake`.
    shard
        The photographs they are on.
    """
    crops = _crops(mistakes, shard)
    columns = min(COLUMNS, len(crops)) or 1
    rows = -(-len(crops) // columns)
    width, height = CROP + GAP, CROP + 3 * LINE + GAP
    sheet = Image.new("RGB", (max(2, columns) * width + GAP, rows * height + LINE + GAP), "white")
    draw = ImageDraw.Draw(sheet)
    told = _LEGEND if crops else "no mistake was made"
    draw.text((GAP, GAP // 2 + LINE / 2), told, MUTED, font(17, bold=False), anchor="lm")
    for number, (mistake, crop) in enumerate(zip(mistakes, crops, strict=True)):
        x, y = GAP + number % columns * width, GAP + LINE + number // columns * height
        sheet.paste(crop, (x, y))
        _write(draw, (x, y + CROP + 6), number + 1, mistake)
    write_atomically(output, encode_png(np.asarray(sheet)))


def words(mistake: dict[str, Any]) -> tuple[str, str]:
    """Say what the detector did, and what would have been right."""
    truth, claim = (_title(mistake[key]) for key in ("truth", "claim"))
    sure = "" if mistake["confidence"] is None else f"{100 * mistake['confidence']:.0f} %"
    if mistake["kind"] == "missed":
        unsure = f"a box of {sure} did not count" if sure else "there is no box"
        return f"missed: {truth}", unsure
    if mistake["kind"] == "confused":
        return f"called {claim}, {sure}", f"it is {truth}"
    if mistake["overlap"] >= IOU:
        return f"invented: {claim}, {sure}", "the face has another box"
    if mistake["overlap"] >= IOU / 3:
        return f"invented: {claim}, {sure}", f"overlaps a face by {mistake['overlap']:.2f} only"
    return f"invented: {claim}, {sure}", "no face is annotated there"


def window(mistake: dict[str, Any], width: int, height: int) -> tuple[int, int, int]:
    """Return the crop's left, top and side in pixels of a photograph, within it where it fits."""
    wanted = {"missed": ("face",), "invented": ("box",), "confused": ("face", "box")}
    boxes = np.array([mistake[key] for key in wanted[mistake["kind"]]])
    low, high = boxes[:, :2].min(axis=0), boxes[:, 2:].max(axis=0)
    side = int(min(max(CONTEXT * (high - low).max(), LEAST), max(width, height)))
    corner = (low + high - side) / 2
    spare = np.array([width, height]) - side
    left, top = np.where(spare < 0, spare / 2, np.clip(corner, 0, np.maximum(spare, 0)))
    return int(left), int(top), side


def _crops(mistakes: Sequence[dict[str, Any]], shard: Path) -> list[Image.Image]:
    wanted = {mistake["photo"] for mistake in mistakes}
    crops: dict[int, Image.Image] = {}
    for photo in (photo for photo in read_shard(shard) if photo.name in wanted):
        image = Image.fromarray(photo.decode())
        for number, mistake in enumerate(mistakes):
            if mistake["photo"] == photo.name:
                crops[number] = _crop(image, mistake)
    return [crops[number] for number in range(len(mistakes))]


def _crop(image: Image.Image, mistake: dict[str, Any]) -> Image.Image:
    left, top, side = window(mistake, *image.size)
    crop = image.crop((left, top, left + side, top + side))
    crop = crop.resize((CROP, CROP), Image.Resampling.LANCZOS)
    draw = ImageDraw.Draw(crop)
    scale = CROP / side
    for key, name in (("face", "truth"), ("box", "claim")):
        if mistake[key] is None or (mistake["kind"] == "missed" and key == "box"):
            continue
        corners = (np.array(mistake[key]).reshape(2, 2) - (left, top)) * scale
        colour = COLOURS[CLASS_IDS[mistake[name]]]
        _frame(draw, corners.flatten().tolist(), colour, dashed=key == "face")
    return crop


def _frame(draw: ImageDraw.ImageDraw, box: list[float], colour: str, dashed: bool) -> None:
    x1, y1, x2, y2 = box
    corners = [(x1, y1), (x2, y1), (x2, y2), (x1, y2), (x1, y1)]
    for ink, thick in (("white", 7), (colour, 4)):
        for start, end in pairwise(corners):
            for a, b in _dashes(np.array(start), np.array(end), dashed):
                draw.line([tuple(a), tuple(b)], fill=ink, width=thick)


def _dashes(start: np.ndarray, end: np.ndarray, dashed: bool) -> list[np.ndarray]:
    """Split a line into pieces and leave out every other one, but not the first or the last."""
    pieces = 2 * max(1, round(float(abs(end - start).max()) / 24)) + 1 if dashed else 1
    ends = np.linspace(start, end, pieces + 1)
    return [ends[k : k + 2] for k in range(0, pieces, 2)]


def _write(
    draw: ImageDraw.ImageDraw, place: tuple[float, float], number: int, mistake: dict[str, Any]
) -> None:
    what, why = words(mistake)
    lines = [(f"{number}  {what}", INK, True), (why, INK, False), (mistake["photo"], MUTED, False)]
    for row, (text, ink, bold) in enumerate(lines):
        place_of = (place[0], place[1] + (row + 0.5) * LINE)
        draw.text(place_of, text, ink, fitting_font(text, 20, CROP, bold), anchor="lm")


def _title(name: str | None) -> str:
    return "" if name is None else TITLES[CLASS_IDS[name]]
