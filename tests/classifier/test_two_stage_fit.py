"""What is chosen on validation photographs makes the two stages tell what is there."""

from dataclasses import replace

import numpy as np
import pytest

from tests.classifier.test_two_stage import Fixed
from utils.classifier.finders.finder import reframed
from utils.classifier.inference import FaceClassifier
from utils.classifier.two_stage import TwoStageDetector
from utils.classifier.two_stage_file import AS_THEY_ARE, Sureness
from utils.classifier.two_stage_fit import (
    LEAST,
    fit_frame,
    fit_sureness,
    fit_two_stage,
    make_two_stage,
)
from utils.dataset.annotation import write_voc
from utils.dataset.faces import Faces
from utils.dataset.images import encode_png
from utils.dataset.shards import Photo, write_shard
from utils.errors import InputError
from utils.metrics.average_precision import average_precision
from utils.models import load_model
from utils.networks.model_file import write_model


def boxes(count, rng):
    corners = rng.uniform(0, 40, (count, 2))
    return np.hstack([corners, corners + rng.uniform(15, 30, (count, 2))]).astype(np.float32)


def test_the_framing_of_a_finder_is_found():
    rng = np.random.default_rng(0)
    frame = (0.03, 0.12, 1.2, 0.9)
    mine = [boxes(1, rng) for _ in range(40)]
    real = [Faces(reframed(box, frame), np.ones(1, np.int64)) for box in mine]
    np.testing.assert_allclose(fit_frame(mine, real), frame, atol=1e-4)
    assert fit_frame(mine[: LEAST - 1], real[: LEAST - 1]) == AS_THEY_ARE
    assert fit_frame([np.zeros((0, 4), np.float32)], [Faces()]) == AS_THEY_ARE


def scored(scores, hits):
    """Return photographs of a box each, of which some are of a face."""
    box = np.array([[0, 0, 10, 10]], np.float32)
    found = [(box, np.array([score], np.float32)) for score in scores]
    return found, [Faces(box, np.ones(1, np.int64)) if hit else Faces() for hit in hits]


def test_scores_become_how_often_such_a_box_is_a_face():
    rng = np.random.default_rng(1)
    scores = rng.uniform(0.05, 0.95, 2000)
    true = Sureness(1.6, -0.8)
    fitted = fit_sureness(*scored(scores, rng.random(2000) < true.of(scores)), Sureness())
    assert fitted.scale == pytest.approx(1.6, abs=0.2)
    assert fitted.shift == pytest.approx(-0.8, abs=0.2)


def test_a_finder_that_is_equally_sure_of_all_is_right_as_often_as_it_was():
    fitted = fit_sureness(*scored([0.5] * 100, [True] * 80 + [False] * 20), Sureness())
    np.testing.assert_allclose(fitted.of(np.array([0.5])), 81 / 102, atol=1e-3)


@pytest.mark.parametrize("hits", [[True] * 6, [False] * 6])
def test_a_few_boxes_claim_no_certainty(hits):
    told = fit_sureness(*scored([0.6] * 6, hits), Sureness()).of(np.array([0.6]))[0]
    assert told == pytest.approx(7 / 8 if hits[0] else 1 / 8, abs=0.01)


def test_where_nothing_was_found_scores_stay():
    nothing = (np.zeros((0, 4), np.float32), np.zeros(0, np.float32))
    assert fit_sureness([nothing], [Faces()], Sureness(2.0)) == Sureness(2.0)


@pytest.fixture(scope="module")
def classifier(model):
    return FaceClassifier(replace(model, fingerprints=None), device="cpu")


