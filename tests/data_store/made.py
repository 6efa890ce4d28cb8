"""Data sets in memory, as a store is given them."""

import hashlib
import random
from collections.abc import Iterator, Mapping
from typing import Any

from utils.dataset.formats.annotation import RawAnnotation
from utils.dataset.labels import CLASSES
from utils.dataset.splitting import SIDES


class MadeData:
    """A data set of `photos`: by file name the bytes, the faces and the side."""

    def __init__(self, photos: Mapping[str, tuple[bytes, RawAnnotation, str | None]]) -> None:
        self.photos = dict(sorted(photos.items()))
        self.facts: dict[str, Any] = {"format": "made", "photos": len(photos)}
        sides = {name.rpartition(".")[0]: side for name, (_, _, side) in self.photos.items()}
        self.came_on = {k: v for k, v in sides.items() if v} if None not in sides.values() else {}

    def annotated(self) -> Iterator[tuple[str, bytes, RawAnnotation]]:
        for filename, (image, raw, _) in self.photos.items():
            yield filename, image, raw

    def content(self) -> dict[str, tuple[str, Any]]:
        """Return what it holds, to be compared with what a store gives back."""
        return {
            name: (hashlib.sha256(image).hexdigest(), raw)
            for name, (image, raw, _) in self.photos.items()
        }


def image(number: int) -> bytes:
    """Return bytes that stand for a photograph: of any length, also none that are like others."""
    rng = random.Random(number)  # noqa: S311 (drawn again alike)
    return rng.randbytes(rng.choice((1, 90, 700, 5000)))


def faces(seed: int) -> RawAnnotation:
    """Return faces on a photograph of 200 x 100 pixels."""
    rng = random.Random(seed)  # noqa: S311
    names = tuple(rng.choice(CLASSES) for _ in range(rng.randrange(4)))
    boxes = []
    for _ in names:
        x, y = rng.randrange(150), rng.randrange(60)
        boxes.append((float(x), float(y), x + 20.5, y + 30.0))
    return RawAnnotation(names, tuple(boxes), (200, 100))


def data(*numbers: int, changed: Mapping[int, int] | None = None, split: bool = False) -> MadeData:
    """Return a data set of photographs by number; `changed` ones have other faces."""
    sides = SIDES if split else (None,)
    return MadeData(
        {
            f"{number:04}.jpg": (
                image(number),
                faces(number + 1000 * (changed or {}).get(number, 0)),
                sides[number % len(sides)],
            )
            for number in numbers
        }
    )


def random_data(rng: random.Random) -> MadeData:
    """Return a data set of some of 60 photographs, a few with other faces."""
    numbers = rng.sample(range(60), rng.randint(1, 25))
    changed = {number: rng.randrange(3) for number in numbers if rng.random() < 0.1}
    return data(*numbers, changed=changed)
