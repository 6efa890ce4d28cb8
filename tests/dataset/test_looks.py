import cv2
import numpy as np
import pytest

from utils.dataset.looks import looks

NOISE = np.random.default_rng(0).integers(0, 255, (300, 400, 3), dtype=np.uint8)


def test_brightness_is_the_mean_grey_level() -> None:
    assert looks(np.full((30, 40, 3), 51, np.uint8)) == {"brightness": 0.2, "sharpness": 0}
    darker = cv2.convertScaleAbs(NOISE, alpha=0.5)
    assert looks(darker)["brightness"] == pytest.approx(looks(NOISE)["brightness"] / 2, abs=0.01)


def test_blur_is_less_sharp_and_size_is_no_sharpness() -> None:
    picture = cv2.GaussianBlur(NOISE, (0, 0), 2)
    large = cv2.resize(picture, (1600, 1200), interpolation=cv2.INTER_CUBIC)
    assert (
        looks(cv2.GaussianBlur(NOISE, (0, 0), 4))["sharpness"] < looks(picture)["sharpness"] - 0.4
    )
    assert looks(large)["sharpness"] == pytest.approx(looks(picture)["sharpness"], abs=0.1)
