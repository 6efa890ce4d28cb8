"""Moving pictures: the painter's people walk, and it is known who is where at every moment.

A scene is a function of time, so that one scene can be filmed at any rate. Who is seen (`Scene.at`)
is known without painting. People enter at the edges, cross each other, stand, look away, walk
behind pillars and each other; some leave, and come back.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from PIL import Image, ImageDraw

from data.painter.people import Person, draw_person
from data.painter.scenes import draw_scene
from utils.seed import derive_seed

LEAST_VISIBLE = 0.4
"""Share of a face that must be seen, so that somebody could find it."""

_LABELS, _OFTEN = (1, 2, 3), (0.6, 0.3, 0.1)
_SPRITE = 48  # face width of a person who is painted once and scaled
_ABOVE, _BELOW, _BESIDE = 1.5, 7.2, 2.0  # how far a person reaches, in face widths
_GRID = np.stack(np.meshgrid(*[(np.arange(7) + 0.5) / 7] * 2), axis=-1).reshape(-1, 2)


@dataclass(frozen=True)
class Walker:
    """A person, and their way through a scene.

    Attributes
    ----------
    number, label
        Who it is (from 1), and the class id of the face.
    times, xs
        Shape (K,): seconds, rising, and where the centre of the face is then, in pixels across.
        Between them it moves evenly; before and after them the person is not there.
    y, widths
        Pixels down of the centre of the face; face width in pixels at the first and last moment.
    away
        Spans of seconds in which the face is turned away.
    """

    number: int
    label: int
    times: np.ndarray
    xs: np.ndarray
    y: float
    widths: tuple[float, float]
    away: tuple[tuple[float, float], ...] = ()

    def at(self, time: float) -> Person | None:
        """Return the person at a moment (`label` 0: seen from behind), None if not there."""
        if not self.times[0] <= time <= self.times[-1]:
            return None
        share = (time - self.times[0]) / max(self.times[-1] - self.times[0], 1e-9)
        width = self.widths[0] + share * (self.widths[1] - self.widths[0])
        x = float(np.interp(time, self.times, self.xs))
        bob = 0.05 * width * np.sin(2 * np.pi * 1.8 * (time + self.number))
        turned = any(start <= time < end for start, end in self.away)
        return Person(x, self.y + bob, width, 0.0, 0 if turned else self.label)


@dataclass(frozen=True)
class Seen:
    """A face at a moment.

    Attributes
    ----------
    person, label
        Number of the `Walker`, and class id.
    box
        x1, y1, x2, y2 in pixels, within the picture.
    visible
        Share of the face that nothing hides.
    """

    person: int
    label: int
    box: tuple[float, float, float, float]
    visible: float


@dataclass(frozen=True)
class Scene:
    """People who move before a background.

    Attributes
    ----------
    size
        Width and height in pixels.
    seconds
        How long it lasts.
    walkers
        Everybody who comes.
    pillars
        What stands still and hides who is farther away: left, right, and the least face width of
        those who walk before it.
    seed
        Of the painting.
    """

    size: tuple[int, int]
    seconds: float
    walkers: tuple[Walker, ...]
    pillars: tuple[tuple[float, float, float], ...] = ()
    seed: int = 0

    def at(self, time: float) -> list[Seen]:
        """Return the faces that can be seen at a moment, farthest first."""
        people = self._people(time)
        width, height = self.size
        nearer = np.array([(person.x, person.y, person.width) for _, person in people])
        seen = []
        for index, (walker, person) in enumerate(people):
            x1, y1, x2, y2 = person.box
            if not (person.label and 0 < person.x < width and 0 < person.y < height):
                continue
            points = _GRID * (x2 - x1, y2 - y1) + (x1, y1)
            hidden = ((points < 0) | (points >= self.size)).any(axis=1)
            hidden |= _covered(points, nearer[index + 1 :])
            for left, right, nearest in self.pillars:
                if person.width < nearest:
                    hidden |= (left <= points[:, 0]) & (points[:, 0] < right)
            if (visible := 1 - float(hidden.mean())) >= LEAST_VISIBLE:
                box = (max(x1, 0.0), max(y1, 0.0), min(x2, width), min(y2, height))
                seen.append(Seen(walker.number, walker.label, box, visible))
        return seen

    def paint(self, time: float) -> np.ndarray:
        """Draw a moment: uint8, shape (H, W, 3), RGB."""
        canvas = self._background.copy()
        pillars = sorted(self.pillars, key=lambda pillar: pillar[2])
        for walker, person in self._people(time):
            while pillars and pillars[0][2] <= person.width:
                self._pillar(canvas, pillars.pop(0))
            scale = person.width / _SPRITE
            sprite = self._sprite(walker, person.label)
            size = (max(1, round(sprite.width * scale)), max(1, round(sprite.height * scale)))
            sprite = sprite.resize(size, Image.Resampling.BILINEAR)
            corner = (
                round(person.x - _BESIDE * person.width),
                round(person.y - _ABOVE * person.width),
            )
            canvas.paste(sprite, corner, sprite)
        for pillar in pillars:
            self._pillar(canvas, pillar)
        return np.asarray(canvas)

    def _people(self, time: float) -> list[tuple[Walker, Person]]:
        there = [(walker, walker.at(time)) for walker in self.walkers]
        there = [(walker, person) for walker, person in there if person is not None]
        return sorted(there, key=lambda one: (one[1].width, one[0].number))

    @cached_property
    def _background(self) -> Image.Image:
        return draw_scene(np.random.default_rng(derive_seed(self.seed, "scene")), self.size)

    @cached_property
    def _sprites(self) -> dict[tuple[int, int], Image.Image]:
        return {}

    def _sprite(self, walker: Walker, label: int) -> Image.Image:
        key = walker.number, label
        if key not in self._sprites:
            rng = np.random.default_rng(derive_seed(self.seed, f"person {walker.number}"))
            unit = 2 * _SPRITE  # drawn larger, then averaged down: soft edges
            size = round(2 * _BESIDE * unit), round((_ABOVE + _BELOW) * unit)
            canvas = Image.new("RGBA", size)
            draw_person(rng, canvas, Person(_BESIDE * unit, _ABOVE * unit, unit, 0.0, label))
            half = (size[0] // 2, size[1] // 2)
            self._sprites[key] = canvas.resize(half, Image.Resampling.BOX)
        return self._sprites[key]

    def _pillar(self, canvas: Image.Image, pillar: tuple[float, float, float]) -> None:
        left, right, _ = pillar
        draw = ImageDraw.Draw(canvas)
        draw.rectangle((left, 0, right - 1, self.size[1]), fill=(122, 118, 112))
        draw.rectangle((left, 0, left + 0.3 * (right - left), self.size[1]), fill=(150, 146, 138))


def compose_scene(
    seed: int,
    people: int,
    seconds: float,
    size: tuple[int, int] = (640, 360),
    *,
    speed: tuple[float, float] = (0.4, 3.0),
    widths: tuple[float, float] = (0.03, 0.1),
    pillars: int = 1,
    standing: float = 0.3,
    looking_away: float = 0.3,
    coming_back: float = 0.1,
    labels: Sequence[int] | None = None,
) -> Scene:
    """Let people walk through a scene; equal arguments give equal scenes.

    Parameters
    ----------
    people
        How many there are in all.
    speed
        Face widths a second, least and most.
    widths
        Of faces, in widths of the picture, least and most.
    pillars
        How many pillars people walk behind.
    standing, looking_away, coming_back
        Shares of the people who stand still on their way, who look away for one or two seconds,
        and who leave the picture and come back one to three seconds later.
    labels
        The class id of each person; by default six of ten wear a mask properly and one wrongly.
    """
    rng = np.random.default_rng(derive_seed(seed, "walkers"))
    if labels is None:
        labels = [int(label) for label in rng.choice(_LABELS, people, p=_OFTEN)]
    width, height = size
    walkers = []
    for number, label in enumerate(labels, start=1):
        unit = width * float(np.exp(rng.uniform(*np.log(widths))))
        depth = (unit / width - widths[0]) / max(widths[1] - widths[0], 1e-9)
        y = height * (0.25 + 0.3 * depth) + float(rng.normal(0, 0.04)) * height
        y = float(np.clip(y, 0.9 * unit, height - 0.9 * unit))
        pace = unit * float(rng.uniform(*speed))
        times, xs = _way(
            rng, width, unit, pace, rng.random() < standing, rng.random() < coming_back
        )
        latest = max(0.0, seconds - 0.5 * (times[-1] - times[0]))
        times = times + rng.uniform(-0.3 * (times[-1] - times[0]), latest)
        away: tuple[tuple[float, float], ...] = ()
        if rng.random() < looking_away:
            start = float(rng.uniform(times[0], times[-1]))
            away = ((start, start + float(rng.uniform(1, 2))),)
        growth = float(rng.uniform(0.85, 1.15))
        walkers.append(Walker(number, label, times, xs, y, (unit, unit * growth), away))
    stand = []
    for _ in range(pillars):
        left, wide = float(rng.uniform(0.15, 0.75)) * width, 0.05 * width
        nearest = width * float(np.exp(np.mean(np.log(widths))))
        stand.append((left, left + wide, nearest))
    return Scene(size, seconds, tuple(walkers), tuple(stand), seed)


def _way(
    rng: np.random.Generator, width: int, unit: float, pace: float, stands: bool, returns: bool
) -> tuple[np.ndarray, np.ndarray]:
    """Return times and places of somebody who crosses a picture, from either side."""
    start, end = -0.8 * unit, width + 0.8 * unit
    knots = [(0.0, start)]

    def walk(to: float) -> None:
        time, at = knots[-1]
        knots.append((time + abs(to - at) / pace, to))

    if stands:
        walk(float(rng.uniform(0.2, 0.8)) * width)
        knots.append((knots[-1][0] + float(rng.uniform(2, 6)), knots[-1][1]))
    if returns:  # out at the edge, and back in
        walk(end)
        knots.append((knots[-1][0] + float(rng.uniform(1, 3)), end))
        walk(start)
    else:
        walk(end)
    times, xs = np.array(knots).T
    return times, (width - xs if rng.random() < 0.5 else xs)


def _covered(points: np.ndarray, people: np.ndarray) -> np.ndarray:
    """Return which points, shape (N, 2), people hide: shape (N,).

    Parameters
    ----------
    people
        Shape (M, 3): x, y and width of their faces.
    """
    x = (points[:, 0] - people[:, :1]) / people[:, 2:]
    y = (points[:, 1] - people[:, 1:2]) / people[:, 2:]
    head = (x / 0.58) ** 2 + (y / 0.72) ** 2 < 1
    body = (np.abs(x) < 1.1) & (y > 1.0) & (y < _BELOW)
    return (head | body).any(axis=0)
