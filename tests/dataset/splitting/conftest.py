"""Drawn photographs, their fingerprints, what is made of them, and strangers to them."""

from collections.abc import Callable

import cv2
import numpy as np
import pytest

from data.painter.pictures import Picture
from data.painter.sample import crop_picture, draw_picture
from utils.dataset.images import decode, encode_jpeg
from utils.dataset.splitting.fingerprints import Fingerprint, fingerprint


@pytest.fixture(scope="session")
def pictures() -> list[Picture]:
    return [draw_picture(seed, [1, 2, 3]) for seed in range(8)]


@pytest.fixture(scope="session")
def fingerprints(pictures) -> list[Fingerprint]:
    return [fingerprint(picture.image) for picture in pictures]


@pytest.fixture(scope="session")
def altered() -> Callable[[Picture], list[np.ndarray]]:
    """Return a function that gives a picture whole, compressed, cropped and darker."""

    def of(picture: Picture) -> list[np.ndarray]:
        small = cv2.resize(picture.image, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
        return [
            picture.image,
            decode(encode_jpeg(small, 60), "small.jpg"),
            crop_picture(picture, 0.8).image,
            cv2.convertScaleAbs(picture.image, alpha=0.7, beta=10),
        ]

    return of


@pytest.fixture(scope="session")
def strangers() -> list[np.ndarray]:
    """Other drawings, a blank picture and one of a few pixels."""
    others = [draw_picture(seed, [1, 2, 3]).image for seed in range(24, 36)]
    return [*others, np.full((200, 300, 3), 255, np.uint8), np.zeros((3, 2, 3), np.uint8)]
