"""The people of the generated photographs: where they stand, and their bodies."""

import math
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw

from data.painter.heads import CLOTHES, FACE_HEIGHT, Head, around
from data.painter.scenes import Colour, jitter, mix

_SKIN = (
    (247, 218, 193),
    (234, 194, 160),
    (214, 164, 124),
    (176, 122, 84),
    (128, 84, 58),
    (88, 58, 42),
)


@dataclass(frozen=True)
class Person:
    """Where a person stands: the centre and width of the face in canvas pixels, the class id.

    `label` 0 is a person seen from behind, who shows no face.
    """

    x: float
    y: float
    width: float
    tilt: float
    label: int

    @property
    def box(self) -> tuple[float, float, float, float]:
        """The bounds of the face, x1, y1, x2, y2: those of its turned ellipse."""
        a, b = self.width / 2, self.width * FACE_HEIGHT / 2
        cos, sin = math.cos(math.radians(self.tilt)), math.sin(math.radians(self.tilt))
        half_w, half_h = math.hypot(a * cos, b * sin), math.hypot(a * sin, b * cos)
        return self.x - half_w, self.y - half_h, self.x + half_w, self.y + half_h


def draw_person(rng: np.random.Generator, canvas: Image.Image, person: Person) -> None:
    """Draw one person on `canvas`; those nearer are drawn later, over those farther away."""
    skin = jitter(rng, _SKIN[rng.integers(len(_SKIN))], 8)
    _draw_body(rng, ImageDraw.Draw(canvas), person, skin)
    unit = person.width
    side = round(4 * unit)
    layer = Image.new("RGBA", (side, side), (*skin, 0))
    head = Head(ImageDraw.Draw(layer), side / 2, unit, rng, skin)
    head.draw(person.label)
    layer = _lit(layer, rng.uniform(-0.16, 0.16))
    layer = layer.rotate(-person.tilt, Image.Resampling.BICUBIC)
    canvas.paste(layer, (round(person.x - side / 2), round(person.y - side / 2)), layer)


def _lit(layer: Image.Image, slope: float) -> Image.Image:
    """Light the head from one side; `slope` is the change of brightness across a face width."""
    pixels = np.array(layer, np.float32)
    across = np.linspace(-2, 2, layer.width, dtype=np.float32)[None, :, None]
    pixels[..., :3] *= 1 + slope * np.clip(across, -0.7, 0.7)
    return Image.fromarray(np.rint(pixels).clip(0, 255).astype(np.uint8))


def _draw_body(
    rng: np.random.Generator, draw: ImageDraw.ImageDraw, person: Person, skin: Colour
) -> None:
    u, x, y = person.width, person.x, person.y
    cloth = jitter(rng, CLOTHES[rng.integers(len(CLOTHES))], 15)
    dark = mix(cloth, (0, 0, 0), 0.25)
    neck, shoulder = y + 0.72 * u, y + 1.0 * u
    half, foot = rng.uniform(1.0, 1.3) * u, y + 7 * u
    hem, wrist = y + rng.uniform(3.2, 4.1) * u, y + rng.uniform(3.1, 4.0) * u
    trousers = jitter(rng, ((52, 60, 84), (70, 64, 58), (40, 40, 44))[rng.integers(3)], 12)
    for left in (-0.75, 0.06):
        draw.rectangle((x + left * u, y + 3.0 * u, x + (left + 0.69) * u, foot), fill=trousers)
    radius = rng.uniform(0.35, 0.65) * u
    draw.rounded_rectangle((x - half, shoulder, x + half, hem), radius=radius, fill=cloth)
    _draw_print(rng, draw, (x, shoulder, hem), 0.72 * half, cloth)
    seam = rng.uniform(0.72, 0.82) * half
    for sign in (-1, 1):
        inner, top = x + sign * seam, y + rng.uniform(1.5, 2.0) * u
        draw.line((inner, top, inner, max(top, wrist)), fill=dark, width=max(1, round(0.06 * u)))
        hand = rng.uniform(0.16, 0.22) * u
        draw.ellipse(around(x + sign * 0.9 * half, wrist, hand, hand), fill=skin)
    draw.polygon(
        [
            (x - 0.3 * u, neck - 0.4 * u),
            (x + 0.3 * u, neck - 0.4 * u),
            (x + 0.42 * u, shoulder + 0.1 * u),
            (x, shoulder + rng.uniform(0.15, 0.5) * u),
            (x - 0.42 * u, shoulder + 0.1 * u),
        ],
        fill=mix(skin, (60, 30, 20), 0.22),
    )


def _draw_print(
    rng: np.random.Generator,
    draw: ImageDraw.ImageDraw,
    place: tuple[float, float, float],
    half: float,
    cloth: Colour,
) -> None:
    """Draw what a shirt has on it: nothing, stripes, buttons or a badge.

    `place` is its middle, its top and its hem, `half` half the width that a print may take.
    """
    x, top, hem = place
    kind, tall = rng.integers(4), hem - top
    colour = mix(cloth, ((255, 255, 255), (20, 20, 30))[rng.integers(2)], 0.35)
    if kind == 1:
        for y in np.arange(top + rng.uniform(0.2, 0.35) * tall, hem, rng.uniform(0.1, 0.2) * tall):
            draw.rectangle((x - half, y, x + half, y + 0.05 * tall), fill=colour)
    elif kind == 2:
        draw.line((x, top, x, hem), fill=colour, width=max(1, round(0.03 * half)))
        for y in np.arange(top + 0.3 * tall, hem, rng.uniform(0.12, 0.2) * tall):
            draw.ellipse(around(x, y, 0.05 * half, 0.05 * half), fill=colour)
    elif kind == 3:
        middle = x + rng.uniform(-0.4, 0.4) * half, top + rng.uniform(0.3, 0.5) * tall
        badge = around(*middle, *(rng.uniform(0.1, 0.4, 2) * half))
        (draw.ellipse, draw.rectangle)[rng.integers(2)](badge, fill=colour)
