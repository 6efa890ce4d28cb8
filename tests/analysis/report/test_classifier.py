"""The report of a classifier: the same page, in words of pictures that are one face each."""

import csv
from pathlib import Path

import numpy as np
import pytest
from bs4 import BeautifulSoup
from PIL import Image

from tests.analysis.judging import KnowingClassifier, judged_photographs, split_of
from tests.analysis.report.small_run import write_report_of
from utils.analysis.evaluation.carried import carry, unpacked
from utils.analysis.evaluation.evaluate import write_evaluation
from utils.analysis.evaluation.pictures import drawings_of
from utils.analysis.prediction.predict import predict_shard
from utils.analysis.report.estimates import estimates
from utils.analysis.report.kinds import in_words_of, kind_of
from utils.dataset.labels import CLASSES
from utils.dataset.shards import read_shard
from utils.drawing.one_face import SIDE
from utils.records import read_record

SURE = {1: (0.9, 0.1, 0.0), 2: (0.2, 0.8, 0.0)}
TESTS, NEW = 45, 24


def photographs(prefix: str, number: int, masked: int) -> dict:
    """Photographs of two people; `masked` of three wear a mask, one bare face of six is missed."""
    labels = [1 if n % 3 < masked else 2 for n in range(2 * number)]
    bare = np.cumsum([label == 2 for label in labels])
    rows = [
        (label, SURE[1] if label == 2 and bare[n] % 6 == 0 else SURE[label])
        for n, label in enumerate(labels)
    ]
    return {f"{prefix}{n:03d}": rows[2 * n : 2 * n + 2] for n in range(number)}


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> Path:
    folder, classifier = tmp_path_factory.mktemp("classifier"), KnowingClassifier()
    classifier.absent = (CLASSES[2],)
    tests, new = photographs("t", TESTS, 1), photographs("n", NEW, 2)
    clean, faces = judged_photographs(folder, classifier, tests)
    _, pictures_to_judge = judged_photographs(folder, classifier, new, side="new")
    pictures = [folder / f"{name}.png" for name in drawings_of("classifier")]
    files = {"json": folder / "evaluation.json", "text": folder / "evaluation.txt"}
    write_evaluation(classifier, clean, 0, faces=faces, pictures=pictures, **files)
    predict_shard(classifier, pictures_to_judge, folder / "p.json", folder / "images.tar")
    write_report_of(folder, split_of(tests), pictures, task="classify")
    return folder


@pytest.fixture(scope="module")
def page(run) -> BeautifulSoup:
    return BeautifulSoup((run / "report.html").read_text(), "lxml")


def words_of(part) -> str:
    return " ".join(part.get_text(" ").replace("\xa0", " ").split())


def test_the_rate_is_corrected_for_what_is_confused(run) -> None:
    record = read_record(run / "prevalence.json")
    masked = record["properly_masked"]
    assert record["kind"] == "classifier" and record["reliable"]
    assert record["people"]["found"] == 2 * NEW == pytest.approx(record["people"]["corrected"])
    assert masked["raw_share"] == pytest.approx(2 / 3 + 1 / 24, abs=0.02)
    assert masked["share"] == pytest.approx(2 / 3, abs=0.03)
    assert masked["interval"][0] < 2 / 3 < masked["interval"][1]


def test_the_answer_is_told_of_pictures_and_faces(run, page) -> None:
    record = read_record(run / "prevalence.json")
    assert "of the people on 48 new pictures wear a mask (95 % interval" in record["answer"]
    assert "The classifier judged 48 pictures, each as one face, and took" in record["explanation"]
    assert "confused among 90 test faces." in record["explanation"]
    assert any(
        one.startswith("Each new picture was judged as one face") for one in record["caveats"]
    )
    told = words_of(page.select_one("#answer")) + words_of(page.select_one(".warn"))
    assert "detector" not in told and "photograph" not in told.replace("annotated pictures", "")


