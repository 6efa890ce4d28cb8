"""Backgrounds of the generated photographs: a street, a park, a room, a platform.

Sizes are in pixels of the canvas; everything random comes from the generator that is passed in.
"""

from collections.abc import Callable

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

Colour = tuple[int, int, int]


def draw_scene(rng: np.random.Generator, size: tuple[int, int]) -> Image.Image:
    """Draw a background of `size` (width, height), slightly out of focus, with a few distractors.

    The horizon lies at about four tenths of the height.
    """
    scene: Callable = (_street, _park, _room, _platform)[rng.integers(4)]
    image = Image.new("RGB", size)
    draw = ImageDraw.Draw(image)
    scene(rng, image, draw)
    for _ in range(rng.integers(0, 4)):
        _ball(rng, draw, size)
    return image.filter(ImageFilter.GaussianBlur(size[0] / 400 * rng.uniform(0.6, 2.0)))


def mix(first: Colour, second: Colour, share: float) -> Colour:
    """Return the colour that lies `share` of the way from `first` to `second`."""
    return tuple(round(a + (b - a) * share) for a, b in zip(first, second, strict=True))


def jitter(rng: np.random.Generator, colour: Colour, by: int) -> Colour:
    """Return a colour at most `by` steps from `colour` in each channel."""
    return tuple(int(np.clip(part + rng.integers(-by, by + 1), 0, 255)) for part in colour)


def _gradient(image: Image.Image, top: float, bottom: float, first: Colour, second: Colour) -> None:
    """Fill the rows from `top` to `bottom` (shares of the height) with a vertical gradient."""
    rows = slice(round(top * image.height), round(bottom * image.height))
    ramp = np.linspace(0, 1, max(1, rows.stop - rows.start))[:, None, None]
    band = np.array(first) * (1 - ramp) + np.array(second) * ramp
    band = np.broadcast_to(band, (len(ramp), image.width, 3)).astype(np.uint8)
    image.paste(Image.fromarray(np.ascontiguousarray(band)), (0, rows.start))


def _street(rng: np.random.Generator, image: Image.Image, draw: ImageDraw.ImageDraw) -> None:
    width, height = image.size
    sky = jitter(rng, (150, 190, 225), 25)
    _gradient(image, 0, 0.5, sky, mix(sky, (255, 245, 230), 0.6))
    x = -rng.uniform(0, 0.1) * width
    while x < width:
        breadth = rng.uniform(0.14, 0.3) * width
        roof = rng.uniform(0.02, 0.25) * height
        wall = jitter(rng, ((178, 120, 96), (200, 190, 170), (130, 140, 150))[rng.integers(3)], 25)
        draw.rectangle((x, roof, x + breadth, 0.62 * height), fill=wall)
        pane = mix(wall, (60, 75, 95), 0.6)
        step_x, step_y = breadth / rng.integers(3, 6), height * rng.uniform(0.07, 0.11)
        for y in np.arange(roof + 0.4 * step_y, 0.5 * height, step_y):
            for left in np.arange(x + 0.25 * step_x, x + breadth - 0.6 * step_x, step_x):
                lit = (245, 225, 160) if rng.random() < 0.15 else jitter(rng, pane, 14)
                draw.rectangle((left, y, left + 0.5 * step_x, y + 0.55 * step_y), fill=lit)
        x += breadth
    _gradient(image, 0.6, 1, jitter(rng, (150, 148, 145), 12), jitter(rng, (105, 104, 104), 12))
    for y in (0.64, 0.72, 0.84):
        draw.line((0, y * height, width, y * height), fill=(128, 126, 124), width=2)
    for _ in range(rng.integers(1, 4)):
        _lamp(rng, draw, image.size)


