import numpy as np
import pytest

from tests.metrics.test_classification import judged
from utils.metrics.bootstrap import draws_of
from utils.metrics.classification import Judged
from utils.metrics.one_against_rest import OneAgainstRest


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("label", [1, 2, 3])
def test_curves_and_areas_are_those_of_scikit_learn(seed: int, label: int) -> None:
    from sklearn.metrics import (
        average_precision_score,
        precision_recall_curve,
        roc_auc_score,
        roc_curve,
    )

    one = judged(seed, faces=20 + 50 * seed, groups=9)
    truth, scores = one.labels == label, one.probabilities[:, label - 1]
    ranked = OneAgainstRest.of(one, label)
    areas = ranked.areas()
    assert areas["auc"] == pytest.approx([roc_auc_score(truth, scores)])
    expected = average_precision_score(truth, scores)
    assert areas["average_precision"] == pytest.approx([expected])
    expected = roc_curve(truth, scores, drop_intermediate=False)[:2]
    assert np.allclose(ranked.roc(), expected)
    precision, recall, _ = precision_recall_curve(truth, scores)
    mine = ranked.precision_recall()
    first = len(precision) - 1 - len(mine[0])  # scikit-learn ends where all recall is reached
    assert first == 0
    assert np.allclose(mine[0], precision[-2::-1]) and np.allclose(mine[1], recall[-2::-1])


@pytest.mark.parametrize("seed", range(3))
def test_resamples_are_those_of_scikit_learn_with_weights(seed: int) -> None:
    from sklearn.metrics import average_precision_score, roc_auc_score

    one = judged(seed, faces=80, groups=25)
    _, place = np.unique(one.groups, return_inverse=True)
    weights = draws_of(place.max() + 1, 12, np.random.default_rng(seed))
    told = OneAgainstRest.of(one, 2).areas(weights)
    truth, scores = one.labels == 2, one.probabilities[:, 1]
    for number, row in enumerate(weights):
        often = row[place]
        expected = roc_auc_score(truth, scores, sample_weight=often)
        assert told["auc"][number] == pytest.approx(expected)
        expected = average_precision_score(truth, scores, sample_weight=often)
        assert told["average_precision"][number] == pytest.approx(expected)


def test_what_cannot_be_told_is_nan() -> None:
    sure = np.eye(3, dtype=np.float32)[[0, 0, 1]]
    one = Judged(np.array([1, 1, 1]), sure, np.arange(3))
    areas = OneAgainstRest.of(one, 1).areas()
    assert np.isnan(areas["auc"][0]) and areas["average_precision"][0] == 1
    areas = OneAgainstRest.of(one, 3).areas()
    assert np.isnan(areas["auc"][0]) and np.isnan(areas["average_precision"][0])
    nobody = OneAgainstRest.of(one[np.zeros(3, bool)], 1).areas()
    assert np.isnan(nobody["auc"]).all() and np.isnan(nobody["average_precision"]).all()


def test_blocks_of_resamples_do_not_matter(monkeypatch) -> None:
    one = judged(0, faces=50, groups=50)
    ranked = OneAgainstRest.of(one, 1)
    weights = draws_of(int(ranked.group.max()) + 1, 30, np.random.default_rng(0))
    whole = ranked.areas(weights)
    monkeypatch.setattr("utils.metrics.one_against_rest._BLOCK", 350)
    assert np.array_equal(ranked.areas(weights)["auc"], whole["auc"])
