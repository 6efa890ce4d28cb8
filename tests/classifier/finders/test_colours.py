"""Finders take RGB. With red and blue exchanged they would see other faces, or less of them."""

import cv2
import numpy as np
from yuface import detect

from utils.classifier.finders.haar import HaarFinder
from utils.classifier.finders.make import make_finder


def test_yunet_sees_what_the_package_sees_in_bgr(photographs):
    image = photographs["hopper"]
    ((x, y, width, height),) = detect(np.ascontiguousarray(image[:, :, ::-1]), 0.5)[1]
    boxes, _ = make_finder("yunet").look(image, 1)
    assert boxes.tolist() == [[x, y, x + width, y + height]]
    swapped = make_finder("yunet").look(np.ascontiguousarray(image[:, :, ::-1]), 1)[0]
    assert swapped.tolist() != boxes.tolist()


def test_haar_sees_the_grey_of_rgb(photographs, monkeypatch):
    """Red counts 0.30 and blue 0.11; a red picture is lighter than a blue one."""
    seen = []

    class Looks:
        def detectMultiScale3(self, grey, **options):
            seen.append(int(grey[0, 0]))
            return (), (), ()

    finder = make_finder("haar")
    assert isinstance(finder, HaarFinder)
    monkeypatch.setattr(finder, "_cascade", Looks())
    for colour in ((255, 0, 0), (0, 0, 255)):
        finder.find(np.full((50, 50, 3), colour, np.uint8))
    assert seen == [76, 29]


def test_centerface_sees_the_three_colours(photographs):
    """The three colours differ for it, and what it sees in RGB its file sees in RGB.

    See `test_centerface_network`.
    """
    image = photographs["hopper"]
    finder = make_finder("centerface")
    right, wrong = finder.find(image), finder.find(cv2.cvtColor(image, cv2.COLOR_RGB2BGR))
    assert not np.array_equal(right[0], wrong[0])
