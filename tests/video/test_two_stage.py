"""Faces that a finder finds and a classifier judges are pooled over a track like a detector's."""

import json
from collections import Counter
from types import SimpleNamespace

import numpy as np
import pytest

import detect
from utils.apply.looking import Settings
from utils.classifier.finders.names import options_of
from utils.classifier.two_stage import TwoStageDetector
from utils.classifier.two_stage_file import AS_THEY_ARE, Sureness
from utils.dataset.labels import CLASSES
from utils.metrics.calibration import Calibration
from utils.video.frames import Frame
from utils.video.watch import watch

FRAMES, RATE = 60, 10
_NOISE = np.random.default_rng(0).integers(0, 255, (180, 320, 3)).astype(np.uint8)


def place(number: int) -> np.ndarray:
    """Somebody comes nearer: of a face 12 pixels wide to one of 50, most of the time small."""
    side = 12 + 38 * (number / (FRAMES - 1)) ** 3
    return np.array([100 + number, 40, 100 + number + side, 40 + 1.3 * side])


class Finder:
    """Finds the one face of each frame, which comes in order."""

    name, options = "yunet", options_of("yunet", {})

    def __init__(self) -> None:
        self.asked = 0

    def find(self, image: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        self.asked += 1
        return place(self.asked - 1)[None].astype(np.float32), np.array([0.97])


class Classifier:
    """Judges large faces right, with_mask, and takes small ones for bare."""

    classes, absent, margin, device = CLASSES, (), 0.0, "cpu"

    def __init__(self) -> None:
        self.told: Counter = Counter()

    def judge(self, faces) -> np.ndarray:
        rows = [[0.95, 0.03, 0.02] if face.shape[1] > 34 else [0.1, 0.85, 0.05] for face in faces]
        self.told.update(CLASSES[int(np.argmax(row))] for row in rows)
        return np.array(rows).reshape(-1, 3)


class Walk:
    """The frames."""

    name, live, gaps, doubts = "walk", False, (), ()

    def frames(self):
        for number in range(FRAMES):
            yield Frame(number / RATE, _NOISE)


def of_two_stages(finder: Finder) -> TwoStageDetector:
    file = SimpleNamespace(
        arch="stub+stub",
        threshold=0.5,
        calibration=Calibration(),
        frame=AS_THEY_ARE,
        sureness=Sureness(),
        evaluation=None,
        fingerprints=None,
        data_version="",
        metrics={},
    )
    return TwoStageDetector(file, finder, Classifier(), "0" * 64)


def test_a_few_good_views_outweigh_many_poor_ones_of_a_classifier_too():
    model = of_two_stages(Finder())
    people = [person for moment in watch(Walk(), model) for person in moment.ended]
    (person,) = people
    assert person.seen == FRAMES
    assert model.classifier.told["without_mask"] > 2 * model.classifier.told["with_mask"]
    assert person.title == "with_mask"
    assert person.shares.sum() == pytest.approx(1)
    assert person.best.time > 4.5  # the nearest


def test_a_classifier_judges_a_film_by_detect_py(film, scene, times, tmp_path, monkeypatch):
    """As `--faces NAME` puts it together: the same files, in the words of both stages."""

    class Knowing(Finder):
        def find(self, image):
            faces = scene.at(times[self.asked])
            self.asked += 1
            boxes = np.array([face.box for face in faces], np.float32).reshape(-1, 4)
            return boxes, np.full(len(boxes), 0.97)

    model = of_two_stages(Knowing())
    monkeypatch.setattr(Settings, "load", lambda settings: model)
    out = tmp_path / "out"
    words = [str(film), "--faces", "yunet", "--output", str(out), "--no-pictures"]
    assert detect.main(words) == 0
    record = json.loads((out / "rate.json").read_text())
    assert record["model"]["arch"] == "stub+stub"
    assert "which faces yunet misses is not known" in record["uncorrected"]
    assert 4 <= record["people"] <= 7
    assert record["counts"]["with_mask"] + record["counts"]["without_mask"] == record["people"]
