"""One generated photograph: reproducible, and annotated as it is drawn."""

import numpy as np
import pytest

from data.painter.pictures import Picture, compose, crop_picture, draw_picture, retake_picture
from utils.dataset.faces import Faces
from utils.dataset.splitting.fingerprints import fingerprint, same_scene


def test_equal_seeds_give_equal_pictures_and_others_do_not():
    one, two, other = (draw_picture(seed, [1, 2]) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one.image, two.image)
    np.testing.assert_array_equal(one.faces.boxes, two.faces.boxes)
    assert one.image.shape != other.image.shape or (one.image != other.image).any()


@pytest.mark.parametrize("labels", [[], [3], [1, 1, 2], [1] * 20])
def test_the_faces_asked_for_are_inside_and_apart(labels):
    picture = draw_picture(5, labels)
    height, width = picture.image.shape[:2]
    boxes = picture.faces.boxes
    assert sorted(picture.faces.labels.tolist()) == labels
    assert (boxes[:, 2:] - boxes[:, :2] >= 8).all()
    assert (boxes >= 0).all()
    assert (boxes <= [width, height, width, height]).all()
    for index, (x1, y1, x2, y2) in enumerate(boxes):
        rest = np.delete(boxes, index, axis=0)
        overlap = np.clip(np.minimum(x2, rest[:, 2]) - np.maximum(x1, rest[:, 0]), 0, None)
        overlap *= np.clip(np.minimum(y2, rest[:, 3]) - np.maximum(y1, rest[:, 1]), 0, None)
        assert (overlap < 0.3 * (x2 - x1) * (y2 - y1)).all()


def test_the_faces_are_known_without_painting():
    composed, drawn = compose(4, [1, 3]), draw_picture(4, [1, 3])
    np.testing.assert_array_equal(composed.faces.boxes, drawn.faces.boxes)
    np.testing.assert_array_equal(composed.faces.labels, drawn.faces.labels)
    assert composed.size == drawn.image.shape[1::-1]


@pytest.mark.parametrize(
    ("at", "moved"), [((0.5, 0.5), [70, 30, 90, 50]), ((0, 1), [90, 20, 110, 40])]
)
def test_a_crop_moves_its_boxes_and_loses_those_outside(at, moved):
    image = np.zeros((100, 200, 3), np.uint8)
    image[40:60, 90:110] = 255
    boxes = np.array([[90, 40, 110, 60], [0, 0, 12, 8], [190, 40, 200, 50]], np.float32)
    crop = crop_picture(Picture(image, Faces(boxes, np.array([2, 1, 3]))), 0.8, at)
    assert crop.image.shape == (80, 160, 3)
    assert crop.faces.boxes.tolist() == [moved]
    assert crop.faces.labels.tolist() == [2]
    x1, y1, x2, y2 = moved
    assert crop.image[y1:y2, x1:x2].min() == 255


def test_frames_of_a_burst_differ_and_show_the_same_scene():
    picture = draw_picture(3, [1, 2, 3])
    frames = [retake_picture(seed, picture) for seed in (1, 2)]
    assert (frames[0].image != frames[1].image).any()
    prints = [fingerprint(one.image) for one in (picture, *frames)]
    assert all(same_scene(prints[0], other) for other in prints[1:])


def test_two_pictures_of_the_same_people_are_not_the_same_scene():
    """Because faces, clothes and places vary: a stencil would make all of them near-duplicates."""
    prints = [fingerprint(draw_picture(seed, [1, 2, 3]).image) for seed in range(6)]
    pairs = [(a, b) for a in range(6) for b in range(a)]
    alike = [pair for pair in pairs if same_scene(prints[pair[0]], prints[pair[1]])]
    assert not alike
