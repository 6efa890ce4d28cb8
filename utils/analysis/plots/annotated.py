"""A dozen annotated photographs as one picture, chosen so that they show what the data hold."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from utils.analysis.plots.style import INK, MUTED
from utils.dataset.annotation import Annotation
from utils.dataset.image_header import upright_size
from utils.dataset.images import encode_jpeg
from utils.dataset.labels import CLASSES, TITLES
from utils.dataset.shards import read_shard
from utils.drawing.faces import CROWD, draw_faces
from utils.drawing.fonts import fitting_font
from utils.metrics.average_precision import SIZES
from utils.metrics.ranking import face_sides
from utils.records import write_atomically

SHOWN = 12
COLUMNS = 3
WIDTH, HEIGHT, GAP, LINE = 600, 450, 20, 26  # pixels of a photograph's place, and of the text
MENDED = {
    "clipped": ("box clipped", "boxes clipped"),
    "dropped": ("box dropped", "boxes dropped"),
    "size_differs": ("size told wrongly", "sizes told wrongly"),
}
"""Fields of an `Annotation` that say what was mended, and words for one and for several."""


@dataclass(frozen=True)
class Shown:
    """A photograph that could be shown."""

    side: str
    name: str
    features: frozenset[str]
    """What it would show: its side, classes, sizes of faces, what was mended."""

    @property
    def chance(self) -> tuple[bytes, str]:
        """An order that does not follow the names, because names follow bursts."""
        return hashlib.sha256(self.name.encode()).digest(), self.name


def annotated_photographs(shards: Sequence[Path], output: Path) -> None:
    """Draw a dozen photographs with their annotated boxes, and write the picture (JPEG).

    The boxes are those that the detector learns from: clipped, and without those that were dropped.

    Parameters
    ----------
    shards
        A shard's file name without suffix (``train.tar``: "train") names the side.

    Raises
    ------
    InputError
        If a shard, or a photograph or an annotation in it, cannot be read.
    """
    chosen = choose(one for shard in shards for one in _candidates(shard))
    places = {(one.side, one.name): number for number, one in enumerate(chosen)}
    rows = -(-len(chosen) // COLUMNS)
    size = (COLUMNS * (WIDTH + GAP) + GAP, rows * (HEIGHT + 2 * LINE + GAP) + GAP)
    sheet = Image.new("RGB", size, "white")
    for shard in shards:
        for photo in read_shard(shard):
            number = places.get((Path(shard).stem, photo.name))
            if number is None:
                continue
            image = photo.decode()
            annotation = photo.read_annotation(image.shape[1], image.shape[0])
            row, column = divmod(number, COLUMNS)
            x = GAP + column * (WIDTH + GAP)
            y = GAP + row * (HEIGHT + 2 * LINE + GAP)
            drawing = Image.fromarray(draw_faces(image, annotation.faces, strip=False))
            drawing.thumbnail((WIDTH, HEIGHT), Image.Resampling.LANCZOS)
            sheet.paste(drawing, (x, y + HEIGHT - drawing.height))
            _caption(sheet, (x, y + HEIGHT), f"{Path(shard).stem}: {photo.filename}", annotation)
    write_atomically(output, encode_jpeg(np.asarray(sheet)))


def choose(candidates: Iterable[Shown], shown: int = SHOWN) -> list[Shown]:
    """Choose photographs that together show as much as can be, in the order of sides and names.

    One after the other, that is chosen which adds most: a feature counts the less the more
    photographs show it already. Of those that add as much, chance takes one, the same each time.
    Memory depends on how many combinations of features there are, not on how many photographs.
    """
    order: list[str] = []
    kinds: dict[frozenset[str], list[Shown]] = {}
    for one in candidates:
        if one.side not in order:
            order.append(one.side)
        kind = kinds.setdefault(one.features, [])
        kind.append(one)
        if len(kind) > 2 * shown:
            kind.sort(key=lambda each: each.chance)
            del kind[shown:]
    rest = sorted((one for kind in kinds.values() for one in kind), key=lambda each: each.chance)
    chosen: list[Shown] = []
    seen: Counter[str] = Counter()
    while rest and len(chosen) < shown:
        best = max(rest, key=lambda one: sum(1 / (1 + seen[feature]) for feature in one.features))
        rest.remove(best)
        chosen.append(best)
        seen.update(best.features)
    return sorted(chosen, key=lambda one: (order.index(one.side), one.name))


def told(annotation: Annotation) -> tuple[str, str]:
    """Return what is annotated on a photograph, and what was mended, in words; "" for nothing."""
    counts = np.bincount(annotation.faces.labels, minlength=len(TITLES))
    faces = ", ".join(f"{counts[k]} {TITLES[k]}" for k in range(1, len(TITLES)) if counts[k])
    mended = [
        f"{int(getattr(annotation, field))} {one if getattr(annotation, field) == 1 else several}"
        for field, (one, several) in MENDED.items()
        if getattr(annotation, field)
    ]
    return faces or "no face", ", ".join(mended)


def _candidates(shard: Path) -> Iterator[Shown]:
    side = Path(shard).stem
    for photo in read_shard(shard):
        width, height = upright_size(photo.image, photo.filename)
        annotation = photo.read_annotation(width, height)
        faces = annotation.faces
        sides = face_sides(faces)
        features = {f"side {side}", *(f"class {CLASSES[label - 1]}" for label in faces.labels)}
        features |= {
            f"size {name}"
            for name, (low, high) in SIZES.items()
            if ((low <= sides) & (sides < high)).any()
        }
        features |= {f"mended {field}" for field in MENDED if getattr(annotation, field)}
        features |= {"crowd"} if len(faces) > CROWD else set()
        features |= set() if len(faces) else {"nobody"}
        yield Shown(side, photo.name, frozenset(features))


def _caption(
    sheet: Image.Image, place: tuple[int, int], title: str, annotation: Annotation
) -> None:
    draw = ImageDraw.Draw(sheet)
    lines = [(title, INK), ("; ".join(filter(None, told(annotation))), MUTED)]
    for row, (text, ink) in enumerate(lines):
        middle = (place[0], place[1] + (row + 0.5) * LINE)
        draw.text(middle, text, ink, fitting_font(text, 18, WIDTH, bold=not row), anchor="lm")
