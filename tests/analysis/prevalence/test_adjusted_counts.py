import numpy as np
import pytest

from utils.analysis.prevalence.adjusted_counts import adjusted_counts, shares_of


def table(faces: list[list[int]], invented: list[int] = (0, 0, 0)) -> np.ndarray:
    """A 4 x 4 confusion matrix of rows (missed, as class 1, 2, 3) and invented boxes."""
    return np.array([[0, *invented], *faces])


def test_two_classes_give_the_estimator_of_rogan_and_gladen() -> None:
    sensitivity, specificity, apparent = 0.9, 0.8, 0.6
    many = 1_000_000  # so that the imaginary face of each class does not matter
    confusion = table(
        [
            [0, int(many * sensitivity), int(many * (1 - sensitivity)), 0],
            [0, int(many * (1 - specificity)), int(many * specificity), 0],
            [0, 0, 0, many],
        ]
    )
    counts = adjusted_counts(confusion[None], np.array([[600, 400, 0]]))
    expected = (apparent + specificity - 1) / (sensitivity + specificity - 1)
    assert counts[0, 0] / counts[0].sum() == pytest.approx(expected, abs=1e-5)


def test_missed_invented_and_confused_faces_are_undone() -> None:
    """Boxes just as the test set's mistakes make them give the true numbers of people back."""
    confusion = 10_000 * table(
        [[20, 70, 8, 2], [30, 5, 60, 5], [40, 20, 10, 30]], invented=[15, 10, 5]
    )
    people = np.array([500.0, 300.0, 200.0])
    rates = confusion[1:, 1:] / confusion[1:].sum(axis=1, keepdims=True)
    invented = confusion[0, 1:] / confusion[1:].sum()  # for every test face
    found = people @ rates + people.sum() * invented
    counts = adjusted_counts(confusion[None], found[None])
    assert counts[0] == pytest.approx(people, rel=1e-3)


def test_a_class_without_test_faces_is_taken_to_fare_as_the_others() -> None:
    confusion = table([[20, 80, 0, 0], [20, 0, 80, 0], [0, 0, 0, 0]])
    counts = adjusted_counts(confusion[None], np.array([[40, 40, 8]]))
    assert counts[0] == pytest.approx([50, 50, 10], rel=0.01)


def test_a_class_has_one_more_test_face_that_fares_as_the_average() -> None:
    """By hand: 6 of 12 test faces found, 4 of them rightly called, 3 boxes invented."""
    confusion = table([[4, 3, 1, 0], [1, 1, 1, 0], [1, 0, 0, 0]], invented=[3, 0, 0])
    recall, right = 6 / 12, 4 / 6
    share = np.full((3, 3), recall * (1 - right) / 2)
    np.fill_diagonal(share, recall * right)
    faces = np.array([[8], [3], [1]])
    expected = (confusion[1:, 1:] + share) / (faces + 1) + np.array([3, 0, 0]) / 12
    people = np.array([7.0, 2, 4])
    assert adjusted_counts(confusion, people @ expected) == pytest.approx(people)


def test_an_empty_test_set_leaves_the_counts_as_they_are() -> None:
    counts = adjusted_counts(np.zeros((1, 4, 4)), np.array([[5, 3, 1]]))
    assert counts[0] == pytest.approx([5, 3, 1])


def test_many_tables_at_once_are_solved_one_by_one() -> None:
    rng = np.random.default_rng(0)
    tables = rng.integers(1, 50, (2, 5, 4, 4))
    found = rng.integers(1, 90, (2, 5, 3))
    together = adjusted_counts(tables, found)
    assert together.shape == (2, 5, 3)
    assert together[1, 3] == pytest.approx(adjusted_counts(tables[1, 3], found[1, 3]))
    shared = adjusted_counts(tables, found[:, :1])
    assert shared[1, 3] == pytest.approx(adjusted_counts(tables[1, 3], found[1, 0]))


def test_shares_lie_between_nobody_and_all() -> None:
    counts = np.array([[6.0, 3, 1], [12, -2, 0], [0, 0, 0], [np.nan, 1, 1]])
    assert shares_of(counts)[0] == pytest.approx([0.6, 0.3, 0.1])
    assert shares_of(counts)[1] == pytest.approx([1, 0, 0])
    assert np.isnan(shares_of(counts)[2:, 0]).all()