def _park(rng: np.random.Generator, image: Image.Image, draw: ImageDraw.ImageDraw) -> None:
    width, height = image.size
    sky = jitter(rng, (140, 195, 235), 20)
    _gradient(image, 0, 0.5, sky, mix(sky, (255, 255, 255), 0.55))
    for _ in range(rng.integers(1, 4)):
        x, y = rng.uniform(0, width), rng.uniform(0.03, 0.2) * height
        for _ in range(5):
            dx, r = rng.normal(0, 0.05) * width, rng.uniform(0.02, 0.05) * width
            draw.ellipse((x + dx - 1.6 * r, y - r, x + dx + 1.6 * r, y + r), fill=(246, 248, 250))
    _gradient(image, 0.45, 1, jitter(rng, (126, 170, 88), 18), jitter(rng, (80, 130, 62), 18))
    for _ in range(rng.integers(5, 11)):
        x, foot = rng.uniform(0, width), rng.uniform(0.46, 0.6) * height
        tall = rng.uniform(0.2, 0.42) * height
        draw.rectangle((x - 0.03 * tall, foot - tall, x + 0.03 * tall, foot), fill=(98, 74, 54))
        leaf = jitter(rng, (72, 122, 58), 26)
        for _ in range(9):
            dx, dy = rng.normal(0, 0.16, 2) * tall
            r = rng.uniform(0.12, 0.24) * tall
            top = foot - 0.85 * tall + dy
            shade = jitter(rng, leaf, 12)
            draw.ellipse((x + dx - r, top - r, x + dx + r, top + r), fill=shade)
    path = [(0.42, 0.5), (0.5, 0.5), (0.85, 1), (0.2, 1)]
    draw.polygon([(x * width, y * height) for x, y in path], fill=jitter(rng, (206, 190, 158), 10))


def _room(rng: np.random.Generator, image: Image.Image, draw: ImageDraw.ImageDraw) -> None:
    width, height = image.size
    tones = ((226, 214, 196), (196, 208, 214), (216, 222, 206), (214, 200, 206))
    wall = jitter(rng, tones[rng.integers(4)], 14)
    _gradient(image, 0, 0.66, mix(wall, (255, 255, 255), 0.3), mix(wall, (90, 80, 70), 0.15))
    _gradient(image, 0.66, 1, jitter(rng, (158, 118, 82), 18), jitter(rng, (120, 88, 62), 18))
    for _ in range(rng.integers(2, 5)):  # framed pictures
        x, y = rng.uniform(0, 0.85) * width, rng.uniform(0.05, 0.3) * height
        w, h = rng.uniform(0.1, 0.2) * width, rng.uniform(0.12, 0.22) * height
        draw.rectangle((x, y, x + w, y + h), fill=jitter(rng, (84, 66, 52), 30))
        inner = (x + 0.1 * w, y + 0.1 * h, x + 0.9 * w, y + 0.9 * h)
        draw.rectangle(inner, fill=jitter(rng, (170, 180, 180), 60))
        draw.ellipse(
            (x + 0.3 * w, y + 0.3 * h, x + 0.7 * w, y + 0.7 * h),
            fill=jitter(rng, (200, 150, 90), 50),
        )
    left = rng.uniform(0, 0.7) * width  # a shelf of books
    boards = rng.integers(1, 4)
    for level in 0.64 - rng.uniform(0.1, 0.14) * np.arange(boards):
        x = left
        while x < left + 0.28 * width:
            w, h = rng.uniform(0.008, 0.02) * width, rng.uniform(0.05, 0.09) * height
            spine = jitter(rng, (140, 100, 100), 80)
            draw.rectangle((x, level * height - h, x + w, level * height), fill=spine)
            x += w + 1
        shelf = (left, level * height, left + 0.29 * width, level * height + 0.012 * height)
        draw.rectangle(shelf, fill=(112, 84, 60))
    for _ in range(rng.integers(1, 4)):  # hanging lamps
        x, drop = rng.uniform(0.1, 0.9) * width, rng.uniform(0.08, 0.2) * height
        r = 0.03 * width
        draw.line((x, 0, x, drop), fill=(80, 80, 80), width=2)
        draw.ellipse((x - r, drop - r, x + r, drop + r), fill=(255, 243, 208))


