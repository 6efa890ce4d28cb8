import numpy as np
import pytest

from utils.analysis.prevalence.draws import (
    add_groups,
    detector_covariance,
    draw,
    draw_tables,
    missed_crowds,
    squared_counts,
    stands_for,
)

CLEAN = np.zeros((4, 4))
CLEAN[1, 1] = CLEAN[2, 2] = CLEAN[3, 3] = 2.0


def missing(rng: np.random.Generator, photos: int, recall: float) -> np.ndarray:
    """Photographs of one class each, five faces of it, of which each is found with one chance."""
    result = np.zeros((photos, 4, 4))
    for number, photo in enumerate(result):
        found = rng.binomial(5, recall)
        photo[1 + number % 3, [0, 1 + number % 3]] = 5 - found, found
    return result


def test_the_covariance_of_the_detector_is_that_of_binomial_finds() -> None:
    tested = missing(np.random.default_rng(0), 30_000, 0.8)
    people = np.array([100.0, 40, 10])
    expected = np.diag(people * 0.8 * 0.2)
    assert detector_covariance(tested, people) == pytest.approx(expected, rel=0.03, abs=0.3)


def test_classes_have_each_their_own_chance() -> None:
    sure, unsure = (
        missing(np.random.default_rng(k), 9000, recall) for k, recall in ((0, 1), (1, 0.5))
    )
    tested = np.concatenate([sure[::3], unsure[1::3], sure[2::3]])
    masked = detector_covariance(tested, np.array([100.0, 0, 0]))
    bare = detector_covariance(tested, np.array([0, 100.0, 0]))
    assert abs(masked).max() < 0.5
    assert bare[1, 1] == pytest.approx(25, rel=0.05)


def test_people_found_where_nobody_is_add_to_it() -> None:
    tested = np.repeat(CLEAN[None], 50, 0)
    tested = np.concatenate([tested, np.zeros((50, 4, 4))])
    tested[50:75, 0, 1] = 1
    assert detector_covariance(tested, np.array([10.0, 0, 0]))[0, 0] > 0.1


def test_a_missed_crowd_is_as_large_as_that_around_a_test_face() -> None:
    tested = np.zeros((4, 4, 4))
    tested[:3, 1, 1] = 2  # three couples, and one crowd of ten
    tested[3, 2] = [4, 0, 6, 0]
    crowds = missed_crowds(tested, 100_000, np.random.default_rng(0))
    assert crowds.shape == (100_000, 4, 4)
    assert crowds[:, 1:, 1:].sum() == crowds[:, 0].sum() == 0, "nobody on it is found"
    size = (3 * 2**2 + 10**2) / 16
    assert crowds.sum(axis=(1, 2)).mean() == pytest.approx(size / 2, rel=0.03)
    assert crowds.sum(axis=(1, 2)).var() == pytest.approx(size**2 / 2, rel=0.05), "Gamma(1/2)"
    assert crowds[:, 1:, 0].mean(axis=0) == pytest.approx(
        size / 2 * np.array([6, 10, 0]) / 16, rel=0.03
    )
    both = missed_crowds(np.stack([tested, 2 * tested]), 50, np.random.default_rng(0))
    assert both[1] == pytest.approx(2 * both[0])


def test_photographs_stand_for_the_people_on_others() -> None:
    faces = np.array([[4.0, 0, 0], [0, 2, 0], [0, 2, 0], [0, 0, 0]])
    often = stands_for(faces, np.array([8.0, 2, 0]))
    assert often == pytest.approx([2, 0.5, 0.5, 10 / 8])
    untested = stands_for(faces, np.array([8.0, 2, 4]))
    assert untested[:3] == pytest.approx([2.5, 1, 1]), "who is in no test photograph is as others"


