import numpy as np
import pytest
import torch

from utils.classifier.faces import FacePictures
from utils.classifier.validation import judged, standard_error, validation_record
from utils.dataset.labels import CLASSES
from utils.training.class_loss import MeanLoss

RIGHT = {1: [4.0, 0, 0], 2: [0, 4.0, 0], 3: [0, 0, 4.0]}


@pytest.fixture(scope="module")
def faces(shards):
    return FacePictures([shards["val"]], 32)  # five, three and two of the classes


def logits(faces, wrong=()):
    said = [label % 3 + 1 if n in wrong else label for n, label in enumerate(faces.labels)]
    return torch.tensor([RIGHT[int(label)] for label in said])


def test_every_class_counts_alike_in_balanced_accuracy(faces):
    record = validation_record(logits(faces, wrong=[9]), faces, (), MeanLoss())
    assert record["accuracy"] == pytest.approx(0.9)
    assert record["balanced_accuracy"] == pytest.approx((1 + 1 + 0.5) / 3)
    low, high = (-np.log(np.exp(x) / (np.exp(4) + 2)) for x in (4, 0))
    assert record["loss"]["total"] == pytest.approx(0.9 * low + 0.1 * high)


def test_a_class_that_was_not_learnt_is_never_said(faces):
    told = judged(logits(faces), faces, CLASSES[2:])
    assert (told.probabilities[:, 2] == 0).all()
    assert np.allclose(told.probabilities.sum(axis=1), 1)
    record = validation_record(logits(faces), faces, CLASSES[2:], MeanLoss())
    assert record["balanced_accuracy"] == pytest.approx(2 / 3)


def test_the_standard_error_is_that_of_other_photographs(faces):
    assert standard_error(logits(faces), faces, (), 0) == 0  # all are right, whichever they are
    one = standard_error(logits(faces, wrong=[0, 9]), faces, (), 0)
    assert one == standard_error(logits(faces, wrong=[0, 9]), faces, (), 0)
    assert one == 0  # all faces are of one photograph, whose resamples are all the same
    faces.names = [f"photo{n}_face1" for n in range(10)]
    spread = standard_error(logits(faces, wrong=[0, 9]), faces, (), 0)
    recalls = np.array([4 / 5, 1, 1 / 2])
    alone = np.sqrt((recalls * (1 - recalls) / [5, 3, 2]).sum()) / 3
    assert spread == pytest.approx(alone, rel=0.4)
