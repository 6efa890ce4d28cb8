import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.stats import binom

from utils.analysis.prevalence import (
    _most_likely,
    adjusted_counts,
    detector_quality,
    estimate_prevalence,
)

REPETITIONS = 300


def table(faces: list[list[int]], invented: list[int] = (0, 0, 0)) -> np.ndarray:
    """A 4 x 4 confusion matrix of rows (missed, as class 1, 2, 3) and invented boxes."""
    return np.array([[0, *invented], *faces])


PERFECT = table([[0, 9, 0, 0], [0, 0, 4, 0], [0, 0, 0, 2]])


def test_a_perfect_detector_needs_no_correction() -> None:
    new = np.array([[3, 1, 0], [2, 0, 1]])
    result = estimate_prevalence(PERFECT[None], new, 0, REPETITIONS)
    assert result["people"]["found"] == 7
    assert result["people"]["corrected"] == pytest.approx(7)
    assert result["properly_masked"]["share"] == pytest.approx(5 / 7)
    assert result["properly_masked"]["raw_share"] == pytest.approx(5 / 7)


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
    counts, inside = adjusted_counts(confusion[None], np.array([[600, 400, 0]]))
    expected = (apparent + specificity - 1) / (sensitivity + specificity - 1)
    assert counts[0, 0] / counts[0].sum() == pytest.approx(expected, abs=1e-5)
    assert inside[0]


def test_missed_invented_and_confused_faces_are_undone() -> None:
    """Boxes just as the test set's mistakes make them give the true numbers of people back."""
    confusion = 10_000 * table(
        [[20, 70, 8, 2], [30, 5, 60, 5], [40, 20, 10, 30]], invented=[15, 10, 5]
    )
    people = np.array([500.0, 300.0, 200.0])
    rates = confusion[1:, 1:] / confusion[1:].sum(axis=1, keepdims=True)
    of_faces = people @ rates
    share_invented = confusion[0, 1:] / confusion[:, 1:].sum()
    total = of_faces.sum() / (1 - share_invented.sum())
    found = of_faces + total * share_invented
    counts, _ = adjusted_counts(confusion[None], found[None])
    assert counts[0] == pytest.approx(people, rel=1e-3)


def test_counts_are_never_negative() -> None:
    confusion = table([[0, 80, 20, 0], [0, 20, 80, 0], [0, 0, 0, 50]])
    counts, inside = adjusted_counts(confusion[None], np.array([[100, 2, 0]]))
    assert not inside[0]
    assert (counts >= 0).all()
    assert counts[0].sum() == pytest.approx(102, rel=0.02)


def test_the_constrained_solution_has_the_greatest_likelihood() -> None:
    rates = np.array([[0.75, 0.2, 0.0], [0.2, 0.7, 0.02], [0.1, 0.1, 0.7]])
    found, invented = np.array([100.0, 3.0, 5.0]), np.array([2.0, 1.0, 0.5])
    ours = _most_likely(rates[None], found[None], invented[None])[0]

    def cost(people: np.ndarray) -> float:
        expected = people @ rates + invented
        return float((expected - found * np.log(expected)).sum())

    best = minimize(cost, [40.0, 40.0, 40.0], bounds=[(0, None)] * 3)
    assert cost(ours) == pytest.approx(best.fun, abs=1e-3)
    assert ours == pytest.approx(best.x, abs=0.1)


def test_a_class_without_test_faces_is_taken_to_fare_as_the_others() -> None:
    confusion = table([[20, 80, 0, 0], [20, 0, 80, 0], [0, 0, 0, 0]])
    counts, _ = adjusted_counts(confusion[None], np.array([[40, 40, 8]]))
    assert counts[0] == pytest.approx([50, 50, 10], rel=0.01)


def test_an_empty_test_set_leaves_the_counts_as_they_are() -> None:
    counts, _ = adjusted_counts(np.zeros((1, 4, 4)), np.array([[5, 3, 1]]))
    assert counts[0] == pytest.approx([5, 3, 1])


def test_nobody_found_has_no_share() -> None:
    result = estimate_prevalence(PERFECT[None], np.zeros((5, 3), int), 0, REPETITIONS)
    assert result["properly_masked"]["share"] is None
    assert result["properly_masked"]["interval"] is None
    assert result["people"] == {"found": 0, "corrected": 0.0, "interval": None}


