"""Hidden faces: a few squares each, and nothing else of the picture changes."""

import numpy as np

from utils.drawing.hiding import BLOCKS, hidden


def test_a_face_is_a_few_squares_and_the_rest_is_as_it_was():
    image = np.random.default_rng(0).integers(0, 255, (60, 80, 3)).astype(np.uint8)
    before = image.copy()
    made = hidden(image, np.array([[20, 10, 44, 40]], np.float32))
    assert np.array_equal(image, before)
    changed = (made != image).any(axis=2)
    rows, columns = np.flatnonzero(changed.any(axis=1)), np.flatnonzero(changed.any(axis=0))
    assert 5 <= rows.min() <= 10 and 40 <= rows.max() + 1 <= 45
    assert 16 <= columns.min() <= 20 and 44 <= columns.max() + 1 <= 48
    face = made[10:40, 20:44].reshape(-1, 3)
    assert len(np.unique(face, axis=0)) <= BLOCKS**2


def test_boxes_beyond_the_picture_and_empty_ones_hide_what_there_is():
    image = np.random.default_rng(0).integers(0, 255, (30, 30, 3)).astype(np.uint8)
    boxes = np.array([[-20, -20, 8, 8], [25, 25, 40, 40], [40, 40, 50, 50], [5, 20, 5, 20]])
    made = hidden(image, boxes)
    assert (made[:8, :8] != image[:8, :8]).any() and (made[25:, 25:] != image[25:, 25:]).any()
    assert np.array_equal(made[13:18, 13:18], image[13:18, 13:18])
    assert np.array_equal(hidden(image, np.zeros((0, 4))), image)
