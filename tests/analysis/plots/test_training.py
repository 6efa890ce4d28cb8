import numpy as np
import pytest
from PIL import Image

from tests.analysis.plots.conftest import texts
from utils.analysis.plots import training as training_plots


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


def test_losses_of_validation_are_drawn_against_those_of_training(drawn) -> None:
    epochs = [epoch(1, 2.0, 0.1), epoch(2, 1.0, 0.2)]
    for loss, one in zip((1.8, 1.5), epochs, strict=True):
        one["validation"]["loss"] = {"total": loss, "classification": loss / 3}
    training_plots.training_curves({"epochs": epochs}, None)
    left = drawn[0].axes[0]
    lines = [line for line in left.lines if len(line.get_xdata())]
    assert [line.get_ydata().tolist() for line in lines] == [
        *([2.0, 1.0], [1.8, 1.5]),
        *([1.0, 0.5], pytest.approx([0.6, 0.5])),
    ]
    assert [line.get_linestyle() for line in lines] == ["-", ":", "-", ":"]
    assert lines[0].get_color() == lines[1].get_color() != lines[2].get_color()
    assert left.get_legend_handles_labels()[1] == [
        *("total", "class of a face", "dotted: on validation photographs"),
    ]


@pytest.mark.parametrize("epochs", [[], [epoch(1, 2.0, None)], [epoch(1, 1.0, 0.1)]])
def test_training_that_hardly_began_can_be_drawn(epochs, tmp_path) -> None:
    training_plots.training_curves({"epochs": epochs}, tmp_path / "curves.png")
    assert Image.open(tmp_path / "curves.png").format == "PNG"


def trial(number: int, state: str, *values: float, error: float = 0.02) -> dict:
    return {
        "number": number,
        "state": state,
        "value": values[-1] if state == "complete" else None,
        "values": list(values),
        "error": error if state == "complete" else None,
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
    training_plots.hpo_history(TRIALS, 3, "mAP", None)
    left, right = drawn[0].axes
    assert left.get_ylabel() == "validation mAP"
    points = {item.get_label(): item.get_offsets().tolist() for item in left.collections}
    assert points == {
        "complete": [[0, 0.2], [3, 0.3]],
        "pruned: worse than the median": [[1, 0.05]],
        "failed": [[2, 0]],
    }
    assert left.lines[0].get_ydata().tolist() == [0.2, 0.2, 0.2, 0.3, 0.3]
    assert "kept: 0.300" in texts(drawn[0])
    assert right.lines[-1].get_ydata().tolist() == [0.1, 0.3]  # the best is drawn last, on top


def test_the_history_marks_the_trial_that_was_kept_though_another_is_higher(drawn) -> None:
    training_plots.hpo_history(
        [trial(0, "complete", 0.2), trial(1, "complete", 0.21)], 0, "mAP", None
    )
    left, right = drawn[0].axes
    assert "kept: 0.200" in texts(drawn[0]) and "kept: 0.210" not in texts(drawn[0])
    assert "blue: trial 0, whose settings are used" in texts(drawn[0])
    assert right.lines[-1].get_ydata().tolist() == [0.2]
    bars = {line.get_label(): line.get_ydata() for line in left.lines}
    assert bars["to beat: trial 0 and its standard error"] == pytest.approx([0.22, 0.22])
    assert left.get_ylim()[1] > 0.22


@pytest.mark.parametrize(
    ("trials", "kept"), [([], None), ([trial(0, "fail")], None), ([trial(0, "complete", 0.0)], 0)]
)
def test_a_search_without_much_to_show_can_be_drawn(trials, kept, tmp_path) -> None:
    training_plots.hpo_history(trials, kept, "mAP", tmp_path / "history.png")
    assert Image.open(tmp_path / "history.png").width > 1000


def test_equal_records_give_equal_pictures(tmp_path) -> None:
    for name in ("a.png", "b.png"):
        training_plots.hpo_history(TRIALS, 3, "mAP", tmp_path / name)
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()
