"""A model of two stages whose finder misses masked faces more often: naive and corrected rate."""

import hashlib
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from bs4 import BeautifulSoup

from tests.analysis.judging import KnowingClassifier, judged_photographs, split_of
from tests.analysis.report.small_run import write_report_of
from utils.analysis.evaluation.evaluate import write_evaluation
from utils.analysis.evaluation.pictures import drawings_of
from utils.analysis.prediction.predict import predict_shard
from utils.classifier.two_stage import TwoStageDetector
from utils.classifier.two_stage_file import Sureness
from utils.dataset.cut_faces import cut_face
from utils.dataset.labels import CLASSES
from utils.dataset.shards import read_shard
from utils.metrics.calibration import Calibration
from utils.records import read_record

FOUND = {1: 0.35, 2: 0.95}
"""How often the finder finds a face, by class: masked ones rarely."""

SURE = {1: (0.93, 0.05, 0.02), 2: (0.06, 0.9, 0.04)}
TRUTH = 0.5
TESTS, NEW, CROWD = 50, 50, 5


class BiasedFinder:
    """Finds the faces that it was told of, on the pictures that it knows."""

    name = "biased"

    def __init__(self) -> None:
        self.boxes: dict[bytes, np.ndarray] = {}

    def find(self, image: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        boxes = self.boxes[hashlib.sha256(image.tobytes()).digest()]
        return boxes, np.full(len(boxes), 0.9, np.float32)


def photographs(prefix: str, number: int, seed: int) -> dict:
    """Photographs of people of whom a share wears masks; one in 25 is judged wrongly."""
    rng = np.random.default_rng(seed)
    people = CROWD * number
    labels = rng.permutation(
        np.repeat([1, 2], [round(people * TRUTH), round(people * (1 - TRUTH))])
    )
    wrong = rng.random(people) < 0.04
    said = [SURE[3 - label if off else label] for label, off in zip(labels, wrong, strict=True)]
    rows = list(zip(labels.tolist(), said, strict=True))
    return {f"{prefix}{n:03d}": rows[CROWD * n : CROWD * (n + 1)] for n in range(number)}


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> Path:
    """A folder with the report of such a model."""
    folder = tmp_path_factory.mktemp("two_stages")
    classifier, finder = KnowingClassifier(), BiasedFinder()
    rng = np.random.default_rng(5)
    tests, new = photographs("t", TESTS, 1), photographs("n", NEW, 2)
    for name, some in (("test", tests), ("new", new)):
        clean, _ = judged_photographs(folder, classifier, some, side=name)
        for photo in read_shard(clean):
            image = photo.decode()
            faces = photo.read_annotation(*image.shape[1::-1]).faces
            found = [rng.random() < FOUND[label] for label in faces.labels.tolist()]
            finder.boxes[hashlib.sha256(image.tobytes()).digest()] = faces.boxes[found]
            for box, (_, said) in zip(faces.boxes, some[photo.name], strict=True):
                classifier.knows(cut_face(image, box, classifier.margin), said)
    file = SimpleNamespace(
        arch="biased + centerface",
        threshold=0.4,
        calibration=Calibration(),
        frame=(0, 0, 1, 1),
        sureness=Sureness(),
        learnt=None,
    )
    model = TwoStageDetector(file, finder, classifier, "b" * 64)
    pictures = [folder / f"{name}.png" for name in drawings_of("two_stage")]
    write_evaluation(
        model,
        folder / "test_clean.tar",
        0,
        json=folder / "evaluation.json",
        text=folder / "evaluation.txt",
        pictures=pictures,
        faces=folder / "test_faces.tar",
    )
    predict_shard(model, folder / "new_clean.tar", folder / "p.json", folder / "images.tar")
    write_report_of(folder, split_of(tests), pictures, task="classify")
    return folder


def test_the_correction_mends_what_the_finder_biases(run) -> None:
    record = read_record(run / "prevalence.json")
    masked = record["properly_masked"]
    assert record["kind"] == "two_stage" and record["reliable"]
    assert masked["raw_share"] == pytest.approx(0.28, abs=0.06)
    assert masked["share"] == pytest.approx(TRUTH, abs=0.08)
    low, high = masked["interval"]
    assert masked["raw_share"] < low < TRUTH < high


def test_the_evaluation_holds_both_stages(run) -> None:
    record = read_record(run / "evaluation.json", 2)
    whole, alone = record["operating_point"]["classes"], record["classification"]["classes"]
    assert (record["task"], record["model"]["kind"]) == ("classify", "two_stage")
    assert record["classification"]["faces"] == CROWD * TESTS == sum(record["faces"].values())
    assert alone["with_mask"]["recall"] == pytest.approx(0.96, abs=0.04)
    assert whole["with_mask"]["recall"] == pytest.approx(0.96 * FOUND[1], abs=0.08)
    assert record["average_precision"]["classes"]["with_mask"]["map_50"] < 0.7
    assert len(record["per_photo"]) == TESTS
    text = (run / "evaluation.txt").read_text()
    assert text.index(f"{TESTS} test photographs, {CROWD * TESTS} faces") < text.index(
        f"The classifier alone, on {CROWD * TESTS}"
    )


def test_the_report_shows_both_stages_and_both_rates(run) -> None:
    record = read_record(run / "prevalence.json")
    page = BeautifulSoup((run / "report.html").read_text(), "lxml")
    words = " ".join(page.text.replace("\xa0", " ").split())
    masked = record["properly_masked"]
    assert "does not find all faces alike: those of class 'mask worn' less often" in words
    both = f"Counted, the share is {100 * masked['raw_share']:.0f} %; corrected, "
    assert f"{both}{100 * masked['share']:.0f} %." in words
    assert "Of the annotated faces on the test photographs 50.0 % are of that class" in words
    heads = [head.text for head in page.select("#detector h3")]
    assert heads[0] == "By the size of the face" and "Its classifier alone" in heads
    assert len(page.select("#detector figure.plot")) == len(drawings_of("two_stage"))
    assert "judged as one face" not in words and "people after the correction" in words


def test_a_finder_that_is_even_is_not_called_biased(run) -> None:
    from utils.analysis.report.stages import stages

    evaluation, prevalence = (
        read_record(run / "evaluation.json", 2),
        read_record(run / "prevalence.json"),
    )
    told = stages(prevalence, evaluation)
    assert told["biased"] and told["uneven"] == pytest.approx(FOUND[1] - FOUND[2], abs=0.08)
    assert set(told["classes"]) == set(CLASSES[:2])
    for photo in evaluation["per_photo"]:
        table = np.array(photo["confusion"])
        table[1:, 1:], table[1:, 0] = np.diag(table[1:].sum(axis=1)), 0
        photo["confusion"] = table.tolist()
    even = stages(prevalence, evaluation)
    assert not even["biased"] and even["uneven"] == 0
    assert even["test"]["counted"] == pytest.approx(even["test"]["annotated"])
    evaluation["model"]["kind"] = "detector"
    assert stages(prevalence, evaluation) is None
