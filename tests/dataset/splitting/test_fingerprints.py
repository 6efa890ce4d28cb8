"""What is the same scene, and what is not."""

import cv2
import numpy as np
import pytest

from utils.dataset.images import decode, encode_jpeg
from utils.dataset.splitting.fingerprints import fingerprint, same_scene, same_thumbnail


@pytest.fixture(scope="module")
def scene():
    """Ellipses and boxes of all sizes, as a photograph has structure of all sizes."""
    return draw(0)


def draw(seed: int, height: int = 300, width: int = 400) -> np.ndarray:
    rng = np.random.default_rng(seed)
    image = np.full((height, width, 3), rng.integers(90, 160), np.uint8)
    for size in np.geomspace(90, 4, 260):
        centre = (int(rng.integers(0, width)), int(rng.integers(0, height)))
        axes = tuple(int(axis) for axis in np.maximum(2, rng.uniform(0.4, 1, 2) * size))
        colour = tuple(int(part) for part in rng.integers(0, 255, 3))
        cv2.ellipse(
            image, centre, axes, float(rng.uniform(0, 180)), 0, 360, colour, -1, cv2.LINE_AA
        )
    return image


def changed(image: np.ndarray, how: str) -> np.ndarray:
    height, width = image.shape[:2]
    if how == "crop":
        return image[40:240, 60:330]
    if how == "enlarged":
        return cv2.resize(image, (3 * width // 2, 3 * height // 2))
    if how == "darker":
        return (image * 0.6).astype(np.uint8)
    if how == "turned":
        matrix = cv2.getRotationMatrix2D((width / 2, height / 2), 8, 1.0)
        return cv2.warpAffine(image, matrix, (width, height))
    if how == "compressed":
        return decode(encode_jpeg(image, 30), "x")
    # A burst: the background stays, somebody walks.
    moved = image.copy()
    cv2.ellipse(moved, (200, 180), (70, 110), 0, 0, 360, (120, 80, 60), -1)
    return moved


@pytest.mark.parametrize("how", ["crop", "enlarged", "darker", "turned", "compressed", "burst"])
def test_copies_are_the_same_scene_both_ways(scene, how):
    first, second = fingerprint(scene), fingerprint(changed(scene, how))
    assert same_scene(first, second)
    assert same_scene(second, first)


@pytest.mark.parametrize("seed", range(1, 6))
def test_other_scenes_are_not(scene, seed):
    first, second = fingerprint(scene), fingerprint(draw(seed))
    assert not same_scene(first, second)
    assert not same_thumbnail(first, second)


def test_a_watermark_in_common_does_not_make_the_same_scene(scene):
    def stamped(image):
        image = image.copy()
        image[270:] = 20
        cv2.putText(image, "a stock photo 12345", (8, 292), 0, 0.7, (255, 255, 255), 1, cv2.LINE_AA)
        return image

    assert not same_scene(fingerprint(stamped(scene)), fingerprint(stamped(draw(1))))


@pytest.mark.parametrize("how", ["enlarged", "darker", "compressed"])
def test_thumbnails_know_reuploads(scene, how):
    assert same_thumbnail(fingerprint(scene), fingerprint(changed(scene, how)))


@pytest.mark.parametrize("shape", [(1, 1), (2, 900), (64, 64)])
def test_images_without_structure_have_fingerprints_and_no_matches(shape):
    blank = fingerprint(np.zeros((*shape, 3), np.uint8))
    assert len(blank.points) == 0
    assert blank.bits.shape == (63,)
    assert not same_scene(blank, blank)
    assert not same_thumbnail(blank, blank)  # nothing is no evidence
