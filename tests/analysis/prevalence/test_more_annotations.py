import numpy as np
import pytest

from utils.analysis.prevalence.annotated import annotated_prevalence
from utils.analysis.prevalence.sampling import draw_sample, inclusion_probabilities

SEES = np.array([[0.75, 0.1, 0.02], [0.2, 0.5, 0.05], [0.3, 0.1, 0.3]])
"""A poor detector: chance that somebody of a class is found as each."""


@pytest.fixture(scope="module")
def photographs() -> tuple[np.ndarray, np.ndarray]:
    """Who is on 200 photographs, and what was found on them."""
    rng = np.random.default_rng(0)
    people = rng.multinomial(rng.geometric(0.2, 200), [0.6, 0.3, 0.1])
    found = [
        sum(rng.multinomial(n, [*row, 1 - sum(row)])[:3] for n, row in zip(one, SEES, strict=True))
        for one in people
    ]
    return people.astype(float), np.array(found, float)


def answer(photographs, number: int, seed: int, half_width: float | None = None) -> dict:
    people, found = photographs
    chances = inclusion_probabilities(found.sum(axis=1) + 1, number)
    chosen = draw_sample(chances, np.random.default_rng(seed))
    survey = chosen, people[chosen], chances[chosen]
    return annotated_prevalence(found, *survey, half_width=half_width)


def half_width(record: dict) -> float:
    low, high = record["interval"]
    return (high - low) / 2


def test_samples_of_the_number_that_it_tells_are_as_narrow_as_wanted(photographs):
    plans = [answer(photographs, 30, seed, 0.05)["plan"] for seed in range(30)]
    number = round(np.mean([plan["annotated"] for plan in plans]))
    assert number > 40
    widths = [half_width(answer(photographs, number, seed)) for seed in range(100, 130)]
    assert np.mean(widths) == pytest.approx(0.05, rel=0.1)
    whole = [half_width(answer(photographs, 200, seed)) for seed in range(3)]
    assert np.mean([plan["all"] for plan in plans]) == pytest.approx(np.mean(whole), rel=0.15)


def test_what_is_there_may_be_enough_and_all_may_be_too_few(photographs):
    record = answer(photographs, 30, 1, 0.2)
    assert record["plan"]["annotated"] == 30
    assert record["plan"]["now"] == pytest.approx(half_width(record))
    assert answer(photographs, 30, 1, 0.01)["plan"]["annotated"] is None
    assert answer(photographs, 30, 1)["plan"] is None
    with pytest.raises(ValueError, match="is not above 0 and below"):
        answer(photographs, 30, 1, 0.5)


def test_a_sample_without_any_error_plans_too():
    people = np.tile([[2.0, 1.0, 0.0]], (50, 1))
    chosen, chances = np.arange(10), np.full(10, 0.2)
    record = annotated_prevalence(people, chosen, people[chosen], chances, half_width=0.01)
    assert record["plan"]["now"] == pytest.approx(half_width(record))
