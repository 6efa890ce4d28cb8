"""Draw the bundled sample: ``python -m data.painter.sample`` fills ``data/``.

The photographs are drawn, so that the project ships no stranger's face, and seeded, so that
making them again gives the same files. They exercise the workflow; they say nothing about how
well a detector does on real photographs.
"""

import argparse
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from data.painter.people import Person, draw_person
from data.painter.scenes import draw_scene
from utils.dataset.annotation import write_voc
from utils.dataset.faces import Faces
from utils.dataset.images import encode_jpeg
from utils.records import write_atomically
from utils.seed import derive_seed

log = logging.getLogger(__name__)

SHARES = (0.60, 0.25, 0.15)
"""Shares of the classes (ids 1, 2, 3) among all faces."""

SAMPLE_PEOPLE = (
    (0,) * 3 + (1,) * 13 + (2,) * 12 + (3,) * 10 + (4,) * 8 + (6,) * 6 + (9,) * 3 + (16, 22)
)
"""Faces of each photograph of the sample; twins (below) come on top."""

PREDICT_PEOPLE = (1, 2, 3, 4, 5, 6, 8, 24)
TWINS = 4
"""Photographs of the sample that are there twice, as a tighter crop: a split must not part them."""

SEEN_FROM_BEHIND = 0.35
"""How often one more person, who shows no face, is on a photograph."""

_CROWD = 6
_OVERSAMPLE = 3  # drawn this much larger, then averaged down: soft edges
_SIZES = ((320, 240), (400, 300), (360, 240), (300, 400), (400, 267))


@dataclass(frozen=True)
class Picture:
    """A generated photograph: uint8 (H, W, 3) RGB and its faces."""

    image: np.ndarray
    faces: Faces


def draw_picture(seed: int, labels: Sequence[int]) -> Picture:
    """Draw a photograph with one visible face of each class id in `labels`.

    Equal arguments give equal pixels.
    """
    rng = np.random.default_rng(seed)
    width, height = _SIZES[rng.integers(len(_SIZES))]
    canvas = draw_scene(rng, (width * _OVERSAMPLE, height * _OVERSAMPLE))
    crowd = _place(rng, canvas.size, labels)
    for person in crowd:
        draw_person(rng, canvas, person)
    image = np.asarray(canvas.resize((width, height), Image.Resampling.BOX), np.float32)
    gain = rng.uniform(0.82, 1.12) * (1 + rng.normal(0, 0.03, 3))  # exposure and white balance
    image = image * gain + rng.normal(0, 2.0, image.shape)
    faces = [person for person in crowd if person.label]
    boxes = np.array([person.box for person in faces], np.float32).reshape(-1, 4) / _OVERSAMPLE
    labels = np.array([person.label for person in faces], np.int64)
    boxes = np.rint(boxes).clip(0, [width, height, width, height]).astype(np.float32)
    return Picture(image.clip(0, 255).astype(np.uint8), Faces(boxes, labels))


def crop_picture(picture: Picture, share: float = 0.9) -> Picture:
    """Cut `share` of each side out of the middle; faces that lose their centre are lost."""
    height, width = picture.image.shape[:2]
    x, y = round(width * (1 - share) / 2), round(height * (1 - share) / 2)
    image = picture.image[y : height - y, x : width - x]
    boxes = picture.faces.boxes - np.array([x, y, x, y], np.float32)
    size = np.array([image.shape[1], image.shape[0]] * 2, np.float32)
    centres = (boxes[:, :2] + boxes[:, 2:]) / 2
    inside = ((centres > 0) & (centres < size[:2])).all(axis=1)
    return Picture(image, Faces(boxes[inside].clip(0, size), picture.faces.labels[inside]))


def write_sample(folder: Path, seed: int = 0) -> None:
    """Write ``sample/images``, ``sample/annotations`` and ``predict`` under `folder`."""
    sample, predict = folder / "sample", folder / "predict"
    for place in (sample / "images", sample / "annotations", predict):
        place.mkdir(parents=True, exist_ok=True)
    pictures = [
        draw_picture(derive_seed(seed, "sample", number), labels)
        for number, labels in enumerate(_deal(SAMPLE_PEOPLE, derive_seed(seed, "sample")))
    ]
    crowded = [picture for picture in pictures if 2 <= len(picture.faces) <= 6]
    pictures += [crop_picture(picture) for picture in crowded[:TWINS]]
    for number, picture in enumerate(pictures):
        stem = f"sample_{number:03d}"
        height, width = picture.image.shape[:2]
        image = sample / "images" / f"{stem}.jpg"
        write_atomically(image, encode_jpeg(picture.image, 85))
        voc = write_voc(image.name, width, height, picture.faces)
        write_atomically(sample / "annotations" / f"{stem}.xml", voc)
    for number, labels in enumerate(_deal(PREDICT_PEOPLE, derive_seed(seed, "predict"))):
        picture = draw_picture(derive_seed(seed, "predict", number), labels)
        write_atomically(predict / f"new_{number:02d}.jpg", encode_jpeg(picture.image, 85))
    log.info("%d photographs in %s, %d in %s", len(pictures), sample, len(PREDICT_PEOPLE), predict)


def _deal(people: Sequence[int], seed: int) -> list[list[int]]:
    """Deal class ids, as many of each as `SHARES` says, to photographs in a random order."""
    rng = np.random.default_rng(seed)
    total = sum(people)
    ends = np.rint(np.cumsum(SHARES) * total)
    deck = rng.permutation(np.searchsorted(ends, np.arange(total), side="right") + 1)
    stops = np.cumsum(rng.permutation(people))
    return [part.tolist() for part in np.split(deck, stops[:-1])]


def _place(rng: np.random.Generator, size: tuple[int, int], labels: Sequence[int]) -> list[Person]:
    """Find places for the faces, and sort them farthest (smallest) first; none is covered."""
    width, height = size
    people = len(labels)
    # Many people stand farther away; without this a crowd would not fit.
    mean = min(0.17, 0.30 / max(1, people) ** 0.5) * width
    placed: list[Person] = []
    shrink, tries = 1.0, 0
    waiting = list(labels) + [0] * (people < 10 and rng.random() < SEEN_FROM_BEHIND)
    while len(placed) < len(waiting):
        tries += 1
        if tries % 60 == 0:
            shrink *= 0.9
        if tries % 600 == 0:  # no room is left between those placed first
            placed.clear()
        unit = shrink * float(
            np.clip(rng.lognormal(np.log(mean), 0.38), 0.028 * width, 0.3 * width)
        )
        depth = unit / (0.3 * width)  # nearer people are larger and stand lower
        y = height * float(np.clip(0.3 + 0.28 * depth + rng.normal(0, 0.09), 0.0, 0.8))
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
    """Tell whether neither person, drawn in order of size, covers the other's face."""
    far, near = sorted((first, second), key=lambda person: person.width)
    x1, _, x2, y2 = far.box
    beside = x2 + 0.7 * near.width < near.x or near.x < x1 - 0.7 * near.width
    above = y2 < near.y - 0.95 * near.width
    body_beside = x2 + 1.3 * near.width < near.x or near.x < x1 - 1.3 * near.width
    return above or body_beside or (beside and y2 < near.y + 1.0 * near.width)


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description="Draw the bundled sample photographs.")
    parser.add_argument("--output", type=Path, default=Path("data"), help="folder (default: data)")
    parser.add_argument("--seed", type=int, default=0, help="seed of every picture (default: 0)")
    args = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    write_sample(args.output, args.seed)


if __name__ == "__main__":
    main()
