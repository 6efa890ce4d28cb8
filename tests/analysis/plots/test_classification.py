import numpy as np
import pytest
from PIL import Image

from tests.analysis.judging import KnowingClassifier, judged_photographs
from tests.analysis.plots.conftest import texts
from tests.metrics.test_classification import judged
from utils.analysis.evaluation.classification import classification_record
from utils.analysis.plots import classification as classification_plots
from utils.analysis.plots import judged_faces
from utils.analysis.plots import quality as quality_plots
from utils.analysis.plots import training as training_plots
from utils.analysis.plots.judged_faces import ALONE, GAP, LINE, PAIRED, words


@pytest.fixture
def record() -> dict:
    some = judged(1, faces=300, groups=100, classes=2)
    return classification_record(some, np.full(300, 20.0), 0, ("mask_weared_incorrect",))


def test_roc_has_a_dot_where_the_likeliest_class_decides(drawn, record) -> None:
    classification_plots.roc(record, None)
    ax = drawn[0].axes[0]
    part = record["classes"]["with_mask"]
    low, high = part["intervals"]["auc"]
    label = f"mask worn: AUC {part['auc']:.3f} [{low:.3f} {high:.3f}]  ({part['faces']} faces)"
    lines = {line.get_label(): line.get_xydata() for line in ax.lines}
    assert lines[label][0].tolist() == [0, 0] and lines[label][-1].tolist() == [1, 1]
    assert "mask worn incorrectly: not learnt" in lines
    dots = [line.get_xydata()[0].tolist() for line in ax.lines if line.get_marker() == "o"]
    assert dots[0] == [pytest.approx(1 - part["specificity"]), part["recall"]]
    assert len(dots) == 2


def test_precision_recall_shows_what_chance_gives(drawn, record) -> None:
    classification_plots.precision_recall(record, None)
    ax = drawn[0].axes[0]
    chance = [line.get_ydata()[0] for line in ax.lines if line.get_linestyle() == "--"]
    shares = [record["classes"][name]["faces"] / 300 for name in ("with_mask", "without_mask")]
    assert chance == pytest.approx(shares)


def test_the_confusion_matrix_of_given_faces_has_no_row_of_nobody(drawn) -> None:
    counts = np.array([[0] * 4, [0, 8, 2, 0], [0, 1, 3, 0], [0] * 4])
    quality_plots.confusion_matrix(counts, None, None)
    assert texts(drawn[0]) == ["80 %", "8", "20 %", "2", "25 %", "1", "75 %", "3"]
    labels = [label.get_text() for label in drawn[0].axes[0].get_xticklabels()]
    assert labels[:2] == ["mask worn", "no mask"] and "not found" not in labels


def test_training_curves_of_a_classifier_are_of_its_accuracy(drawn) -> None:
    told = {"balanced_accuracy": 0.61, "accuracy": 0.9, "loss": {"total": 1.0}}
    epochs = [{"epoch": 1, "loss": {"total": 2.0}, "validation": told}]
    training_plots.training_curves({"task": "classify", "epochs": epochs}, None)
    left, right = drawn[0].axes
    assert right.get_title(loc="left") == "Accuracy on validation faces"
    assert [line.get_ydata()[0] for line in right.lines] == [0.61, 0.9]
    assert "dotted: on validation faces" in [line.get_label() for line in left.lines]


def face(name: str, truth: str, claim: str, *told: float) -> dict:
    names = ("with_mask", "without_mask", "mask_weared_incorrect")
    return {
        "face": name,
        "photograph": name.partition("_face")[0],
        "truth": truth,
        "claim": claim,
        "confidence": max(told),
        "probabilities": dict(zip(names, told, strict=True)),
        "side": 20.0,
    }


def test_words_say_what_it_was_called_and_what_it_is() -> None:
    wrong = face("a_face1", "with_mask", "without_mask", 0.3, 0.7, 0.0)
    assert words(wrong) == ("called no mask, 70 %", "it is mask worn")
    assert words(wrong | {"truth": "without_mask"}) == ("no mask, 70 %", "right")


def test_faces_are_shown_with_bars_and_heat(tmp_path) -> None:
    classifier = KnowingClassifier()
    some = {"a": [(1, (0.3, 0.7, 0.0))], "b": [(2, (0.1, 0.8, 0.1))]}
    _, shard = judged_photographs(tmp_path, classifier, some)
    shown = [
        face("a_face1", "with_mask", "without_mask", 0.3, 0.7, 0.0),
        face("b_face1", "without_mask", "without_mask", 0.1, 0.8, 0.1),
    ]
    judged_faces.draw_mistakes(shown[:1], shard, tmp_path / "m.png")
    sheet = np.array(Image.open(tmp_path / "m.png"))
    bar = sheet[GAP + LINE + ALONE + 6, GAP : GAP + ALONE]
    green, red = ((bar == ink).all(axis=1).sum() for ink in ((0, 158, 115), (213, 94, 0)))
    assert (green, red) == (round(0.3 * ALONE), round(0.7 * ALONE))
    asked = []

    def looks(faces, labels):
        asked.extend(labels)
        return [np.eye(*one.shape[:2]) for one in faces]

    judged_faces.draw_looks(shown, shard, looks, tmp_path / "g.png")
    assert asked == [2, 2], "where it looked for what it said"
    sheet = np.array(Image.open(tmp_path / "g.png")).astype(int)
    heat = sheet[GAP + LINE :, GAP + PAIRED + 4 :][:PAIRED, :PAIRED].sum(axis=2)
    on, off = np.diag(heat)[20:-20].mean(), np.diag(np.fliplr(heat))[20:90].mean()
    assert on > 2 * off, "bright where it looked"
    judged_faces.draw_mistakes([], shard, tmp_path / "m.png")
    assert Image.open(tmp_path / "m.png").height < ALONE
