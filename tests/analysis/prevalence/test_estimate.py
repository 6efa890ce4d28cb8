import time

import numpy as np
import pytest
from scipy.stats import binom

from utils.analysis.prevalence.estimate import consistent, estimate_prevalence
from utils.analysis.prevalence.quality import detector_quality
from utils.analysis.prevalence.variance import design
from utils.dataset.labels import CLASSES

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


def test_shares_of_the_table_add_up_and_leave_the_answer_alone() -> None:
    assert consistent(np.array([0.6, 0.45, 0])) == pytest.approx([0.6, 0.4, 0])
    assert consistent(np.array([1.0, 0, 0])) == pytest.approx([1, 0, 0])
    assert consistent(np.array([0.0, 0, 0])) == pytest.approx([0, 0.5, 0.5])


def test_a_class_explained_away_has_nobody_and_is_told() -> None:
    confused = table([[0, 80, 20, 0], [0, 20, 80, 0], [0, 0, 0, 50]])
    result = estimate_prevalence(confused[None], np.array([[100, 2, 0]]), 0, REPETITIONS)
    assert result["constrained"]
    assert result["properly_masked"]["share"] == 1
    assert result["corrected"]["without_mask"]["count"] == 0
    assert result["people"]["corrected"] == pytest.approx(102, rel=0.02)


def test_nobody_found_has_no_share() -> None:
    result = estimate_prevalence(PERFECT[None], np.zeros((5, 3), int), 0, REPETITIONS)
    assert result["properly_masked"]["share"] is None
    assert result["properly_masked"]["interval"] is None
    assert result["people"] == {"found": 0, "corrected": 0.0, "interval": None}
    assert result["reliable"], "the detector is; there is just nobody"


def test_one_person_is_all_there_is() -> None:
    result = estimate_prevalence(PERFECT[None], np.array([[1, 0, 0], [0, 0, 0]]), 0, REPETITIONS)
    assert result["properly_masked"]["raw_share"] == 1
    assert result["raw"]["with_mask"]["count"] == 1


def test_one_photograph_on_each_side_has_no_interval() -> None:
    result = estimate_prevalence(PERFECT[None], np.array([[3, 1, 0]]), 0, REPETITIONS)
    assert result["properly_masked"]["interval"] is None
    assert result["properly_masked"]["share"] == pytest.approx(0.75)


def test_one_new_photograph_tells_of_itself_but_not_of_its_place() -> None:
    test = np.repeat(table([[1, 8, 1, 0], [1, 1, 8, 0], [1, 1, 0, 8]])[None], 30, 0)
    result = estimate_prevalence(test, np.array([[30, 20, 0]]), 0, REPETITIONS)
    low, high = result["properly_masked"]["interval_here"]
    assert low < result["properly_masked"]["share"] < high
    assert result["properly_masked"]["interval"] is None
    assert result["raw"]["with_mask"]["interval"] is None
    assert result["variance"] is None and result["design"]["effective"] is None


def test_one_test_photograph_tells_nothing_of_how_mistakes_vary() -> None:
    new = np.tile([[3, 1, 0]], (9, 1))
    result = estimate_prevalence(PERFECT[None], new, 0, REPETITIONS)
    assert result["properly_masked"]["share"] == pytest.approx(0.75)
    assert result["properly_masked"]["interval"] is None
    assert result["properly_masked"]["interval_here"] is None
    assert result["people"]["interval"] is None


def test_probabilities_give_the_same_rate_from_a_less_certain_count() -> None:
    """Probabilities that say less than labels, but as much less on both sets: the same answer."""
    rng = np.random.default_rng(5)
    test, new = photographs(rng, 150, 0.7), photographs(rng, 400, 0.3)[:, :, 1:].sum(axis=1)
    blur = np.full((3, 3), 0.1) + 0.7 * np.eye(3)
    blurred = test.astype(float)
    blurred[:, :, 1:] = test[:, :, 1:] @ blur
    hard = estimate_prevalence(test, new, 0, REPETITIONS)
    soft = estimate_prevalence(test, new, 0, REPETITIONS, expected=(blurred, new @ blur))
    assert (hard["counting"], soft["counting"]) == ("labels", "probabilities")
    share = [result["properly_masked"]["share"] for result in (hard, soft)]
    assert share[0] == pytest.approx(share[1], abs=0.01)
    assert soft["raw"]["with_mask"]["count"] == hard["raw"]["with_mask"]["count"]


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
    assert estimate_prevalence(test, new, 7, REPETITIONS) == first
    turned = estimate_prevalence(test[::-1], new[::-1], 7, REPETITIONS)
    for key in ("interval", "interval_here"):
        expected = pytest.approx(first["properly_masked"][key])  # sums of floats depend on order
        assert turned["properly_masked"][key] == expected
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


