"""One generated photograph: who stands where, and the pixels.

What is seen (`compose`) and how it looks (`paint`) draw on random numbers of their own, so that the
faces of a photograph are known without painting it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image

from data.painter.people import Person, draw_person
from data.painter.scenes import draw_scene
from utils.dataset.faces import Faces
from utils.seed import derive_seed

SEEN_FROM_BEHIND = 0.35
"""How often one more person, who shows no face, is on a photograph."""

CLOSE_UP = 0.25
"""How often a photograph of one or two people is taken from near."""

_CROWD = 6
_OVERSAMPLE = 3  # drawn this much larger, then averaged down: soft edges
_SIZES = ((320, 240), (400, 300), (360, 240), (300, 400), (400, 267))
_NOISE = 2.0  # of the sensor, in steps of 8 bits


@dataclass(frozen=True)
class Composition:
    """What a photograph shows: its width and height in pixels, and its people, farthest first."""

    size: tuple[int, int]
    people: tuple[Person, ...]

    @property
    def faces(self) -> Faces:
        """The faces that are seen, in whole pixels of the photograph."""
        seen = [person for person in self.people if person.label]
        boxes = np.array([person.box for person in seen], np.float32).reshape(-1, 4) / _OVERSAMPLE
        boxes = np.rint(boxes).clip(0, [*self.size, *self.size]).astype(np.float32)
        return Faces(boxes, np.array([person.label for person in seen], np.int64))


@dataclass(frozen=True)
class Picture:
    """A generated photograph: uint8 (H, W, 3) RGB and its faces."""

    image: np.ndarray
    faces: Faces


def draw_picture(seed: int, labels: Sequence[int]) -> Picture:
    """Draw a photograph with one visible face of each class id in `labels`.

    Equal arguments give equal pixels.
    """
    composition = compose(seed, labels)
    return Picture(paint(seed, composition), composition.faces)


def compose(seed: int, labels: Sequence[int]) -> Composition:
    """Choose the size of a photograph, and place the people whose class ids are `labels`."""
    rng = np.random.default_rng(derive_seed(seed, "people"))
    width, height = _SIZES[rng.integers(len(_SIZES))]
    canvas = width * _OVERSAMPLE, height * _OVERSAMPLE
    return Composition((width, height), tuple(_place(rng, canvas, labels)))


def paint(seed: int, composition: Composition) -> np.ndarray:
    """Draw what was composed, and take its photograph: uint8 (H, W, 3) RGB."""
    rng = np.random.default_rng(derive_seed(seed, "paint"))
    width, height = composition.size
    canvas = draw_scene(rng, (width * _OVERSAMPLE, height * _OVERSAMPLE))
    for person in composition.people:
        draw_person(rng, canvas, person)
    image = np.asarray(canvas.resize((width, height), Image.Resampling.BOX), np.float32)
    return _exposed(rng, image, rng.uniform(0.82, 1.12), 0.03)


def crop_picture(
    picture: Picture, share: float = 0.9, at: tuple[float, float] = (0.5, 0.5)
) -> Picture:
    """Cut a part out of a picture; faces that lose their centre are lost.

    Parameters
    ----------
    share
        Of each side, what is kept.
    at
        Where from, across and down: 0 is the left and the top, 0.5 the middle.
    """
    height, width = picture.image.shape[:2]
    across, down = (2 * round(side * (1 - share) / 2) for side in (width, height))
    x, y = round(across * at[0]), round(down * at[1])
    image = picture.image[y : y + height - down, x : x + width - across]
    boxes = picture.faces.boxes - np.array([x, y, x, y], np.float32)
    size = np.array([image.shape[1], image.shape[0]] * 2, np.float32)
    centres = (boxes[:, :2] + boxes[:, 2:]) / 2
    inside = ((centres > 0) & (centres < size[:2])).all(axis=1)
    return Picture(image, Faces(boxes[inside].clip(0, size), picture.faces.labels[inside]))


def retake_picture(seed: int, picture: Picture) -> Picture:
    """Return a further frame of a burst: the camera has moved a little, and exposes anew."""
    rng = np.random.default_rng(derive_seed(seed, "retake"))
    moved = crop_picture(picture, 0.95, tuple(rng.uniform(0, 1, 2)))
    image = _exposed(rng, moved.image.astype(np.float32), rng.uniform(0.95, 1.05), 0.01)
    return Picture(image, moved.faces)


def _exposed(
    rng: np.random.Generator, image: np.ndarray, exposure: float, balance: float
) -> np.ndarray:
    """Return `image` as a camera gives it; `balance` is how far off its white balance is."""
    gain = exposure * (1 + rng.normal(0, balance, 3))
    return (image * gain + rng.normal(0, _NOISE, image.shape)).clip(0, 255).astype(np.uint8)


def _place(rng: np.random.Generator, size: tuple[int, int], labels: Sequence[int]) -> list[Person]:
    """Find places for the faces, and sort them farthest (smallest) first; none is covered."""
    width, height = size
    people = len(labels)
    # Many people stand farther away; without this a crowd would not fit.
    mean, most = min(0.17, 0.30 / max(1, people) ** 0.5) * width, 0.3 * width
    if 1 <= people <= 2 and rng.random() < CLOSE_UP:
        mean, most = 0.27 * width, 0.36 * width
    placed: list[Person] = []
    shrink, tries = 1.0, 0
    waiting = list(labels) + [0] * (people < 10 and rng.random() < SEEN_FROM_BEHIND)
    while len(placed) < len(waiting):
        tries += 1
        if tries % 60 == 0:
            shrink *= 0.9
        if tries % 600 == 0:  # no room is left between those placed first
            placed.clear()
        unit = shrink * float(np.clip(rng.lognormal(np.log(mean), 0.38), 0, most))
        unit = max(unit, 0.028 * width)
        depth = unit / (0.3 * width)  # nearer people are larger and stand lower
        y = height * float(np.clip(0.3 + 0.28 * depth + rng.normal(0, 0.09), 0.14, 0.8))
        y = max(y, 0.95 * unit)
        if people <= _CROWD:  # feet on the ground; a crowd stands on steps
            y = max(y, 0.62 * height - 6.5 * unit)
        x = float(rng.uniform(0.6 * unit, width - 0.6 * unit))
        if y + 0.8 * unit > height:
            continue
        person = Person(x, y, unit, float(rng.normal(0, 6)), waiting[len(placed)])
        if all(_apart(person, other) for other in placed):
            placed.append(person)
    return sorted(placed, key=lambda person: person.width)


def _apart(first: Person, second: Person) -> bool:
    """Return whether neither person, drawn in order of size, covers the other's face."""
    far, near = sorted((first, second), key=lambda person: person.width)
    x1, _, x2, y2 = far.box
    beside = x2 + 0.7 * near.width < near.x or near.x < x1 - 0.7 * near.width
    above = y2 < near.y - 0.95 * near.width
    body_beside = x2 + 1.3 * near.width < near.x or near.x < x1 - 1.3 * near.width
    return above or body_beside or (beside and y2 < near.y + 1.0 * near.width)
