"""What the plots draw: their functions are called with `save` replaced, and the figure is read."""

import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

from utils.analysis.plots import class_distribution as distribution
from utils.analysis.plots import quality as quality_plots
from utils.analysis.plots import training as training_plots
from utils.dataset.labels import CLASSES

MODULES = (distribution, quality_plots, training_plots)


@pytest.fixture
def drawn(monkeypatch) -> list[Figure]:
    figures: list[Figure] = []
    for module in MODULES:
        monkeypatch.setattr(module, "save", lambda fig, output: figures.append(fig))
    return figures


def texts(figure: Figure) -> list[str]:
    return [text.get_text() for ax in figure.axes for text in ax.texts]


def test_faces_are_counted_by_side_and_class(photo, shard, drawn) -> None:
    train = shard("train.tar", photo("a", 1, 1, 2), photo("b", 3), photo("c"))
    test = shard("test.tar", photo("d", 1))
    assert distribution.count_faces(train) == {
        "photos": 3,
        "faces": {"with_mask": 2, "without_mask": 1, "mask_weared_incorrect": 1},
    }
    distribution.class_distribution([train, test], None)
    heights = [[bar.get_height() for bar in ax.patches] for ax in drawn[0].axes]
    assert heights == [[50, 100], [25, 0], [25, 0]]  # per cent of the side's faces, by class
    assert "50.0 %\n2" in texts(drawn[0])


def test_a_side_without_faces_can_be_drawn(drawn) -> None:
    distribution.plot_class_distribution({"val": {"photos": 0, "faces": {}}}, None)
    assert [bar.get_height() for ax in drawn[0].axes for bar in ax.patches] == [0, 0, 0]


def test_the_confusion_matrix_shows_share_and_number_with_no_face_last(drawn) -> None:
    counts = np.array([[0, 1, 2, 1], [10, 85, 3, 2], [0, 4, 12, 0], [0, 0, 0, 0]])
    quality_plots.confusion_matrix(counts, 0.4, None)
    cells = texts(drawn[0])
    assert cells[:4] == ["85 %", "85", "3 %", "3"]
    assert cells[6:8] == ["10 %", "10"]  # the missed are the last column
    assert cells[-3:] == ["25 %", "1", "-"]  # the last row's shares, and no cell for no face
    assert cells[16:18] == ["-", "0"]  # a class without faces has no shares


def test_precision_recall_draws_curves_to_where_they_reach_and_the_operating_point(drawn) -> None:
    recall = np.linspace(0, 1, 101).tolist()
    curve = {"recall": recall, "precision": [0.9] * 61 + [0.0] * 40}
    record = {
        "threshold": 0.4,
        "precision_recall": dict.fromkeys(CLASSES, curve),
        "average_precision": {
            "classes": {
                "with_mask": {"map_50": 0.55, "faces": 9},
                "without_mask": {"map_50": 0.5, "faces": 3},
                "mask_weared_incorrect": {"map_50": None, "faces": 0},
            }
        },
        "operating_point": {
            "classes": {
                "with_mask": {"precision": 0.9, "recall": 0.5},
                "without_mask": {"precision": None, "recall": 0.0},
            }
        },
    }
    quality_plots.precision_recall(record, None)
    lines = {line.get_label(): line.get_xydata() for line in drawn[0].axes[0].lines}
    assert lines["mask worn: AP 0.55  (9 faces)"][-1].tolist() == [0.6, 0.9]
    assert len(lines["mask worn incorrectly: no face in the test set"]) == 0
    dots = [line for line in drawn[0].axes[0].lines if line.get_marker() == "o"]
    assert [dot.get_xydata().tolist() for dot in dots] == [[[0.5, 0.9]]]


