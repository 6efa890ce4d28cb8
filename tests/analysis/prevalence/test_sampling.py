import numpy as np
import pytest

from utils.analysis.prevalence.sampling import draw_sample, inclusion_probabilities

SIZES = np.array([1, 1, 2, 3, 5, 8, 1, 40, 2, 7])


def test_chances_follow_sizes_and_add_up() -> None:
    chances = inclusion_probabilities(np.array([1, 2, 3, 4]), 2)
    assert chances == pytest.approx([0.2, 0.4, 0.6, 0.8])
    assert inclusion_probabilities(np.ones(8), 2) == pytest.approx(np.full(8, 0.25))


def test_the_largest_are_certain_and_the_rest_share_what_is_left() -> None:
    chances = inclusion_probabilities(SIZES, 4)
    assert chances[7] == 1 and chances.sum() == pytest.approx(4)
    rest = np.delete(chances, 7)
    assert rest == pytest.approx(3 * np.delete(SIZES, 7) / 30)
    assert inclusion_probabilities(SIZES, 10) == pytest.approx(np.ones(10))
    assert inclusion_probabilities(np.array([5, 5, 1, 1]), 3) == pytest.approx([1, 1, 0.5, 0.5])


@pytest.mark.parametrize(("sizes", "number"), [([1, 1], 3), ([1, 1], 0), ([1, 0, 3], 2)])
def test_what_cannot_be_drawn_is_refused(sizes: list[int], number: int) -> None:
    with pytest.raises(ValueError, match="photograph"):
        inclusion_probabilities(np.array(sizes), number)


def test_photographs_are_drawn_as_often_as_said_and_none_twice() -> None:
    rng, chances = np.random.default_rng(0), inclusion_probabilities(SIZES, 4)
    often = np.zeros(len(SIZES))
    for _ in range(8000):
        drawn = draw_sample(chances, rng)
        assert len(set(drawn)) == 4
        often[drawn] += 1
    assert often / 8000 == pytest.approx(chances, abs=0.02)  # 3.6 standard errors


def test_the_first_few_of_a_sample_are_a_sample() -> None:
    rng, chances = np.random.default_rng(0), inclusion_probabilities(SIZES, 4)
    often = np.zeros(len(SIZES))
    for _ in range(8000):
        often[draw_sample(chances, rng)[:2]] += 1
    assert often / 8000 == pytest.approx(chances / 2, abs=0.02)


def test_all_may_be_drawn() -> None:
    drawn = draw_sample(np.ones(7), np.random.default_rng(0))
    assert sorted(drawn) == list(range(7))