def test_who_was_seen_once_may_be_many() -> None:
    """One bare face on 40 photographs: Jeffreys' interval ends at 4.7, a plain bootstrap's at 3."""
    new = np.tile([[3, 0, 0]], (40, 1))
    new[0] = [2, 1, 0]
    result = estimate_prevalence(np.repeat(PERFECT[None], 40, 0), new, 0, 4000)
    low, high = result["corrected"]["without_mask"]["interval"]
    assert 0 <= low < 1 / 120 < 4 / 120 < high < 6 / 120


def crowds(rng: np.random.Generator, count: int, share: float) -> np.ndarray:
    return photographs(rng, count, share)[:, :, 1:].sum(axis=1)


def crowds_that_are_missed(rng: np.random.Generator, count: int) -> np.ndarray:
    """Groups of up to twenty people, of whom the more are missed the more there are."""
    sizes = rng.choice((1, 1, 2, 2, 3, 3, 4, 4, 5, 6, 6, 7, 8, 12, 20), count)
    found = rng.binomial(sizes, np.clip(1.03 - 0.028 * sizes, 0, 1))
    masked = rng.binomial(found, 0.6)
    tables = np.zeros((count, 4, 4), int)
    tables[:, 1, 1], tables[:, 2, 2] = masked, found - masked
    tables[:, 1, 0] = rng.binomial(sizes - found, 0.6)
    tables[:, 2, 0] = sizes - found - tables[:, 1, 0]
    return tables


def test_the_number_of_people_holds_where_crowds_are_missed_that_a_test_set_may_lack() -> None:
    """Without a prior for a missed crowd, it is held in 86 % of the cases."""
    rng, held = np.random.default_rng(3), []
    for seed in range(80):
        test, new = crowds_that_are_missed(rng, 20), crowds_that_are_missed(rng, 80)
        record = estimate_prevalence(test, new[:, :, 1:].sum(axis=1), seed, 300)
        low, high = record["people"]["interval"]
        held.append(low <= new[:, 1:].sum() <= (high or np.inf))
    assert np.mean(held) > 0.93


def test_more_new_photographs_narrow_the_place_and_more_test_photographs_both() -> None:
    rng = np.random.default_rng(1)

    def widths(test: int, new: int) -> tuple[float, float]:
        many = [
            estimate_prevalence(photographs(rng, test, 0.7), crowds(rng, new, 0.5), k, 300)
            for k in range(4)
        ]
        ends = [
            [one["properly_masked"][key] for one in many] for key in ("interval", "interval_here")
        ]
        return tuple(np.diff(spans).mean() for spans in ends)

    few, more, better = widths(150, 10), widths(150, 1000), widths(1500, 1000)
    assert few[0] > 1.3 * few[1], "who was photographed is no matter for these very photographs"
    assert more[0] == pytest.approx(more[1], rel=0.2), "the test photographs are what is left"
    assert better[0] < more[0] / 2 and better[1] < more[1] / 2


def test_parts_of_the_variance_add_up_and_name_what_would_narrow_the_interval() -> None:
    rng = np.random.default_rng(2)
    few = estimate_prevalence(photographs(rng, 800, 0.7), crowds(rng, 15, 0.5), 0, 1000)["variance"]
    many = estimate_prevalence(photographs(rng, 40, 0.7), crowds(rng, 900, 0.5), 0, 1000)[
        "variance"
    ]
    assert sum(few.values()) == pytest.approx(1) and sum(many.values()) == pytest.approx(1)
    assert few["new"] + few["detector"] > 0.8
    assert many["test"] > 0.8


def test_the_design_effect_compares_with_people_asked_one_by_one() -> None:
    assert design(0.5, 0.0025, 300) == pytest.approx({"effect": 3, "effective": 100})
    assert design(1.0, 0.0, 300) == {"effect": None, "effective": None}
    new = np.repeat([[6, 0, 0], [0, 6, 0]], 40, axis=0)
    sure = estimate_prevalence(np.repeat(PERFECT[None], 400, 0), new, 0, 2000)
    assert sure["design"]["effect"] == pytest.approx(6, rel=0.15), "six alike are as one"


def test_bursts_count_once() -> None:
    """Each photograph four times over: as groups, the interval is that of a quarter of them."""
    rng = np.random.default_rng(4)
    test, once = photographs(rng, 400, 0.7), crowds(rng, 50, 0.4)
    alone = estimate_prevalence(test, once, 0, 2000)["properly_masked"]["interval"]
    burst, groups = np.repeat(once, 4, axis=0), np.repeat(np.arange(50), 4)
    whole = estimate_prevalence(test, burst, 0, 2000, groups=groups)
    assert whole["properly_masked"]["interval"] == pytest.approx(alone, abs=0.02)
    assert (whole["photos"]["new"], whole["photos"]["groups"]) == (200, 50)
    naive = estimate_prevalence(test, burst, 0, 2000)["properly_masked"]["interval"]
    assert np.diff(naive)[0] < 0.7 * np.diff(alone)[0]