@pytest.fixture(scope="module")
def validation(tmp_path_factory):
    """Return a shard of photographs, told apart by their widths, and a finder that knows them.

    It is surer of faces than of what is none, and its boxes are a quarter too low.
    """
    rng = np.random.default_rng(3)
    photos, found = [], {}
    for number in range(30):
        width = 100 + number
        faces = Faces(np.array([[20, 20, 60, 60]], np.float32), np.array([1 + number % 2]))
        image = rng.integers(0, 255, (120, width, 3)).astype(np.uint8)
        name = f"photo{number:02d}"
        xml = write_voc(f"{name}.png", width, 120, faces)
        photos.append(Photo(name, f"{name}.png", encode_png(image), xml))
        wrong = [(62, 70, 92, 100, rng.uniform(0.1, 0.5))] if number % 3 == 0 else []
        found[f"w{width}"] = [(20, 30, 60, 70, rng.uniform(0.4, 0.95)), *wrong]
    path = tmp_path_factory.mktemp("validation") / "val_clean.tar"
    write_shard(path, photos)
    return path, Fixed(**found)


def test_validation_chooses_all_that_joins_the_stages(classifier, validation):
    path, finder = validation
    file = fit_two_stage(classifier, finder, [path])
    np.testing.assert_allclose(file.frame, (0, -0.25, 1, 1), atol=1e-5)
    assert file.sureness.scale > 0.5
    assert 0 < file.threshold < 1 and file.threshold != 0.5
    assert file.metrics["operating_point"]["threshold"] == file.threshold
    detector = TwoStageDetector(file, finder, classifier)
    images = [np.zeros((120, 100, 3), np.uint8)]
    (found,) = detector.predict(images)
    assert [20, 20, 60, 60] in found.boxes.round(3).tolist()


def test_its_metrics_are_those_of_the_detector_that_it_makes(classifier, validation):
    """What is measured is what is stored: the detector gives the same on the same photographs."""
    from utils.dataset.shards import read_shard

    path, finder = validation
    file = fit_two_stage(classifier, finder, [path])
    photos = list(read_shard(path))
    images = [photo.decode() for photo in photos]
    faces = [
        photo.read_annotation(*image.shape[1::-1]).faces
        for photo, image in zip(photos, images, strict=True)
    ]
    found = TwoStageDetector(file, finder, classifier).predict(images)
    assert average_precision(found, faces)["map_50"] == pytest.approx(
        file.metrics["validation"]["map_50"], abs=1e-6
    )


def test_the_file_of_a_classifier_becomes_that_of_two_stages(model, validation, tmp_path):
    path = tmp_path / "mask_detection_model.pth"
    write_model(path, replace(model, fingerprints=None))
    from utils.classifier.finders.make import make_finder

    made = make_two_stage(path, make_finder("haar"), [validation[0]])
    again = load_model(path, "cpu")
    assert (again.file.threshold, again.file.sureness) == (made.threshold, made.sureness)
    with pytest.raises(InputError, match="'kind' is 'two_stage', expected 'classifier'"):
        make_two_stage(path, make_finder("haar"), [validation[0]])


def test_without_photographs_nothing_can_be_chosen(classifier, tmp_path):
    write_shard(tmp_path / "empty.tar", [])
    with pytest.raises(InputError, match=r"no photographs in .*empty\.tar"):
        fit_two_stage(classifier, Fixed(), [tmp_path / "empty.tar"])


def test_faces_of_a_class_that_was_not_learnt_do_not_spoil_the_calibration(
    model, classifier, validation, tmp_path
):
    """No temperature makes right what is impossible; fitted to it, all would be told unsurely."""
    path, finder = validation
    plain = fit_two_stage(classifier, finder, [path])
    rng = np.random.default_rng(4)
    photos = []
    for number in range(10):
        faces = Faces(np.array([[20, 20, 60, 60]], np.float32), np.array([3]))
        image = rng.integers(0, 255, (120, 100, 3)).astype(np.uint8)
        name = f"x{number}"
        xml = write_voc(f"{name}.png", 100, 120, faces)
        photos.append(Photo(name, f"{name}.png", encode_png(image), xml))
    write_shard(tmp_path / "incorrect.tar", photos)
    both = fit_two_stage(classifier, finder, [path, tmp_path / "incorrect.tar"])
    assert both.calibration.temperature == pytest.approx(plain.calibration.temperature, rel=0.3)
