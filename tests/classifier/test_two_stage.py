"""A finder and a classifier together are a detector like any other."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from utils.classifier.finders.make import make_finder
from utils.classifier.finders.names import Looking
from utils.classifier.inference import FaceClassifier
from utils.classifier.two_stage import TwoStageDetector, _detections
from utils.classifier.two_stage_file import (
    FinderRecord,
    Sureness,
    TwoStageFile,
)
from utils.classifier.two_stage_fit import put_together
from utils.dataset.cut_faces import cut_face
from utils.dataset.splitting.fingerprints import fingerprint
from utils.dataset.splitting.learnt import LearntPhotographs, learnt_by_all
from utils.detector.anchors import Anchors
from utils.detector.architectures import build_model
from utils.detector.model_file import ModelFile as DetectorFile
from utils.errors import InputError
from utils.metrics.calibration import Calibration
from utils.metrics.detections import Detections
from utils.model_files import load_finder
from utils.models import load_model
from utils.networks.model_file import write_model
from utils.training.tensors import save_tensors

ANCHORS = Anchors(((8.0, 11.0), (16.0, 22.0), (30.0, 40.0), (50.0, 60.0)), (1.0,))


class Fixed:
    """Finds what it is told, by the width of a photograph."""

    name, options, identity = "haar", Looking(), "0"

    def __init__(self, **found):
        self.found = {int(width.strip("w")): boxes for width, boxes in found.items()}

    def find(self, image):
        rows = np.array(self.found.get(image.shape[1], []), np.float32).reshape(-1, 5)
        return rows[:, :4], rows[:, 4]

    def content(self):
        return None


@pytest.fixture(scope="module")
def classifier(model):
    return FaceClassifier(replace(model, absent=(), fingerprints=None), device="cpu")


def joined(classifier, finder, **fields):
    return TwoStageDetector(
        TwoStageFile(FinderRecord.of(finder), classifier.file, **fields), finder, classifier, "ab"
    )


def noise(*widths):
    rng = np.random.default_rng(0)
    return [rng.integers(0, 255, (60, width, 3)).astype(np.uint8) for width in widths]


def write_detector(path):
    torch.manual_seed(1)
    network = build_model("compact_resnet18_fpn", ANCHORS)
    network.roi_heads.box_predictor.cls_score.bias.data[:] = torch.tensor([0.0, 0.5, 0.2, 0.1])
    file = DetectorFile("compact_resnet18_fpn", ANCHORS, 64, 0.2, network.state_dict())
    write_model(path, file)
    return path


FINDER = Fixed(w80=[(10, 10, 40, 40, 0.9), (50, 5, 70, 30, 0.4)], w90=[], w70=[(0, 0, 20, 20, 0.7)])


def test_the_finder_says_how_likely_a_face_is_and_the_classifier_shares_it_out(classifier):
    detector = joined(classifier, FINDER, sureness=Sureness(2.0, -0.5))
    (image,) = noise(80)
    (found,) = detector.predict([image])
    boxes, scores = FINDER.find(image)
    judged = classifier.judge([cut_face(image, box, classifier.margin) for box in boxes])
    likely = 1 / (1 + np.exp(-(2 * np.log(scores / (1 - scores)) - 0.5)))
    order = [int(np.flatnonzero((boxes == box).all(axis=1))[0]) for box in found.boxes]
    np.testing.assert_allclose(found.probabilities[:, 0], 1 - likely[order], atol=1e-6)
    np.testing.assert_allclose(
        found.probabilities[:, 1:], likely[order, None] * judged[order], atol=1e-6
    )
    assert found.labels.tolist() == (judged[order].argmax(axis=1) + 1).tolist()
    Detections.from_record([*found.as_record()])  # which checks it


def test_photographs_keep_their_order_with_and_without_faces(classifier, monkeypatch):
    detector = joined(classifier, FINDER)
    images = noise(80, 90, 70, 80, 90, 70, 80, 90, 90, 90, 80)
    together = detector.predict(images)
    assert [len(found) for found in together] == [2, 0, 1, 2, 0, 1, 2, 0, 0, 0, 2]
    for image, found in zip(images, together, strict=True):
        (alone,) = detector.predict([image])
        np.testing.assert_array_equal(alone.boxes, found.boxes)
        np.testing.assert_allclose(alone.probabilities, found.probabilities, atol=1e-6)
        assert found.boxes.dtype == found.probabilities.dtype == found.scores.dtype == np.float32
    assert detector.predict([]) == []


def test_faces_of_several_photographs_are_judged_together(classifier, monkeypatch):
    detector = joined(classifier, FINDER)
    asked = []
    judge = classifier.judge
    monkeypatch.setattr(classifier, "judge", lambda faces: asked.append(len(faces)) or judge(faces))
    detector.predict(noise(*[80] * 8, *[70] * 3))
    assert asked == [16, 3]


def test_a_batch_is_bounded(classifier, monkeypatch):
    """Who streams holds no more than a few photographs, however few faces they have."""
    monkeypatch.setattr("utils.classifier.two_stage.BATCH_BYTES", 3 * 60 * 90 * 3)
    detector = joined(classifier, FINDER)
    read = []
    stream = detector.stream(read.append(image) or image for image in noise(*[90] * 9))
    next(stream)
    assert len(read) == 3


def test_boxes_are_framed_as_annotations_are_before_faces_are_cut(classifier):
    detector = joined(classifier, FINDER, frame=(0.5, 0, 1, 2))
    (image,) = noise(70)
    (found,) = detector.predict([image])
    assert found.boxes.tolist() == [[10, 0, 30, 30]]
    judged = classifier.judge([cut_face(image, found.boxes[0], classifier.margin)])
    np.testing.assert_allclose(found.probabilities[0, 1:], 0.7 * judged[0], atol=1e-4)


def test_calibration_is_that_of_any_detector(classifier):
    """What evaluation takes back and does anew for the photographs that join is exact."""
    calibration = Calibration(1.7, -0.4)
    plain = joined(classifier, FINDER).predict(noise(80))[0]
    found = joined(classifier, FINDER, calibration=calibration).predict(noise(80))[0]
    np.testing.assert_allclose(
        found.probabilities, calibration.apply(plain).probabilities, atol=1e-6
    )
    np.testing.assert_allclose(
        np.sort(calibration.inverse().apply(found).scores), np.sort(plain.scores), atol=1e-5
    )


def test_a_class_that_was_not_learnt_stays_impossible(model):
    classifier = FaceClassifier(replace(model, fingerprints=None), device="cpu")
    detector = joined(classifier, FINDER, calibration=Calibration(9.0, 1.0))
    (found,) = detector.predict(noise(80))
    assert (found.probabilities[:, 3] == 0).all()
    np.testing.assert_allclose(found.probabilities.sum(axis=1), 1, atol=1e-6)
    assert 3 not in found.labels


def test_of_equal_classes_the_first_is_told():
    found = _detections(np.zeros((1, 4), np.float32), np.float32([[0.4, 0.2, 0.2, 0.2]]))
    assert found.labels.tolist() == [1]


def test_it_is_written_and_loaded_like_any_model(classifier, photographs, tmp_path):
    images = list(photographs.values())
    detector = put_together(classifier, make_finder("haar", smallest=40, largest=512))
    file = replace(
        detector.file,
        sureness=Sureness(0.7, 0.2),
        frame=(0.0, 0.01, 0.97, 0.99),
        threshold=0.31,
        calibration=Calibration(1.2, 0.1),
        metrics={"validation": {"map_50": 0.5}},
        evaluation={"photos": 3},
    )
    detector = TwoStageDetector(file, detector.finder, classifier)
    path = tmp_path / "model.pth"
    write_model(path, file)
    again = load_model(path, "cpu")
    assert isinstance(again, TwoStageDetector)
    assert (again.arch, again.threshold) == ("haar+centerface", 0.31)
    assert again.file.finder == file.finder
    assert again.evaluation == {"photos": 3}
    assert again.digest != "" and again.learnt is None
    for first, second in zip(*(it.predict(images) for it in (detector, again)), strict=True):
        assert len(first) > 0
        np.testing.assert_array_equal(first.boxes, second.boxes)
        np.testing.assert_array_equal(first.probabilities, second.probabilities)
    write_model(tmp_path / "twin.pth", file)
    assert (tmp_path / "twin.pth").read_bytes() == path.read_bytes()


def test_weights_of_the_finder_travel_in_the_file(classifier, photographs, tmp_path, monkeypatch):
    """A job has no package with weights, and needs none."""
    detector = put_together(classifier, make_finder("centerface"))
    path = tmp_path / "model.pth"
    write_model(path, detector.file)
    monkeypatch.setattr("utils.networks.published.find_spec", lambda name: None)
    again = load_model(path, "cpu")
    images = list(photographs.values())
    first, second = (it.predict(images) for it in (detector, again))
    for one, other in zip(first, second, strict=True):
        assert len(one) > 0
        np.testing.assert_array_equal(one.probabilities, other.probabilities)


def test_a_detector_finds_the_faces_within_the_file(classifier, tmp_path):
    tiny = write_detector(tmp_path / "detector.pth")
    finder = load_finder("detector", tiny, "cpu")
    detector = put_together(classifier, finder)
    path = tmp_path / "model.pth"
    write_model(path, detector.file)
    tiny.unlink()
    again = load_model(path, "cpu")
    images = noise(80, 70)
    for one, other in zip(detector.predict(images), again.predict(images), strict=True):
        np.testing.assert_array_equal(one.boxes, other.boxes)
    assert again.finder.identity == finder.identity


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"kind": "classifier"}, "'kind' is 'two_stage'|lacks|is no model file"),
        ({"schema": 9}, "'schema' is 9, expected 1"),
        ({"finder": {"name": "eyes", "options": {}}}, "field 'finder'.*no such finder"),
        ({"finder": 3}, "a field is not what this version writes"),
        ({"threshold": 2.0}, "threshold is"),
        ({"threshold": float("nan")}, "threshold is"),
        ({"frame": [0, 0, 1]}, "are not 4 numbers"),
        ({"frame": [0, 0, 0, 1]}, "frame is"),
        ({"calibration": {"temperature": 0.0, "background": 0.0}}, "calibration is"),
        ({"classifier": {"schema": 1}}, "its classifier.*'kind' is 'detector'"),
    ],
)
def test_a_file_that_is_not_what_it_should_be_is_told(classifier, tmp_path, change, told):
    path = tmp_path / "model.pth"
    content = put_together(classifier, make_finder("haar")).file.content()
    save_tensors(path, content | change)
    with pytest.raises(InputError, match=rf"model\.pth.*({told})"):
        load_model(path, "cpu")


def test_what_is_missing_is_named(classifier, tmp_path):
    path = tmp_path / "model.pth"
    content = put_together(classifier, make_finder("haar")).file.content()
    del content["sureness"]
    save_tensors(path, content)
    with pytest.raises(InputError, match=r"model\.pth: lacks sureness"):
        load_model(path, "cpu")


def test_weights_that_a_finder_needs_must_be_there(classifier, tmp_path):
    path = tmp_path / "model.pth"
    content = put_together(classifier, make_finder("haar")).file.content()
    save_tensors(path, content | {"finder": content["finder"] | {"name": "centerface"}})
    options = {"finder": content["finder"] | {"name": "centerface", "options": {}}}
    save_tensors(path, content | options)
    with pytest.raises(InputError, match="does not hold what centerface needs"):
        load_model(path, "cpu")


def test_another_cascade_than_it_was_made_with_is_refused(classifier, tmp_path):
    path = tmp_path / "model.pth"
    content = put_together(classifier, make_finder("haar")).file.content()
    content["finder"]["identity"] = "0" * 64
    save_tensors(path, content)
    with pytest.raises(InputError, match="was made with another haar than is installed here"):
        load_model(path, "cpu")


def test_what_either_stage_learnt_from_is_known(photographs):
    hopper, astronaut = (
        LearntPhotographs.of([fingerprint(image)]) for image in photographs.values()
    )
    assert learnt_by_all(None, None) is None
    both = LearntPhotographs.from_bytes(learnt_by_all(hopper, None, astronaut), "a file")
    assert len(both) == 2
    assert all(both.resemble(fingerprint(image)) for image in photographs.values())
