"""A classifier judges what it is given, as one face a picture."""

from dataclasses import replace

import numpy as np
import pytest

from tests.classifier.conftest import SIDE, face
from utils.classifier import inference
from utils.classifier.inference import FaceClassifier
from utils.classifier.names import ARCHITECTURES
from utils.dataset.faces import Faces
from utils.dataset.labels import CLASSES
from utils.metrics.detections import Detections
from utils.metrics.temperature import Temperature
from utils.networks import applied


@pytest.fixture(scope="module")
def classifier(model):
    return FaceClassifier(model, "digest", "cpu")


def pictures(*sizes):
    rng = np.random.default_rng(0)
    return [rng.integers(0, 255, (*size, 3)).astype(np.uint8) for size in sizes]


def test_a_picture_is_one_face_whose_box_is_the_picture(classifier):
    sizes = ((40, 60), (SIDE, SIDE), (1, 1), (300, 7), (5, 2000))
    found = classifier.predict(pictures(*sizes))
    assert len(found) == len(sizes)
    for one, (height, width) in zip(found, sizes, strict=True):
        assert one.boxes.tolist() == [[0, 0, width, height]]
        assert (one.boxes.dtype, one.labels.dtype) == (np.float32, np.int64)
        assert one.probabilities.shape == (1, 4)
        assert one.probabilities.dtype == one.scores.dtype == np.float32
        assert one.probabilities[0, 0] == 0  # nobody asked whether it is a face
        assert one.probabilities.sum() == pytest.approx(1, abs=1e-6)
        assert one.scores[0] == one.probabilities[0, one.labels[0]] == one.probabilities.max()
        Detections.from_record(one.as_record())  # which checks it
    assert classifier.predict([]) == []


def test_a_class_that_was_not_learnt_is_impossible(model):
    faces = pictures((40, 60), (20, 20))
    silent = FaceClassifier(model, device="cpu").judge(faces)
    assert (silent[:, 2] == 0).all()
    whole = FaceClassifier(replace(model, absent=()), device="cpu").judge(faces)
    assert (whole[:, 2] > 0).all()
    # What is left is shared out as before.
    assert np.allclose(silent[:, :2], whole[:, :2] / whole[:, :2].sum(axis=1, keepdims=True))


def test_judging_is_what_predicting_says(classifier):
    faces = pictures(*[(20 + k, 30) for k in range(20)])  # more than a batch
    judged = classifier.judge(faces)
    assert (judged.shape, judged.dtype) == ((20, 3), np.float32)
    found = classifier.predict(faces)
    assert np.array_equal(judged, np.concatenate([one.probabilities[:, 1:] for one in found]))
    assert classifier.judge([]).shape == (0, 3)


def test_probabilities_are_calibrated(model):
    faces = pictures((40, 60), (20, 20))
    raw = FaceClassifier(replace(model, calibration=Temperature()), device="cpu").judge(faces)
    cooled = FaceClassifier(model, device="cpu").judge(faces)
    expected = np.sqrt(raw)  # at a temperature of 2
    assert np.allclose(cooled, expected / expected.sum(axis=1, keepdims=True), atol=1e-6)


def test_a_stream_keeps_step_with_its_pictures(classifier):
    asked = 0

    def images():
        nonlocal asked
        for image in pictures(*[(20, 20)] * 40):
            asked += 1
            yield image

    for number, _ in enumerate(classifier.stream(images())):
        assert asked <= (number // inference.BATCH + 1) * inference.BATCH


def test_large_pictures_are_judged_at_once(classifier, monkeypatch):
    monkeypatch.setattr(applied, "BATCH_BYTES", 1000)
    stream = classifier.stream(iter(pictures((20, 20), (20, 20))))
    assert len(next(stream)) == 1
    assert len(list(stream)) == 1


def test_in_a_mirror_the_same_is_judged_alike(model):
    mirrored = FaceClassifier(replace(model, params={"mirrored": True}), device="cpu")
    (image,) = pictures((40, 40))
    one, other = mirrored.judge([image, np.ascontiguousarray(image[:, ::-1])])
    assert np.allclose(one, other, atol=1e-5)


def test_its_losses_are_those_of_its_uncalibrated_probabilities(model):
    classifier = FaceClassifier(replace(model, params={}), device="cpu", bfloat16=False)
    raw = FaceClassifier(replace(model, absent=(), calibration=Temperature()), device="cpu")
    raw = FaceClassifier(raw.file, device="cpu", bfloat16=False)
    faces, labels = pictures((40, 60), (20, 20)), [1, 3]
    losses = classifier.losses(0)
    for number, (image, label) in enumerate(zip(faces, labels, strict=True)):
        height, width = image.shape[:2]
        box = np.array([[0, 0, width, height]], np.float32)
        classifier.add_losses(losses, str(number), image, Faces(box, np.array([label])))
    judged = raw.judge(faces)
    expected = -np.log([judged[0, 0], judged[1, 2]]).mean()
    assert losses.means()["total"] == pytest.approx(expected, rel=1e-4)
    assert classifier.losses(0).means()["total"] == 0


@pytest.mark.parametrize("bfloat16", [False, True])
def test_faces_can_be_asked_for_in_either_precision(model, bfloat16):
    classifier = FaceClassifier(model, device="cpu", bfloat16=bfloat16)
    judged = classifier.judge([face(1, np.random.default_rng(0))])
    assert judged.sum() == pytest.approx(1, abs=1e-6)
    exact = FaceClassifier(model, device="cpu", bfloat16=False).judge(
        [face(1, np.random.default_rng(0))]
    )
    assert np.allclose(judged, exact, atol=0.05)


def test_architectures_are_named_with_the_default_first():
    assert ARCHITECTURES[0] == "centerface"
    assert len(set(ARCHITECTURES)) == 9
    assert len(CLASSES) == 3