def test_weights_make_one_camera_count_for_more() -> None:
    rng = np.random.default_rng(6)
    test = np.repeat(PERFECT[None], 200, 0)
    new = np.concatenate([np.tile([[4, 0, 0]], (30, 1)), np.tile([[0, 4, 0]], (10, 1))])
    weights = np.repeat([1.0, 3.0], [30, 10])
    plain = estimate_prevalence(test, new, 0, 1000)
    result = estimate_prevalence(test, new, 0, 1000, weights=weights)
    assert plain["properly_masked"]["share"] == pytest.approx(0.75)
    assert result["properly_masked"]["share"] == pytest.approx(0.5)
    assert result["properly_masked"]["raw_share"] == pytest.approx(0.5)
    assert result["people"]["corrected"] == pytest.approx(160), "people are not weighted"
    same = estimate_prevalence(test, new, 0, 1000, weights=5 * weights)
    assert same["properly_masked"] == result["properly_masked"]
    assert np.diff(result["properly_masked"]["interval"]) > np.diff(
        plain["properly_masked"]["interval"]
    )
    shuffled = rng.permutation(40)
    moved = estimate_prevalence(test, new[shuffled], 0, 1000, weights=weights[shuffled])
    assert moved["properly_masked"]["share"] == pytest.approx(0.5)


def test_the_number_of_people_covers_as_claimed() -> None:
    """Both what the test set leaves open and the detector's chance on the new photographs."""
    rng, covered, negative = np.random.default_rng(8), 0, 0
    for number in range(100):
        whole = photographs(rng, 20, 0.4)
        result = estimate_prevalence(
            photographs(rng, 139, 0.7), whole[:, :, 1:].sum(axis=1), number, 300
        )
        low, high = result["people"]["interval"]
        covered += low <= whole[:, 1:].sum() <= high
        negative += low <= 0
    assert 88 <= covered <= 99  # 1 in 500 at 95 %; the test photographs alone cover about 60
    assert not negative


def test_ten_thousand_photographs_take_about_a_second() -> None:
    rng = np.random.default_rng(9)
    test, new = photographs(rng, 200, 0.7), crowds(rng, 10_000, 0.4)
    soft = new + rng.random(new.shape)  # no two photographs alike, as with probabilities
    start = time.process_time()  # which no other process takes from it
    estimate_prevalence(test, new, 0, expected=(test.astype(float), soft))
    assert time.process_time() - start < 5  # 0.5 on an idle machine


@pytest.mark.parametrize("gone", range(3))
def test_without_a_class_the_answer_is_that_of_two_classes(gone: int) -> None:
    """Then it is Rogan and Gladen's: (raw - false) / (true - false)."""
    there = [k for k in range(3) if k != gone]
    table = np.zeros((4, 4), int)
    table[there[0] + 1, [0, there[0] + 1, there[1] + 1]] = 0, 80, 20
    table[there[1] + 1, [0, there[0] + 1, there[1] + 1]] = 0, 10, 90
    found = np.zeros(3, int)
    found[there] = 45, 55
    found[gone] = 7  # the detector should not say so, but may
    record = estimate_prevalence(
        np.repeat(table[None], 40, 0), np.tile(found, (60, 1)), 0, 200, absent=[CLASSES[gone]]
    )
    share = (0.45 - 0.1) / (0.8 - 0.1)
    corrected = record["corrected"]
    assert corrected[CLASSES[there[0]]]["share"] == pytest.approx(share, abs=0.001)
    assert corrected[CLASSES[there[1]]]["share"] == pytest.approx(1 - share, abs=0.001)
    assert set(corrected[CLASSES[gone]].values()) == {None}
    assert record["absent"] == [CLASSES[gone]]
    assert record["raw"][CLASSES[gone]]["count"] == 7 * 60
    answered = CLASSES[gone] != "with_mask"
    assert (record["properly_masked"]["share"] is not None) == record["reliable"] == answered
    if answered:
        low, high = record["properly_masked"]["interval"]
        assert low < record["properly_masked"]["share"] < high


def test_that_no_class_is_absent_changes_nothing() -> None:
    test, new = np.repeat(np.diag([0, 9, 8, 7])[None], 12, 0), np.tile([[3, 1, 1]], (9, 1))
    assert estimate_prevalence(test, new, 0, 99) == estimate_prevalence(test, new, 0, 99, absent=[])
