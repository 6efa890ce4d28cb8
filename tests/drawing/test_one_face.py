import numpy as np
import pytest
from PIL import ImageColor

from utils.dataset.labels import COLOURS
from utils.drawing.one_face import SIDE, draw_one_face, is_one_face
from utils.metrics.detections import Detections


def judged(width: int, height: int, *told: float) -> tuple[np.ndarray, Detections]:
    probabilities = np.array([[0.0, *told]], np.float32)
    label = probabilities.argmax(axis=1)
    box = np.array([[0, 0, width, height]], np.float32)
    image = np.full((height, width, 3), 128, np.uint8)
    return image, Detections(box, label, probabilities.max(axis=1), probabilities)


def test_bars_are_as_long_as_classes_are_probable() -> None:
    drawing = draw_one_face(*judged(20, 20, 0.1, 0.6, 0.3))
    assert drawing.shape[1] == SIDE
    lengths = []
    for colour in COLOURS[1:]:
        where = np.argwhere((drawing == ImageColor.getrgb(colour)).all(axis=2))
        lengths.append(np.ptp(where[:, 1]) + 1)
        assert where[:, 0].min() > SIDE, "beneath the picture"
    assert lengths[1] / lengths[0] == pytest.approx(6, rel=0.1)
    assert lengths[2] / lengths[0] == pytest.approx(3, rel=0.1)


@pytest.mark.parametrize("size", [(1, 1), (1, 3000), (3000, 1), (4000, 3000), (7, 5)])
def test_pictures_of_all_shapes_are_shown_whole(size) -> None:
    image, found = judged(*size, 1.0, 0.0, 0.0)
    drawing = draw_one_face(image, found)
    assert drawing.shape[1] == SIDE and drawing.shape[0] < SIDE + 160
    assert (drawing[:1] == 128).all(axis=2).any()


def test_only_one_box_that_is_the_whole_picture_is_one_face() -> None:
    image, found = judged(20, 30, 1.0, 0.0, 0.0)
    assert is_one_face(image, found)
    assert not is_one_face(image[:-1], found)
    assert not is_one_face(image, found.above(2.0))
