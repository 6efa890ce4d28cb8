import numpy as np
import pytest
from PIL import ImageColor

from utils.dataset.faces import Faces
from utils.dataset.labels import COLOURS
from utils.drawing.faces import LONGEST, SHORTEST, draw_detections, draw_faces
from utils.metrics.detections import Detections


def detections(boxes: list, labels: list[int], scores: list[float]) -> Detections:
    return Detections(
        np.array(boxes, np.float32).reshape(-1, 4),
        np.array(labels, np.int64),
        np.array(scores, np.float32),
        np.zeros((len(labels), 4), np.float32),  # drawings do not look at them
    )


def pixels(drawing: np.ndarray, label: int) -> np.ndarray:
    """Where the drawing has exactly the colour of a class, (row, column) each."""
    return np.argwhere((drawing == ImageColor.getrgb(COLOURS[label])).all(axis=2))


GREY = np.full((300, 400, 3), 128, np.uint8)


def photo_part(drawing: np.ndarray) -> np.ndarray:
    """The drawing without its strip: a 4:3 photograph."""
    return drawing[: round(drawing.shape[1] * 0.75)]


def test_a_box_is_drawn_in_the_colour_of_its_class_where_it_is() -> None:
    drawing = draw_detections(GREY, detections([[200, 150, 300, 250]], [2], [0.9]), 0.5)
    scale = drawing.shape[1] / 400
    rows = photo_part(drawing)
    found = pixels(rows, 2)
    assert found[:, 0].max() == pytest.approx(250 * scale, abs=3)
    assert found[:, 1].min() == pytest.approx(200 * scale, abs=3)
    assert not len(pixels(rows, 1)) and not len(pixels(rows, 3))


def test_what_does_not_count_is_not_drawn() -> None:
    drawing = draw_detections(GREY, detections([[200, 150, 300, 250]], [2], [0.4]), 0.5)
    assert (photo_part(drawing) == 128).all()


def test_a_small_photograph_is_enlarged_and_a_huge_one_reduced() -> None:
    nothing = detections([], [], [])
    assert draw_detections(GREY, nothing, 0.5).shape[1] == SHORTEST
    tall = np.zeros((6000, 1000, 3), np.uint8)
    drawing = draw_detections(tall, nothing, 0.5)
    assert LONGEST < drawing.shape[0] < LONGEST * 1.3  # and the strip


def test_a_crowd_of_tiny_faces_is_enlarged_further() -> None:
    boxes = [[20 * x, 20 * y, 20 * x + 10, 20 * y + 10] for x in range(20) for y in range(6)]
    crowd = detections(boxes, [1] * 120, [0.9] * 120)
    drawing = draw_detections(GREY, crowd, 0.5)
    assert drawing.shape[1] > 1.5 * SHORTEST
    assert drawing.dtype == np.uint8


def test_the_photograph_given_is_left_as_it_was() -> None:
    image = GREY.copy()
    draw_detections(image, detections([[0, 0, 400, 300]], [1], [1.0]), 0.5)
    assert (image == GREY).all()


@pytest.mark.parametrize("shape", [(1, 1, 3), (300, 12, 3), (10, 900, 3)])
def test_odd_shapes_and_boxes_at_the_border_can_be_drawn(shape: tuple[int, int, int]) -> None:
    height, width, _ = shape
    whole = detections([[0, 0, width, height]], [3], [0.99])
    assert draw_detections(np.zeros(shape, np.uint8), whole, 0.5).shape[2] == 3


def test_annotated_faces_are_drawn_without_confidence_and_counted_in_the_strip() -> None:
    faces = Faces(np.array([[200, 150, 300, 250]], np.float32), np.array([2]))
    plain, whole = draw_faces(GREY, faces, strip=False), draw_faces(GREY, faces)
    assert plain.shape[:2] == (0.75 * SHORTEST, SHORTEST) and whole.shape[0] > plain.shape[0]
    assert (whole[: len(plain)] == plain).all()
    found = pixels(plain, 2)
    assert found[:, 0].max() == pytest.approx(250 * SHORTEST / 400, abs=3)
    sure = draw_detections(GREY, detections([[200, 150, 300, 250]], [2], [0.99]), 0.5)
    assert (photo_part(sure) != plain).any()  # the label of a detection has its confidence, too
    assert draw_faces(GREY, Faces(), strip=False).mean() == 128
