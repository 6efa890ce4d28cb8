import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from benchmarks import shift_test
from benchmarks.shift_test import Scene, compare, pool, regress


def test_many_regressions_at_once_are_those_of_scikit_learn() -> None:
    rng = np.random.default_rng(0)
    rows = np.concatenate([rng.normal(size=(80, 3)), np.ones((80, 1))], axis=1)
    sides = rng.random((2, 80)) < 1 / (1 + np.exp(-rows[:, 0]))
    weights = 2 * rng.random(80)
    told = regress(rows, sides, weights)
    for one, side in zip(told, sides, strict=True):
        model = LogisticRegression(C=1, tol=1e-8).fit(rows[:, :3], side, sample_weight=weights)
        assert one[:3] == pytest.approx(model.coef_[0], abs=0.01)
        assert one[3] == pytest.approx(model.intercept_[0], abs=0.01)


def test_simulated_photographs_differ_in_what_is_named() -> None:
    usual, darker = pool(Scene(), 0), pool(Scene(darker=1), 1)
    assert usual.photos[:, 1].mean() - darker.photos[:, 1].mean() == pytest.approx(1, abs=0.1)
    crowded, farther = pool(Scene(crowd=9), 2), pool(Scene(farther=0.5), 3)
    assert crowded.counts.sum() > 2.5 * usual.counts.sum()
    bare = [one.boxes[:, 2, 0].sum() / one.tables[:, 2, 1:].sum() for one in (usual, farther)]
    assert bare[0] - bare[1] == pytest.approx(0.5, abs=0.1)


def test_both_tests_find_what_differs_much_and_bursts_are_one() -> None:
    told = compare(Scene(0.5, crowd=15), 20, 1, 4, 80, 0)
    assert told["Hotelling 0.05"] == told["classifier 0.05"] == 1
    bursts = compare(Scene(), 8, 20, 6, 80, 0)  # of eight photographs hardly anything is told
    assert max(bursts["Hotelling 0.01"], bursts["classifier 0.01"]) <= 0.5


def test_the_table_is_printed(capsys) -> None:
    shift_test.main(["--quick"])
    said = capsys.readouterr().out
    assert "Hotelling" in said and "80 % masked" in said
