import numpy as np
import pytest

from utils.metrics.classification import Judged, accuracies, scoring_rules


def judged(seed: int, faces: int, groups: int, classes: int = 3) -> Judged:
    """Faces judged at random, rightly more often than not."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(1, classes + 1, faces)
    logits = rng.normal(0, 1, (faces, 3)) + 1.2 * np.eye(3)[labels - 1]
    logits[:, classes:] = -np.inf
    odds = np.exp(logits)
    probabilities = (odds / odds.sum(axis=1, keepdims=True)).round(2)  # so that there are ties
    probabilities[:, 0] += 1 - probabilities.sum(axis=1)
    return Judged(labels, probabilities.astype(np.float32), rng.integers(0, groups, faces))


@pytest.mark.parametrize("seed", range(8))
def test_accuracies_are_those_of_scikit_learn(seed: int) -> None:
    from sklearn.metrics import accuracy_score, balanced_accuracy_score, confusion_matrix

    one = judged(seed, faces=30 + 40 * seed, groups=9 + seed, classes=2 + seed % 2)
    told = accuracies(one)
    assert told["accuracy"] == pytest.approx(accuracy_score(one.labels, one.said))
    expected = balanced_accuracy_score(one.labels, one.said)
    assert told["balanced_accuracy"] == pytest.approx(expected)
    table = one.tables().sum(axis=0)
    expected = confusion_matrix(one.labels, one.said, labels=[1, 2, 3])
    assert table[1:, 1:].tolist() == expected.tolist()
    assert not table[0].any() and not table[:, 0].any(), "every face is there and is judged"
    for name in ("accuracy", "balanced_accuracy"):
        low, high = told["intervals"][name]
        assert low < told[name] < high


@pytest.mark.parametrize("seed", range(4))
def test_brier_and_log_loss_are_those_of_scikit_learn(seed: int) -> None:
    from sklearn.metrics import brier_score_loss, log_loss

    one = judged(seed, faces=60, groups=20)
    told = scoring_rules(one, 400, np.random.default_rng(0))
    sure = np.asarray(one.probabilities, np.float64)
    sure = sure / sure.sum(axis=1, keepdims=True)
    expected = brier_score_loss(one.labels, sure, labels=[1, 2, 3], scale_by_half=False)
    assert told["brier"] == pytest.approx(expected, abs=1e-5)
    expected = log_loss(one.labels, sure.clip(1e-12), labels=[1, 2, 3])
    assert told["log_loss"] == pytest.approx(expected, rel=1e-4)
    for name in ("brier", "log_loss"):
        low, high = told["intervals"][name]
        assert low < told[name] < high


def test_faces_of_one_photograph_tell_less_than_as_many_of_different_ones() -> None:
    """Eight alike on each photograph are as one, but the numbers themselves stay."""
    alone = judged(1, faces=100, groups=10**6)
    crowd = Judged(*(np.repeat(part, 8, axis=0) for part in (alone.labels, alone.probabilities)),
                   np.repeat(np.arange(100), 8))  # fmt: skip
    as_many = Judged(crowd.labels, crowd.probabilities, np.arange(800))
    one, together, apart = (accuracies(each) for each in (alone, crowd, as_many))
    for name in ("accuracy", "balanced_accuracy"):
        assert one[name] == pytest.approx(together[name])
        assert together["intervals"][name] == pytest.approx(one["intervals"][name], abs=2e-3)
        widths = [np.diff(each["intervals"][name])[0] for each in (together, apart)]
        assert widths[0] > 2.4 * widths[1]
    rules = [scoring_rules(each, 2000, np.random.default_rng(0)) for each in (crowd, as_many)]
    widths = [np.diff(each["intervals"]["brier"])[0] for each in rules]
    assert widths[0] > 2.4 * widths[1]


def test_where_there_is_too_little_there_is_no_number_and_no_interval() -> None:
    nobody = judged(0, faces=5, groups=3)[np.zeros(5, bool)]
    told = accuracies(nobody)
    assert told["faces"] == 0 and told["accuracy"] is None and told["balanced_accuracy"] is None
    assert set(told["intervals"].values()) == {None}
    rules = scoring_rules(nobody, 50, np.random.default_rng(0))
    assert rules["brier"] is None and rules["intervals"]["log_loss"] is None
    one_group = Judged(np.array([1, 2]), np.eye(3, dtype=np.float32)[[0, 0]], np.array([7, 7]))
    told = accuracies(one_group)
    assert told["accuracy"] == told["balanced_accuracy"] == 0.5
    assert set(told["intervals"].values()) == {None}
    lonely = Judged(
        np.array([1, 1, 2]), np.eye(3, dtype=np.float32)[[0, 0, 1]], np.array([1, 2, 3])
    )
    told = accuracies(lonely)["intervals"]
    assert told["accuracy"] is not None and told["balanced_accuracy"] is None
