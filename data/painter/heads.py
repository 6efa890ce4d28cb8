"""The heads of the generated photographs: hair, features, and a mask or none."""

import numpy as np
from PIL import ImageDraw

from data.painter.scenes import Colour, jitter, mix
from data.painter.traits import Traits

FACE_HEIGHT = 1.32
"""Height of a face, in units of its width."""

CLOTHES = (
    (60, 80, 120),
    (170, 60, 60),
    (70, 110, 80),
    (220, 200, 170),
    (50, 50, 56),
    (150, 110, 160),
    (220, 150, 60),
    (110, 150, 180),
)
_HAIR = (
    (32, 26, 24),
    (58, 40, 30),
    (104, 70, 42),
    (168, 124, 70),
    (206, 172, 112),
    (150, 148, 146),
)
_MASKS = (
    (166, 206, 226),
    (240, 242, 244),
    (40, 42, 48),
    (196, 222, 204),
    (232, 178, 190),
    (70, 96, 150),
)


def around(x: float, y: float, half_w: float, half_h: float) -> tuple[float, float, float, float]:
    """Return the bounds x1, y1, x2, y2 of an ellipse by its centre and half axes."""
    return x - half_w, y - half_h, x + half_w, y + half_h


class Head:
    """A head on its own layer; coordinates are face widths from the centre of the face."""

    def __init__(
        self,
        draw: ImageDraw.ImageDraw,
        centre: float,
        unit: float,
        rng: np.random.Generator,
        skin: Colour,
    ) -> None:
        self.pen, self.centre, self.unit, self.rng, self.skin = draw, centre, unit, rng, skin
        self.shade = mix(skin, (70, 30, 20), 0.3)
        self.hair = jitter(rng, _HAIR[rng.integers(len(_HAIR))], 10)
        self.yaw = float(rng.uniform(-0.12, 0.12))  # looking aside moves the features
        self.traits = Traits.of(rng)

    def draw(self, label: int) -> None:
        """Draw the head with a face of class `label`, or, for 0, as seen from behind."""
        style = self.rng.choice(["short", "long", "bun", "bald", "hat", "scarf"])
        if style == "long":
            self.ellipse(0, 0.1, self.some(0.6, 0.72), self.some(0.75, 1.05), self.hair)
        if style == "bun":
            self.ellipse(self.some(-0.12, 0.12), -0.9, self.some(0.17, 0.28), 0.22, self.hair)
        for sign in (-1, 1):
            self.ellipse(sign * 0.51 - 0.3 * self.yaw, 0.02, 0.08, 0.14, self.shade)
        if label == 0:  # from behind: hair, or the bare back of the head
            colour = self.skin if style == "bald" else self.hair
            self.ellipse(0, -0.06, 0.55, 0.7, colour)
            return
        if style not in ("bald", "scarf"):
            self.ellipse(0, -0.2, 0.57 * self.traits.jaw, 0.62, self.hair)
        if style == "scarf":
            scarf = jitter(self.rng, (150, 90, 110), 60)
            self.ellipse(0, 0, self.some(0.61, 0.7), self.some(0.78, 0.95), scarf)
        self.ellipse(0, 0, 0.5, FACE_HEIGHT / 2, self.skin)
        self.face(
            beard=label != 1 and style in ("short", "bald", "hat") and self.rng.random() < 0.25
        )
        if label == 1:
            self.mask(top=-0.06, bottom=0.72)
        elif label == 3 and self.rng.random() < 0.5:
            self.mask(top=0.27, bottom=0.74)  # under the nose
        elif label == 3:
            self.mask(top=0.5, bottom=0.84)  # on the chin
        if style == "hat":
            colour = jitter(self.rng, CLOTHES[self.rng.integers(len(CLOTHES))], 20)
            self.chord(0, -0.3, 0.58, 0.5, colour)
            self.polygon(
                [(-0.66, -0.3), (0.66, -0.3), (0.6, -0.38), (-0.6, -0.38)],
                mix(colour, (0, 0, 0), 0.3),
            )
        elif style not in ("bald", "scarf"):
            over, parting = self.some(-0.4, -0.3), self.some(-0.05, 0.05)
            self.chord(parting, over, 0.52, self.some(0.34, 0.42), self.hair)

    def some(self, low: float, high: float) -> float:
        """Draw a number between `low` and `high`."""
        return float(self.rng.uniform(low, high))

    def face(self, beard: bool) -> None:
        x = self.yaw
        if beard:
            self.chord(0, 0.2, 0.49, 0.46, mix(self.hair, self.skin, 0.15), upper=False)
        wide, high, tip = self.traits.nose
        self.ellipse(x, tip, wide, high, self.shade)
        side = self.rng.choice([-1, 1])
        self.line([(x + side * 0.03, -0.08), (x + side * 0.8 * wide, tip - 0.03)], self.shade, 0.03)
        for sign in (-1, 1):
            self.eye(sign)
        self.lips()
        if self.rng.random() < 0.22:
            self.glasses()

    def eye(self, sign: int) -> None:
        """Draw the left or the right eye, with its brow."""
        (high, apart), (wide, tall), gaze = self.traits.eyes, self.traits.eye, self.traits.gaze
        eye = self.yaw + sign * apart
        self.ellipse(eye, -high, wide, tall, (250, 250, 248))
        iris = jitter(self.rng, (58, 42, 34), 12)
        pupil = eye + 0.2 * self.yaw + gaze[0]
        self.ellipse(pupil, -high + gaze[1], 0.85 * tall, 0.9 * tall, iris)
        bend, fall, thick, over = self.traits.brow
        brow = [
            (eye - sign * 1.1 * wide, -high - over),
            (eye, -high - over - bend),
            (eye + sign * 1.1 * wide, -high - over + fall),
        ]
        self.line(brow, mix(self.hair, (40, 30, 30), 0.5), thick)

    def lips(self) -> None:
        x, (size, down) = self.yaw, self.traits.mouth
        red = mix(self.skin, (170, 40, 50), self.some(0.35, 0.65))
        kind = self.rng.integers(3)
        if kind == 0:
            self.chord(x, 0.38 + down, 0.17 * size, 0.13 * size, (120, 30, 36), upper=False)
            teeth = [(x - 0.15 * size, 0.395 + down), (x + 0.15 * size, 0.395 + down)]
            self.line(teeth, (250, 246, 240), 0.04)
        elif kind == 1:
            self.ellipse(x, 0.42 + down, 0.15 * size, 0.05 * size, red)
        else:
            bent = self.some(-0.03, 0.08)
            ends = [(-0.16, -bent / 2), (-0.06, bent / 2), (0.06, bent / 2), (0.16, -bent / 2)]
            self.line([(x + size * a, 0.42 + down + b) for a, b in ends], red, 0.06)

    def glasses(self) -> None:
        x, (high, apart) = self.yaw, self.traits.eyes
        frame, wide = jitter(self.rng, (60, 50, 54), 30), self.some(0.12, 0.17)
        for sign in (-1, 1):
            lens = (x + sign * apart, 0.01 - high, wide, 0.8 * wide)
            self.ellipse(*lens, None, outline=frame, width=0.035)
        self.line([(x - apart + wide, -high), (x + apart - wide, -high)], frame, 0.035)

    def mask(self, top: float, bottom: float) -> None:
        colour = jitter(self.rng, _MASKS[self.rng.integers(len(_MASKS))], 8)
        edge = mix(colour, (60, 70, 80), 0.35)
        x, half = self.yaw, 0.47 * min(1.0, self.traits.jaw)
        middle = top + self.some(0.16, 0.3) * (bottom - top)
        nose, chin = self.some(0.06, 0.16), self.some(0.16, 0.28)
        for sign in (-1, 1):  # ear loops
            self.line(
                [(sign * half, middle + 0.03), (sign * 0.53, 0.0)],
                mix(edge, (255, 255, 255), 0.4),
                0.03,
            )
            self.line(
                [(sign * 0.9 * half, bottom - 0.25), (sign * 0.53, 0.1)],
                mix(edge, (255, 255, 255), 0.4),
                0.03,
            )
        low = min(1.0, max(0.0, (bottom - 0.66) / 0.2))
        outline = [
            (-half, middle),
            (x - nose, top),
            (x + nose, top),
            (half, middle),
            (0.92 * half, bottom - 0.26),
            (chin, bottom - 0.03 - 0.02 * low),
            (0, bottom),
            (-chin, bottom - 0.03 - 0.02 * low),
            (-0.92 * half, bottom - 0.26),
        ]
        self.polygon(outline, colour)
        self.line([*outline, outline[0]], edge, 0.025)
        tall, kind, line = bottom - top, self.rng.integers(4), mix(colour, edge, 0.6)
        if kind == 0:  # two halves with a seam, and perhaps a valve
            self.line([(x, top), (x * 0.6, bottom)], line, 0.025)
            if self.rng.random() < 0.5:
                side = self.rng.choice([-1, 1]) * 0.24
                self.ellipse(side, top + 0.55 * tall, 0.085, 0.085, line, outline=edge, width=0.02)
        elif kind == 1:  # dotted cloth
            for _ in range(self.rng.integers(5, 14)):
                dot = self.some(-0.3, 0.3), top + self.some(0.35, 0.8) * tall
                self.ellipse(*dot, 0.03, 0.03, edge)
        else:
            for share in np.linspace(0.38, 0.78, self.rng.integers(2, 5)):  # pleats
                y, bent = top + share * tall, self.some(0, 0.05)
                self.line([(-0.33, y), (x * 0.5, y + bent), (0.33, y)], line, 0.02)

    def _at(self, x: float, y: float) -> tuple[float, float]:
        return self.centre + x * self.unit, self.centre + y * self.unit

    def ellipse(self, x, y, half_w, half_h, colour, outline=None, width=0.0) -> None:
        box = around(*self._at(x, y), half_w * self.unit, half_h * self.unit)
        self.pen.ellipse(box, fill=colour, outline=outline, width=max(1, round(width * self.unit)))

    def chord(self, x, y, half_w, half_h, colour, upper=True) -> None:
        box = around(*self._at(x, y), half_w * self.unit, half_h * self.unit)
        self.pen.pieslice(box, *((180, 360) if upper else (0, 180)), fill=colour)

    def line(self, points, colour, width) -> None:
        places = [self._at(*point) for point in points]
        self.pen.line(places, fill=colour, width=max(1, round(width * self.unit)), joint="curve")

    def polygon(self, points, colour) -> None:
        self.pen.polygon([self._at(*point) for point in points], fill=colour)