def test_calibration_draws_filled_bins_and_counts_all(drawn) -> None:
    def judged(*counts: int) -> dict:
        bins = [
            {
                "from": k / 10,
                "below": (k + 1) / 10,
                "count": count,
                "confidence": k / 10 + 0.05 if count else None,
                "right": 0.5 if count else None,
            }
            for k, count in enumerate(counts)
        ]
        return {"ece": 0.25, "log_loss": 1.0, "bins": bins}

    record = {"before": judged(0, 3, *[0] * 8), "after": judged(*[0] * 8, 5, 1200)}
    quality_plots.calibration(record, 0.4, None)
    left, right = drawn[0].axes
    lines = {line.get_label(): line.get_xydata().tolist() for line in left.lines}
    assert lines["before calibration: error 0.250"] == [[pytest.approx(0.15), 0.5]]
    assert [x for x, _ in lines["after calibration: error 0.250"]] == pytest.approx([0.85, 0.95])
    heights = [bar.get_height() for bar in right.patches]
    assert heights == [0, 3, *[0] * 8, *[0] * 8, 5, 1200]
    assert "1,200" in texts(drawn[0])


def epoch(number: int, loss: float, score: float | None, skipped: int = 0) -> dict:
    return {
        "epoch": number,
        "loss": {"total": loss, "classification": loss / 2},
        "validation": {"map": score, "map_50": score},
        "skipped_batches": skipped,
    }


def test_training_curves_follow_the_record(drawn) -> None:
    epochs = [epoch(1, 2.0, None), epoch(2, 1.0, 0.25, skipped=2), epoch(3, 0.5, 0.5)]
    training_plots.training_curves({"epochs": epochs}, None)
    left, right = drawn[0].axes
    assert left.lines[0].get_xydata().tolist() == [[1, 2.0], [2, 1.0], [3, 0.5]]
    assert right.lines[0].get_ydata() == pytest.approx([np.nan, 0.25, 0.5], nan_ok=True)
    assert "0.50" in texts(drawn[0])
    assert drawn[0].get_supxlabel() == "2 batches skipped for a non-finite loss"


@pytest.mark.parametrize("epochs", [[], [epoch(1, 2.0, None)], [epoch(1, 1.0, 0.1)]])
def test_training_that_hardly_began_can_be_drawn(epochs, tmp_path) -> None:
    training_plots.training_curves({"epochs": epochs}, tmp_path / "curves.png")
    assert Image.open(tmp_path / "curves.png").format == "PNG"


def trial(number: int, state: str, *values: float) -> dict:
    return {
        "number": number,
        "state": state,
        "value": values[-1] if state == "complete" else None,
        "values": list(values),
        "params": {},
    }


TRIALS = [
    trial(3, "complete", 0.1, 0.3),
    trial(0, "complete", 0.1, 0.2),
    trial(1, "pruned", 0.05),
    trial(2, "fail"),
    trial(4, "running"),
]


def test_the_history_shows_each_state_and_the_best_so_far(drawn) -> None:
    training_plots.hpo_history(TRIALS, None)
    left, right = drawn[0].axes
    points = {item.get_label(): item.get_offsets().tolist() for item in left.collections}
    assert points == {
        "complete": [[0, 0.2], [3, 0.3]],
        "pruned: worse than the median": [[1, 0.05]],
        "failed": [[2, 0]],
    }
    assert left.lines[0].get_ydata().tolist() == [0.2, 0.2, 0.2, 0.3, 0.3]
    assert "best: 0.300" in texts(drawn[0])
    assert right.lines[-1].get_ydata().tolist() == [0.1, 0.3]  # the best is drawn last, on top


@pytest.mark.parametrize("trials", [[], [trial(0, "fail")], [trial(0, "complete", 0.0)]])
def test_a_search_without_much_to_show_can_be_drawn(trials, tmp_path) -> None:
    training_plots.hpo_history(trials, tmp_path / "history.png")
    assert Image.open(tmp_path / "history.png").width > 1000


def test_equal_records_give_equal_pictures(tmp_path) -> None:
    for name in ("a.png", "b.png"):
        training_plots.hpo_history(TRIALS, tmp_path / name)
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()
