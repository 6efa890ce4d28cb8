import numpy as np

from utils.dataset.faces import Faces
from utils.detector.photo_losses import PhotoLosses
from utils.detector.validation import batches, detections_of, standard_error
from utils.metrics.detections import Detections

BOX = np.float32([[10, 10, 30, 30]])


class Photos:
    """Photographs of one masked face each."""

    def __init__(self, count):
        self.faces = [Faces(BOX, np.array([1]))] * count

    def __len__(self):
        return len(self.faces)


def found(right):
    """Return the face itself, or a box somewhere else."""
    probabilities = np.float32([[0.1, 0.9, 0, 0]])
    box = BOX if right else BOX + np.float32(50)
    return Detections(box, np.array([1]), np.float32([0.9]), probabilities)


def test_error_falls_with_the_number_of_photographs_and_is_none_without_doubt():
    few, many = (
        standard_error([found(k % 2 == 0) for k in range(n)], Photos(n), 1) for n in (8, 128)
    )
    assert few > 3 * many > 0
    assert standard_error([found(True)] * 8, Photos(8), 1) == 0


def test_photographs_of_one_size_are_looked_at_together_and_each_once():
    sizes = [(1, 2), (3, 4), (1, 2), (1, 2), (3, 4)]
    assert list(batches(sizes, 2)) == [[0, 2], [1, 4], [3]]
    assert list(batches(sizes, 1)) == [[0], [1], [2], [3], [4]]


def test_in_a_batch_the_same_faces_are_found_as_alone(model, photos, monkeypatch):
    alone, together = detections_of(model, photos), []
    monkeypatch.setattr("utils.networks.devices.BATCHES", {"cpu": 3})
    losses = PhotoLosses(1)
    for found in (detections_of(model, photos), detections_of(model, photos, losses=losses)):
        together.append(found)
        for one, other in zip(alone, found, strict=True):
            np.testing.assert_allclose(one.boxes, other.boxes, atol=0.01)
            np.testing.assert_array_equal(one.labels, other.labels)
    assert sum(map(len, (one.labels for one in alone))) > 0
    assert losses.means()["total"] > 0