def test_a_perfect_detector_leaves_its_count_to_jeffreys_prior() -> None:
    rng, tested = np.random.default_rng(0), np.repeat(CLEAN[None], 50, 0)
    seen = np.tile([[3.0, 1, 0]], (20, 1))
    made = draw(tested, seen, draw_tables(tested, 5000, rng), rng)
    assert made.again.mean(axis=0) == pytest.approx([60.5, 20.5, 0.5], abs=0.05)
    assert made.again.min(axis=0) == pytest.approx([60, 20, 0], abs=0.01)


def test_only_what_is_named_is_left_to_chance() -> None:
    rng = np.random.default_rng(0)
    tested, seen = missing(rng, 60, 0.7), rng.poisson(2.0, (30, 3)).astype(float)
    made = draw(tested, seen, draw_tables(tested, 400, rng), rng)
    spread = {
        chances: made.people(*chances).sum(axis=-1).std()
        for chances in ((), ("test",), ("new",), ("detector",), ("test", "new"))
    }
    assert spread[()] == pytest.approx(0, abs=1e-9)
    assert all(value > 1 for chances, value in spread.items() if chances)
    both = np.hypot(spread[("test",)], spread[("new",)])
    assert spread[("test", "new")] == pytest.approx(both, rel=0.15)


def test_weights_enter_the_detectors_chance_by_their_squares() -> None:
    rng = np.random.default_rng(0)
    tested, seen = missing(rng, 3000, 0.7), np.tile([[5.0, 0, 0]], (40, 1))
    weights = np.repeat([0.5, 1.5], 20)
    squared = squared_counts(seen, weights=weights)
    tables = draw_tables(tested, 4000, rng)
    made = draw(tested, seen * weights[:, None], tables, rng, squared)
    plain = draw(tested, seen, tables, rng)
    ratio = made.again[:, 0].var() / plain.again[:, 0].var()
    assert ratio == pytest.approx((weights**2).mean(), rel=0.06)


def test_a_burst_is_found_as_a_whole_or_not_at_all() -> None:
    """Four times the same photograph: the number found varies sixteen times as much as of one."""
    rng = np.random.default_rng(0)
    tested, seen = missing(rng, 3000, 0.7), np.tile([[5.0, 0, 0]], (40, 1))
    groups = np.arange(40) // 4
    assert squared_counts(seen, groups) == pytest.approx([4 * 200, 0, 0])
    assert squared_counts(seen, groups, np.full(40, 0.5)) == pytest.approx([200, 0, 0])
    assert squared_counts(seen) == pytest.approx([200, 0, 0])
    tables = draw_tables(tested, 4000, rng)
    whole = draw(tested, add_groups(seen, groups), tables, rng, squared_counts(seen, groups))
    alone = draw(tested, seen, tables, rng)
    assert whole.again[:, 0].var() == pytest.approx(4 * alone.again[:, 0].var(), rel=0.06)


def test_groups_are_added_up() -> None:
    rows = np.array([[1, 0], [2, 5], [3, 0]])
    assert add_groups(rows, np.array(["b", "a", "b"])).tolist() == [[2, 5], [4, 0]]
    assert add_groups(rows, None) is rows
    assert add_groups(rows[:0], np.zeros(0)).shape == (0, 2)


def test_data_sets_drawn_together_are_each_as_alone() -> None:
    rng = np.random.default_rng(3)
    tested = np.stack([missing(rng, 40, 0.8), missing(rng, 40, 0.5)])
    seen = rng.poisson(2.0, (2, 25, 3)).astype(float)

    def made(known: np.ndarray, found: np.ndarray) -> np.ndarray:
        dice = np.random.default_rng(7)
        return draw(known, found, draw_tables(known, 2000, dice), dice).people("test", "new")

    together, alone = made(tested, seen), made(tested[1], seen[1])
    assert together.shape == (2, 2000, 3)
    assert together[1].mean(axis=0) == pytest.approx(alone.mean(axis=0), rel=0.05)
    assert together[1].std(axis=0) == pytest.approx(alone.std(axis=0), rel=0.1)
