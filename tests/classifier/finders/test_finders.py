"""What every finder does alike, on real photographs and on such that hold nothing."""

import cv2
import numpy as np
import pytest
import torch
from torchvision.ops import box_iou

from utils.classifier.finders.make import make_finder
from utils.dataset.labels import CLASS_IDS
from utils.metrics.detections import Detections

NAMES = ("haar", "lbp", "yunet", "centerface")


@pytest.fixture(scope="module", params=NAMES)
def finder(request):
    """Return a finder that is quicker than by default."""
    return make_finder(request.param, smallest=60, largest=512)


def mirrored(box: np.ndarray, width: int) -> np.ndarray:
    return np.array([width - box[2], box[1], width - box[0], box[3]], np.float32)


def overlap(boxes: np.ndarray, box: np.ndarray) -> np.ndarray:
    return box_iou(torch.from_numpy(boxes), torch.from_numpy(box[None])).numpy()[:, 0]


def check(boxes: np.ndarray, scores: np.ndarray, image: np.ndarray) -> None:
    height, width = image.shape[:2]
    assert boxes.dtype == scores.dtype == np.float32
    assert boxes.shape == (len(scores), 4)
    assert (boxes >= 0).all() and (boxes <= [width, height, width, height]).all()
    assert (boxes[:, 2:] > boxes[:, :2]).all()
    assert (scores >= 0).all() and (scores <= 1).all() and (np.diff(scores) <= 0).all()


def check_face(boxes: np.ndarray, scores: np.ndarray, face: np.ndarray) -> None:
    """Check that a face was found, once, and none is surer; of some other boxes all is the same."""
    seen = overlap(boxes, face)
    assert sorted(seen > 0.4) == [False] * (len(seen) - 1) + [True]
    assert seen.max() > 0.6 and scores[seen.argmax()] == scores[0]
    assert len(boxes) <= 2


def test_the_face_is_the_surest(finder, photograph):
    image, face = photograph
    boxes, scores = finder.find(image)
    check(boxes, scores, image)
    check_face(boxes, scores, face)


def test_so_it_is_in_a_mirror(finder, photograph):
    image, face = photograph
    boxes, scores = finder.find(image[:, ::-1])
    check(boxes, scores, image)
    check_face(boxes, scores, mirrored(face, image.shape[1]))


def test_the_photograph_is_not_written_to(finder, photograph):
    image = photograph[0].copy()
    image.flags.writeable = False
    finder.find(image)
    assert (image == photograph[0]).all()


@pytest.mark.parametrize("shape", [(1, 1), (1, 300), (300, 1), (23, 23), (64, 48)])
@pytest.mark.parametrize("colour", [0, 128, 255])
def test_nothing_is_found_where_nothing_is(finder, shape, colour):
    image = np.full((*shape, 3), colour, np.uint8)
    boxes, scores = finder.find(image)
    check(boxes, scores, image)
    assert len(boxes) == 0


def test_a_huge_photograph_is_shrunk_first(finder, photographs):
    """A face that fills much of it is found, and no more memory than for a small one is taken."""
    image = photographs["astronaut"]
    seen = []
    finder.look = lambda image, *args: (
        seen.append(image.shape) or type(finder).look(finder, image, *args)
    )
    huge = np.repeat(np.repeat(image, 12, axis=0), 12, axis=1)  # of 6,144 pixels
    try:
        boxes, scores = finder.find(huge)
    finally:
        del finder.look
    assert [max(shape) for shape in seen] == [finder.options.largest]
    check_face(boxes, scores, 12 * np.array((180, 75, 268, 182), np.float32))


def test_small_faces_are_left_out(finder, photograph):
    """None is told that is smaller, nor one in its place that would have been suppressed."""
    image, face = photograph
    large = float(min(face[2:] - face[:2]))
    for smallest, found in ((0.7 * large, 1), (1.4 * large, 0)):
        boxes, _ = make_finder(finder.name, smallest=smallest, largest=512).find(image)
        assert len(boxes) == found
        assert ((boxes[:, 2:] - boxes[:, :2]).min(axis=1, initial=np.inf) >= smallest).all()


def test_twice_as_large_finds_smaller_faces(finder, photographs):
    """In a photograph of a face of 14 pixels that the cascades are too coarse for."""
    image = photographs["astronaut"]
    side = round(512 * 14 / 88)
    tiny = cv2.resize(image, (side, side), interpolation=cv2.INTER_AREA)
    face = np.array((180, 75, 268, 182), np.float32) * side / 512
    plain = make_finder(finder.name).find(tiny)[0]
    boxes, scores = make_finder(finder.name, factor=3).find(tiny)
    check(boxes, scores, tiny)
    assert overlap(boxes, face).max(initial=0) > 0.5
    if finder.name in ("haar", "lbp"):
        assert len(plain) == 0


def test_what_is_found_at_both_scales_is_told_once(finder, photograph):
    image, face = photograph
    boxes, _ = make_finder(finder.name, factor=0.7, smallest=60).find(image)
    assert (overlap(boxes, face) > 0.4).sum() == 1


def test_equal_photographs_give_equal_faces(finder, photographs):
    first, second = (finder.find(photographs["hopper"]) for _ in range(2))
    np.testing.assert_array_equal(first[0], second[0])
    np.testing.assert_array_equal(first[1], second[1])


class Sees:
    """A detector that says always the same."""

    digest = "abc"

    def __init__(self, boxes, probabilities):
        self.found = Detections(
            np.array(boxes, np.float32).reshape(-1, 4),
            np.full(len(boxes), CLASS_IDS["with_mask"]),
            np.array(probabilities, np.float32).reshape(-1, 4)[:, 1],
            np.array(probabilities, np.float32).reshape(-1, 4),
        )

    def predict(self, images):
        return [self.found for _ in images]


def test_a_detector_finds_faces_of_whatever_class():
    """What counts is that it is a face, not how sure the detector is of a class."""
    sees = Sees(
        [(10, 10, 30, 30), (40, -5, 60, 20), (70, 70, 73, 90), (0, 0, 9, 9)],
        [(0.4, 0.5, 0.05, 0.05), (0.1, 0.3, 0.3, 0.3), (0.1, 0.9, 0, 0), (0.97, 0.02, 0.01, 0)],
    )
    finder = make_finder("detector", detector=sees)
    boxes, scores = finder.find(np.zeros((100, 50, 3), np.uint8))
    check(boxes, scores, np.zeros((100, 50, 3)))
    assert boxes.tolist() == [[40, 0, 50, 20], [10, 10, 30, 30]]
    np.testing.assert_allclose(scores, [0.9, 0.6], atol=1e-6)
    assert finder.identity == "abc"