def test_one_photograph_on_each_side_has_no_interval() -> None:
    result = estimate_prevalence(PERFECT[None], np.array([[3, 1, 0]]), 0, REPETITIONS)
    assert result["properly_masked"]["interval"] is None
    assert result["properly_masked"]["share"] == pytest.approx(0.75)


def photographs(rng: np.random.Generator, count: int, share: float) -> np.ndarray:
    """Confusion matrices of photographs of people, as a middling detector sees them."""
    rates = [[0.15, 0.78, 0.05, 0.02], [0.25, 0.1, 0.62, 0.03], [0.25, 0.25, 0.1, 0.4]]
    result = np.zeros((count, 4, 4), int)
    for photo in result:
        people = rng.multinomial(rng.geometric(0.2), [share, (1 - share) * 0.8, (1 - share) * 0.2])
        for true in range(3):
            photo[true + 1] = rng.multinomial(people[true], rates[true])
        photo[0, 1:] = rng.multinomial(rng.poisson(0.4), [0.6, 0.3, 0.1])
    return result


def test_in_simulation_the_interval_covers_the_truth_and_the_bias_goes() -> None:
    rng, truth = np.random.default_rng(3), 0.3
    covered, errors, raw = 0, [], []
    for _ in range(60):
        new = photographs(rng, 100, truth)[:, :, 1:].sum(axis=1)
        test = photographs(rng, 150, 0.7)
        result = estimate_prevalence(test, new, 0, 200)["properly_masked"]
        low, high = result["interval"]
        covered += low <= truth <= high
        errors.append(result["share"] - truth)
        raw.append(result["raw_share"] - truth)
    assert covered >= 52  # of 60; fewer has a chance of 1 in 500 if the coverage is 95 %
    assert abs(np.mean(errors)) < abs(np.mean(raw)) / 4


def test_equal_seeds_give_equal_intervals_and_order_does_not_matter() -> None:
    rng = np.random.default_rng(0)
    test, new = photographs(rng, 30, 0.5), photographs(rng, 20, 0.5)[:, :, 1:].sum(axis=1)
    first = estimate_prevalence(test, new, 7, REPETITIONS)
    assert estimate_prevalence(test[::-1], new[::-1], 7, REPETITIONS) == first
    other = estimate_prevalence(test, new, 8, REPETITIONS)["properly_masked"]
    assert other["interval"] != first["properly_masked"]["interval"]
    assert other["share"] == first["properly_masked"]["share"]


def test_a_worthless_detector_gives_no_answer() -> None:
    blind = table([[28, 1, 0, 0], [9, 1, 0, 0], [9, 0, 0, 0]], invented=[60, 0, 0])
    result = estimate_prevalence(np.repeat(blind[None], 9, 0), np.tile([[8, 0, 0]], (8, 1)), 0, 50)
    assert not result["reliable"]
    assert result["properly_masked"]["share"] is None
    assert result["properly_masked"]["interval"] is None
    assert result["properly_masked"]["raw_share"] == 1


@pytest.mark.parametrize(
    ("confusion", "expected"),
    [
        (table([[2, 6, 2, 0], [1, 1, 3, 0], [1, 1, 0, 3]], [1, 1, 1]), (16 / 20, 16 / 19, 0.5)),
        (table([[2, 8, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0]]), (0.8, 1, 1)),
        (table([[2, 8, 0, 0], [5, 0, 0, 0], [0, 0, 0, 0]]), (8 / 15, 1, None)),
        (table([[0, 0, 0, 0]] * 3), (None, None, None)),
    ],
)
def test_quality_computed_by_hand(confusion: np.ndarray, expected: tuple) -> None:
    assert tuple(detector_quality(confusion).values()) == pytest.approx(expected)


def test_everybody_masked_is_not_certain() -> None:
    """Eight photographs without a single other face: the exact bound, not 100 to 100 %."""
    new = np.tile([[3, 0, 0]], (8, 1))
    result = estimate_prevalence(np.repeat(PERFECT[None], 20, 0), new, 0, REPETITIONS)
    low, high = result["properly_masked"]["interval"]
    assert (low, high) == pytest.approx((0.025 ** (1 / 8), 1))
    assert binom.pmf(8, 8, low) == pytest.approx(0.025)
    low, high = result["corrected"]["without_mask"]["interval"]
    assert (low, high) == pytest.approx((0, 1 - 0.025 ** (1 / 8)), abs=1e-9)
