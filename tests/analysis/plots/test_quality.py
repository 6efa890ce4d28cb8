import numpy as np
import pytest

from tests.analysis.plots.conftest import texts
from utils.analysis.plots import quality as quality_plots
from utils.dataset.labels import CLASSES


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