def test_no_sentence_speaks_of_a_detector_or_of_boxes(page) -> None:
    for section in ("trust", "photographs", "detector", "data", "training"):
        told = words_of(page.select_one(f"#{section}"))
        assert "detector" not in told and " boxes" not in told, section
    assert [link.text for link in page.select("nav a")][:4] == [
        "Answer", "When not to trust it", "Pictures", "Classifier",
    ]  # fmt: skip


def test_the_classifier_is_judged_with_intervals_and_shown(run, page) -> None:
    section = page.select_one("#detector")
    record = read_record(run / "evaluation.json", 2)["classification"]
    assert section.h2.text == "How good the classifier is"
    low, high = record["classes"]["with_mask"]["intervals"]["auc"]
    assert f"{low:.3f} to {high:.3f}" in [small.text for small in section.select("td small")]
    assert "Not learnt: mask worn incorrectly." in words_of(section)
    rows = [[cell.text.replace("\xa0", " ") for cell in row.select("td")] for row in section("tr")]
    assert ["mask worn incorrectly", "0", "0", *["-"] * 6] in [
        [cell.strip() for cell in row] for row in rows
    ]
    wrong = record["mistakes"][0]
    assert any(
        row[:1] == ["1 called mask worn, 90 %"] and wrong["photograph"] in row for row in rows
    )
    assert len(section.select("figure.plot")) == len(drawings_of("classifier"))
    alts = [image["alt"] for image in section.select("img")]
    assert "Confusion matrix of the test faces" in alts


def test_accuracies_stand_at_the_top(run, page) -> None:
    record = read_record(run / "evaluation.json", 2)["classification"]
    tiles = [words_of(tile) for tile in page.select(".tiles > div")]
    assert tiles[0] == "48 new pictures judged, each as one face"
    assert tiles[1].startswith(f"{100 * record['accuracy']:.0f} % of the test faces were given")
    assert tiles[2].startswith(f"{100 * record['balanced_accuracy']:.0f} % balanced accuracy")


def test_every_picture_has_a_row_and_a_drawing_of_its_own(run) -> None:
    with (run / "predictions.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 2 * NEW and {row["no_face"] for row in rows} == {"0.0"}
    assert {row["passed_threshold"] for row in rows} == {"yes"}
    head = (run / "predictions.txt").read_text().splitlines()[0]
    assert head == "# People on 48 new photographs, each judged as one face."
    drawings = list(read_shard(run / "images.tar"))
    assert len(drawings) == 2 * NEW and drawings[0].decode().shape[1] == SIDE
    assert Image.open(run / "predicted_image.png").width == SIDE


def test_what_a_model_file_carries_gives_the_same_rate(run) -> None:
    """`detect.py` with such a classifier corrects as the report does."""
    from utils.analysis.prediction.merged import read_predictions

    evaluation = read_record(run / "evaluation.json", 2)
    split = read_record(run / "split.json")
    again, deal = unpacked(carry(evaluation, split), "m.pth")
    assert kind_of(again) == "classifier"
    assert not any("photograph" in one for one in again["per_photo"])
    predictions = read_predictions([run / "p.json"], evaluation)
    mine = estimates(again, predictions, deal, 0)
    report = read_record(run / "prevalence.json")
    assert mine["properly_masked"] == pytest.approx(report["properly_masked"])
    assert mine["kind"] == "classifier"
    told = again["classification"]
    assert told["balanced_accuracy"] == evaluation["classification"]["balanced_accuracy"]
    assert "t000" not in repr(told), "no name of a photograph travels"


def test_only_whole_words_become_those_of_a_classifier() -> None:
    text = "the detector on test photographs, face_mask_detector.pth, photographs and detectors"
    assert in_words_of("detector", text) == in_words_of("two_stage", text) == text
    assert in_words_of("classifier", text) == (
        "the classifier on test faces, face_mask_detector.pth, pictures and detectors"
    )
