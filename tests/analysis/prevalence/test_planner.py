import numpy as np
import pytest

from benchmarks.simulated_photos import DETECTORS, TEST_MIX, Photographs, photographs
from utils.analysis.prevalence.annotated import annotated_prevalence
from utils.analysis.prevalence.estimate import estimate_prevalence
from utils.analysis.prevalence.planner import Pilot, pilot, plan
from utils.analysis.prevalence.sampling import draw_sample, inclusion_probabilities

Pools = tuple[Photographs, Photographs]


@pytest.fixture(scope="module")
def pools() -> Pools:
    rng = np.random.default_rng(0)
    mixes = TEST_MIX, (0.5, 0.4, 0.1)
    return tuple(photographs(rng, 8000, mix, DETECTORS["middling"]) for mix in mixes)


@pytest.fixture(scope="module")
def pilots(pools: Pools) -> list[Pilot]:
    rng = np.random.default_rng(1)
    return [pilot(*drawn(pools, rng, 139, 80)[1], number, 400) for number in range(40)]


def drawn(pools: Pools, rng: np.random.Generator, test: int, new: int) -> tuple:
    """Draw test and new photographs: by label and by probability, as the estimate takes them."""
    at = rng.integers(0, 8000, test), rng.integers(0, 8000, new)
    return tuple(
        (getattr(pools[0], name)[at[0]], getattr(pools[1], name)[at[1]][..., 1:].sum(axis=1))
        for name in ("labels", "expected")
    )


@pytest.mark.parametrize(("test", "new"), [(139, 500), (600, 80), (600, 500)])
def test_predicted_half_widths_are_those_of_later_answers(pools, pilots, test, new) -> None:
    rng, halves = np.random.default_rng(2), []
    for number in range(40):
        labels, soft = drawn(pools, rng, test, new)
        answer = estimate_prevalence(*labels, number, 400, expected=soft)["properly_masked"]
        halves.append(np.diff(answer["interval"])[0] / 2)
    predicted = np.mean([first.half_width(new, test) for first in pilots])
    assert predicted == pytest.approx(np.mean(halves), rel=0.1)


@pytest.mark.parametrize(("annotated", "new"), [(30, 200), (80, 600)])
def test_predicted_half_widths_of_annotations_are_those_of_later_answers(
    pools, pilots, annotated, new
) -> None:
    rng, halves = np.random.default_rng(3), []
    for _ in range(80):
        at = rng.integers(0, 8000, new)
        found = pools[1].expected[at][..., 1:].sum(axis=1)
        truth = pools[1].labels[at][:, 1:].sum(axis=2)
        chances = inclusion_probabilities(found.sum(axis=1) + 1, annotated)
        chosen = draw_sample(chances, rng)
        answer = annotated_prevalence(found, chosen, truth[chosen], chances[chosen])
        halves.append(np.diff(answer["interval"])[0] / 2)
    predicted = np.mean([first.annotated_half_width(annotated, new) for first in pilots])
    assert predicted == pytest.approx(np.mean(halves), rel=0.13)


def test_a_plan_says_the_least_that_is_enough(pilots) -> None:
    first = pilots[0]
    told = plan(first, 0.05)
    both = told["both"]
    assert first.half_width(both["new"], both["test"]) <= 0.05
    assert both["new"] >= first.photos and both["test"] >= first.tested
    fewer = both["new"] * 0.9, both["test"] * 0.9
    assert first.half_width(*map(int, fewer)) > 0.05
    assert told["now"] == first.half_width(80, 139) > 0.05
    if told["test"] is not None:
        assert first.half_width(80, told["test"]) <= 0.05
    count = plan(first, 0.12)["annotated"]
    assert first.annotated_half_width(count) <= 0.12 < first.annotated_half_width(count - 1)


def test_more_new_photographs_alone_do_not_mend_few_test_photographs(pilots) -> None:
    assert plan(pilots[0], 0.02)["new"] is None
    assert plan(pilots[0], 0.02)["both"]["test"] > 139
    assert plan(pilots[0], 0.001)["annotated"] is None, "there are only 80 to annotate"


@pytest.mark.parametrize("half", [0.0, 0.5, 5.0])
def test_a_half_width_that_is_none_is_refused(pilots, half: float) -> None:
    with pytest.raises(ValueError, match="half-width"):
        plan(pilots[0], half)


def test_nobody_found_or_one_photograph_teaches_nothing() -> None:
    tested = np.zeros((9, 4, 4))
    tested[:, 1, 1] = 2
    assert pilot(tested, np.zeros((5, 3)), 0, 100) is None
    assert pilot(tested, np.array([[3.0, 1, 0]]), 0, 100) is None
