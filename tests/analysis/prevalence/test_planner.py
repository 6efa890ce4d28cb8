import numpy as np
import pytest

from benchmarks.simulated_photos import DETECTORS, TEST_MIX, Photographs, photographs
from utils.analysis.prevalence.annotated import annotated_prevalence
from utils.analysis.prevalence.balance import balanced
from utils.analysis.prevalence.estimate import estimate_prevalence
from utils.analysis.prevalence.pilot import Pilot, pilot
from utils.analysis.prevalence.planner import plan
from utils.analysis.prevalence.sampling import draw_sample, inclusion_probabilities

Pools = tuple[Photographs, Photographs]
MIX = 0.5, 0.4, 0.1


@pytest.fixture(scope="module", params=list(DETECTORS))
def pools(request) -> Pools:
    rng = np.random.default_rng(0)
    return tuple(photographs(rng, 8000, mix, DETECTORS[request.param]) for mix in (TEST_MIX, MIX))


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
        if answer["interval"]:
            halves.append(np.diff(answer["interval"])[0] / 2)
    predicted = np.mean([first.half_width(new, test) for first in pilots if first.told])
    assert predicted == pytest.approx(np.mean(halves), rel=0.13)  # 0.1, and chance


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
    assert predicted == pytest.approx(np.mean(halves), rel=0.13)  # 0.1, and chance


def test_the_half_width_of_what_there_is_is_that_of_the_answer(pools) -> None:
    rng = np.random.default_rng(4)
    for number in range(3):
        labels, soft = drawn(pools, rng, 139, 80)
        answer = estimate_prevalence(*labels, number, expected=soft)["properly_masked"]
        told = pilot(*soft, number).half_width(80, 139)
        assert told == pytest.approx(np.diff(answer["interval"])[0] / 2, rel=0.12)


@pytest.fixture(scope="module")
def first() -> Pilot:
    rng = np.random.default_rng(1)
    both = tuple(photographs(rng, 8000, mix, DETECTORS["middling"]) for mix in (TEST_MIX, MIX))
    return pilot(*drawn(both, rng, 139, 80)[1], 0, 400)


def test_a_plan_says_the_least_that_is_enough(first) -> None:
    told = plan(first, 0.05)
    both = told["both"]
    assert told["told"] and told["tested_alike"]
    assert first.half_width(both["new"], both["test"]) <= 0.05
    assert both["new"] >= first.photos and both["test"] >= first.tested
    fewer = both["new"] * 0.9, both["test"] * 0.9
    assert first.half_width(*map(int, fewer)) > 0.05
    assert told["now"] == first.half_width(80, 139) > 0.05
    if told["test"] is not None:
        assert first.half_width(80, told["test"]) <= 0.05
    count = plan(first, 0.12)["annotated"]
    assert first.annotated_half_width(count) <= 0.12 < first.annotated_half_width(count - 1)


def test_more_new_photographs_alone_do_not_mend_few_test_photographs(first) -> None:
    assert plan(first, 0.02)["new"] is None
    assert plan(first, 0.02)["both"]["test"] > 139
    assert plan(first, 0.001)["annotated"] is None, "there are only 80 to annotate"


@pytest.mark.parametrize("half", [0.0, 0.5, 5.0])
def test_a_half_width_that_is_none_is_refused(first, half: float) -> None:
    with pytest.raises(ValueError, match="half-width"):
        plan(first, half)


def test_nobody_found_or_one_photograph_teaches_nothing() -> None:
    tested = np.zeros((9, 4, 4))
    tested[:, 1, 1] = 2
    assert pilot(tested, np.zeros((5, 3)), 0, 100) is None
    assert pilot(tested, np.array([[3.0, 1, 0]]), 0, 100) is None


def test_a_share_that_is_not_told_from_an_end_makes_no_plan_of_photographs() -> None:
    rng = np.random.default_rng(5)
    mixes = TEST_MIX, (0.95, 0.04, 0.01)
    both = tuple(photographs(rng, 8000, mix, DETECTORS["poor"]) for mix in mixes)
    firsts = [pilot(*drawn(both, rng, 139, 80)[1], number, 300) for number in range(30)]
    assert np.mean([one.told for one in firsts]) < 0.3
    told = plan(next(one for one in firsts if not one.told), 0.05)
    assert told["both"] is told["new"] is told["test"] is None
    assert told["now"] > 0.05 and not told["told"]


def test_people_whom_hardly_any_test_photograph_shows_make_no_plan() -> None:
    rng = np.random.default_rng(6)
    tested = np.zeros((40, 4, 4))
    tested[:, 1, 1], tested[:3, 2, 2] = 4, 4
    seen = np.array([[0.2, 4, 0]] * 30) + rng.random((30, 3)) * [1, 1, 0]
    first = pilot(tested, seen, 0, 200)
    assert not first.tested_alike
    told = plan(first, 0.05)
    assert told["annotated"] is told["both"] is None and not told["tested_alike"]


def test_a_burst_is_one_observation_for_a_plan(pools) -> None:
    rng = np.random.default_rng(7)
    soft = drawn(pools, rng, 139, 20)[1]
    alone = pilot(*soft, 0, 400)
    burst = pilot(soft[0], np.repeat(soft[1], 4, axis=0), 0, 400, np.repeat(np.arange(20), 4))
    assert burst.half_width(80, 139) == pytest.approx(alone.half_width(20, 139), rel=0.05)
    single = pilot(soft[0], np.repeat(soft[1], 4, axis=0), 0, 400)
    assert burst.annotated_half_width(40) > 1.2 * single.annotated_half_width(40)
    assert 0 < burst.annotated_half_width(10, 30) <= 0.5


def test_data_of_two_classes_have_a_plan(pools) -> None:
    soft = drawn(pools, np.random.default_rng(8), 139, 80)[1]
    first = pilot(soft[0][:, :3, :3], soft[1][:, :2], 0, 400)
    assert plan(first, 0.15)["annotated"] <= 80


def test_weights_give_the_photographs_the_mix_asked_for() -> None:
    faces = np.random.default_rng(9).multinomial(5, [0.8, 0.15, 0.05], size=300)
    weights = balanced(faces, np.array([10.0, 8, 2]))
    assert weights.sum() == pytest.approx(1) and (weights > 0).all()
    people = weights @ faces
    assert people / people.sum() == pytest.approx([0.5, 0.4, 0.1], abs=0.005)
    same = balanced(faces, faces.sum(axis=0).astype(float))
    assert same == pytest.approx(np.full(300, 1 / 300))


def test_photographs_without_faces_weigh_as_one_on_average_does() -> None:
    faces = np.array([[4, 0, 0], [0, 4, 0], [0, 0, 0]])
    weights = balanced(faces, np.array([3.0, 1, 5]))  # nobody was tested of the last class
    assert weights == pytest.approx([0.5, 1 / 6, 1 / 3], abs=0.005)
