import numpy as np
import pytest

from benchmarks import evaluation_intervals
from benchmarks.simulated_photos import DETECTORS, TEST_MIX, photographs
from utils.metrics.average_precision import class_precision


@pytest.fixture
def pool(monkeypatch):
    monkeypatch.setattr(evaluation_intervals, "POOL", 3000)
    return photographs(np.random.default_rng(0), 3000, TEST_MIX, DETECTORS["good"])


def test_a_sharper_detector_has_the_higher_average_precision(pool) -> None:
    precision = class_precision(evaluation_intervals.rankings(pool))[:, 0, 0]
    assert precision[0] > precision[1] > precision[2] > 0.5, "the rarer, the harder"
    poor = photographs(np.random.default_rng(0), 3000, TEST_MIX, DETECTORS["poor"])
    assert (class_precision(evaluation_intervals.rankings(poor))[:, 0, 0] < precision).all()


def test_intervals_cover_the_truth_nearly_as_often_as_they_say(pool) -> None:
    rows = evaluation_intervals.table(pool, 60, 120, 200, np.random.default_rng(0))
    cover = {
        name: [int(cell.split(" / ")[0]) for cell in cells]
        for name, cells in rows.items()
        if "-" not in cells
    }
    assert min(cover["all"][:3]) >= 89 and cover["all"][3] >= 78
    assert min(cover["mask worn"]) >= 80


def test_the_table_is_printed(pool, monkeypatch, capsys) -> None:
    monkeypatch.setattr("sys.argv", ["evaluation_intervals.py", "--quick"])
    evaluation_intervals.main()
    said = capsys.readouterr().out
    assert said.count("\n") == 1 + 3 * 2 * 4 and " -" in said
