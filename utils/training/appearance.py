"""How the colours of a chip change, and what cameras and files do to it."""

import cv2
import numpy as np

_TO_YIQ = np.array([[0.299, 0.587, 0.114], [0.596, -0.274, -0.322], [0.211, -0.523, 0.312]])
"""Brightness, and two axes of colour on which a hue is an angle (NTSC)."""

_FROM_YIQ = np.linalg.inv(_TO_YIQ)


def recoloured(random: np.random.Generator, chip: np.ndarray, strength: float) -> np.ndarray:
    """Change brightness, contrast, saturation and hue (Howard 2013), all in one pass.

    All four are affine maps of a pixel's colour, so that together they are one.

    Parameters
    ----------
    chip
        uint8 (H, W, 3), RGB.
    strength
        At 1, the first three change by up to a half, and the hue by up to 18 degrees.
    """
    brightness, contrast, saturation = 1 + random.uniform(-0.5, 0.5, 3) * strength
    angle = random.uniform(-0.1, 0.1) * np.pi * strength
    turned = np.eye(3)
    turned[1:, 1:] = saturation * np.array(
        [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
    )
    grey = _TO_YIQ[0] @ cv2.mean(chip)[:3]
    change = np.empty((3, 4))
    change[:, :3] = brightness * contrast * (_FROM_YIQ @ turned @ _TO_YIQ)
    change[:, 3] = brightness * (1 - contrast) * grey
    return cv2.transform(chip, change)


def relit(random: np.random.Generator, chip: np.ndarray, strength: float) -> np.ndarray:
    """Change gamma and white balance, as other lights and cameras would.

    Parameters
    ----------
    strength
        At 1, gamma changes by up to a factor of 1.6, and each channel by up to a fifth.
    """
    gamma = 2 ** (random.uniform(-0.7, 0.7) * strength)
    gains = 1 + random.uniform(-0.2, 0.2, 3) * strength
    light = 255 * (np.arange(256) / 255)[:, None] ** gamma * gains
    return cv2.LUT(chip, light.round().clip(0, 255).astype(np.uint8)[None])


def spoilt(random: np.random.Generator, chip: np.ndarray) -> np.ndarray:
    """Do one thing at random that spoils real photographs, and that a face survives."""
    return _SPOILING[random.integers(len(_SPOILING))](random, chip)


def _out_of_focus(random: np.random.Generator, chip: np.ndarray) -> np.ndarray:
    return cv2.GaussianBlur(chip, (0, 0), random.uniform(0.4, 1.4))


def _moved(random: np.random.Generator, chip: np.ndarray) -> np.ndarray:
    """Blur along a line through the middle of a small square."""
    length, angle = random.uniform(1, 3), random.uniform(0, np.pi)
    step = length * np.array([np.cos(angle), np.sin(angle)])
    line = np.zeros((7, 7), np.float32)
    ends = [np.round(16 * (3 + sign * step)).astype(int).tolist() for sign in (-1, 1)]
    cv2.line(line, *ends, 1.0, lineType=cv2.LINE_8, shift=4)
    return cv2.filter2D(chip, -1, line / line.sum())


def _compressed(random: np.random.Generator, chip: np.ndarray) -> np.ndarray:
    quality = int(random.integers(15, 70))
    # OpenCV takes red for blue, both ways, which costs blue a little less than it should.
    encoded = cv2.imencode(".jpg", chip, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    return cv2.imdecode(encoded, cv2.IMREAD_COLOR)


def _of_few_pixels(random: np.random.Generator, chip: np.ndarray) -> np.ndarray:
    height, width = chip.shape[:2]
    share = 2 ** -random.uniform(0.3, 1.2)
    size = (max(1, round(width * share)), max(1, round(height * share)))
    little = cv2.resize(chip, size, interpolation=cv2.INTER_AREA)
    return cv2.resize(little, (width, height), interpolation=cv2.INTER_LINEAR)


def _in_the_dark(random: np.random.Generator, chip: np.ndarray) -> np.ndarray:
    """Add a sensor's noise."""
    noise = random.standard_normal(chip.shape, np.float32) * random.uniform(3, 14)
    return (chip + noise).round().clip(0, 255).astype(np.uint8)


def _grey(random: np.random.Generator, chip: np.ndarray) -> np.ndarray:
    return cv2.cvtColor(cv2.cvtColor(chip, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)


_SPOILING = (_out_of_focus, _moved, _compressed, _of_few_pixels, _in_the_dark, _grey)