def _platform(rng: np.random.Generator, image: Image.Image, draw: ImageDraw.ImageDraw) -> None:
    width, height = image.size
    tile = jitter(rng, ((206, 212, 206), (196, 206, 216), (214, 206, 190))[rng.integers(3)], 10)
    _gradient(image, 0, 0.62, tile, mix(tile, (100, 100, 110), 0.25))
    joint = mix(tile, (110, 110, 110), 0.35)
    step, flat = rng.uniform(0.03, 0.07) * width, rng.uniform(0.4, 1.0)
    for x in np.arange(-rng.uniform(0, step), width, step):
        draw.line((x, 0, x, 0.62 * height), fill=joint)
    for y in np.arange(0, 0.62 * height, flat * step):
        draw.line((0, y, width, y), fill=joint)
    train = jitter(rng, ((200, 60, 50), (50, 90, 160), (60, 130, 90))[rng.integers(3)], 18)
    roof = rng.uniform(0.24, 0.34)
    draw.rectangle((0, roof * height, width, 0.58 * height), fill=train)
    window = rng.uniform(0.13, 0.26) * width
    sill, share = rng.uniform(0.43, 0.49), rng.uniform(0.6, 0.85)
    for x in np.arange(-rng.uniform(0, window), width, window):
        box = (x, (roof + 0.03) * height, x + share * window, sill * height)
        draw.rounded_rectangle(box, radius=0.02 * width, fill=jitter(rng, (70, 86, 100), 12))
    _gradient(image, 0.58, 1, jitter(rng, (140, 138, 134), 10), jitter(rng, (98, 98, 100), 10))
    edge = rng.uniform(0.61, 0.66)
    draw.rectangle((0, edge * height, width, (edge + 0.025) * height), fill=(232, 200, 70))
    _sign(rng, draw, image.size)


def _sign(rng: np.random.Generator, draw: ImageDraw.ImageDraw, size: tuple[int, int]) -> None:
    """Draw a platform's sign; bars of several lengths stand for words."""
    width, height = size
    left, top = rng.uniform(0.05, 0.7) * width, rng.uniform(0.04, 0.1) * height
    wide, tall = rng.uniform(0.14, 0.26) * width, rng.uniform(0.06, 0.1) * height
    board = jitter(rng, ((38, 60, 110), (40, 40, 46), (30, 90, 70))[rng.integers(3)], 10)
    draw.rounded_rectangle((left, top, left + wide, top + tall), radius=4, fill=board)
    x, end = left + 0.1 * wide, left + 0.9 * wide
    while x < end:
        word = min(rng.uniform(0.1, 0.4) * wide, end - x)
        bar = (
            x,
            top + rng.uniform(0.3, 0.42) * tall,
            x + word,
            top + rng.uniform(0.58, 0.7) * tall,
        )
        draw.rectangle(bar, fill=(240,) * 3)
        x += word + rng.uniform(0.04, 0.12) * wide


def _lamp(rng: np.random.Generator, draw: ImageDraw.ImageDraw, size: tuple[int, int]) -> None:
    width, height = size
    x, top, r = rng.uniform(0, width), rng.uniform(0.1, 0.3) * height, 0.018 * width
    draw.rectangle((x - 0.2 * r, top, x + 0.2 * r, 0.68 * height), fill=(62, 64, 68))
    draw.ellipse((x - r, top - r, x + r, top + r), fill=(252, 240, 200))


def _ball(rng: np.random.Generator, draw: ImageDraw.ImageDraw, size: tuple[int, int]) -> None:
    """Draw a ball or balloon of any colour, skin's too: round, but no face."""
    width, height = size
    x, y = rng.uniform(0, width), rng.uniform(0.1, 0.95) * height
    r = rng.uniform(0.012, 0.05) * width
    colours = ((214, 70, 60), (240, 196, 70), (80, 140, 200), (222, 176, 140), (140, 96, 70))
    colour = jitter(rng, colours[rng.integers(5)], 15)
    draw.ellipse((x - r, y - r, x + r, y + r), fill=colour)
    shine = mix(colour, (255, 255, 255), 0.5)
    draw.ellipse((x - 0.5 * r, y - 0.6 * r, x - 0.1 * r, y - 0.2 * r), fill=shine)
