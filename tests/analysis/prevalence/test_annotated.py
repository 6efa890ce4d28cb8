import numpy as np
import pytest

from utils.analysis.prevalence.annotated import LEAST, annotated_prevalence, best_power
from utils.analysis.prevalence.sampling import draw_sample, inclusion_probabilities

Place = tuple[np.ndarray, np.ndarray]


def place(rng: np.random.Generator, photos: int, share: float = 0.5, missed: float = 0.5) -> Place:
    """People on photographs, and what a detector finds that misses many of those without a mask."""
    crowd = np.ceil(rng.lognormal(1.1, 1.0, photos)).astype(int)
    masked = rng.binomial(crowd, rng.beta(3 * share, 3 * (1 - share), photos))
    truth = np.stack([masked, crowd - masked, 0 * crowd], axis=1)
    found = rng.binomial(truth, [0.95, 1 - missed, 0.9])
    confused = rng.binomial(found[:, 1], 0.1)
    found[:, :2] += np.stack([confused, -confused], axis=1)
    found[:, 1] += rng.poisson(0.2, photos)
    return truth, found


def survey(rng: np.random.Generator, truth: np.ndarray, found: np.ndarray, number: int) -> dict:
    chances = inclusion_probabilities(found.sum(axis=1) + 1, number)
    chosen = draw_sample(chances, rng)
    return annotated_prevalence(found, chosen, truth[chosen], chances[chosen])


def test_it_covers_whatever_the_detector_misses() -> None:
    rng = np.random.default_rng(0)
    here, there, errors, raw = [], [], [], []
    for _ in range(300):
        truth, found = place(rng, 300)
        result = survey(rng, truth, found, 40)
        share = truth[:, 0].sum() / truth.sum()
        here.append(result["interval_here"][0] <= share <= result["interval_here"][1])
        there.append(result["interval"][0] <= 0.5 <= result["interval"][1])
        errors.append(result["share"] - share)
        raw.append(found[:, 0].sum() / found.sum() - share)
    assert np.mean(raw) > 0.1, "who counts boxes is wrong"
    assert abs(np.mean(errors)) < 0.01
    assert 0.92 <= np.mean(here) <= 0.99 and 0.92 <= np.mean(there) <= 0.99


@pytest.mark.parametrize("share", [0.04, 0.96])
def test_it_covers_rare_classes(share: float) -> None:
    rng, covered = np.random.default_rng(1), []
    for _ in range(300):
        truth, found = place(rng, 300, share)
        low, high = survey(rng, truth, found, 40)["interval_here"]
        covered.append(low <= truth[:, 0].sum() / truth.sum() <= high)
    assert np.mean(covered) >= 0.91


def test_the_larger_photographs_tell_more() -> None:
    rng = np.random.default_rng(2)
    squares = {"by size": 0.0, "equal": 0.0}
    for _ in range(300):
        truth, found = place(rng, 300)
        share = truth[:, 0].sum() / truth.sum()
        for name, sizes in (("by size", found.sum(axis=1) + 1), ("equal", np.ones(300))):
            chances = inclusion_probabilities(sizes, 30)
            chosen = draw_sample(chances, rng)
            result = annotated_prevalence(found, chosen, truth[chosen], chances[chosen])
            squares[name] += (result["share"] - share) ** 2
    assert squares["by size"] < 0.8 * squares["equal"]


def test_a_good_detector_is_trusted_and_a_worthless_one_is_not() -> None:
    rng = np.random.default_rng(3)
    truth, _ = place(rng, 400)
    good = survey(rng, truth, truth, 30)
    assert good["power"] == pytest.approx(1)
    assert good["share"] == pytest.approx(truth[:, 0].sum() / truth.sum())
    noise = rng.permutation(truth)
    worthless = survey(rng, truth, noise, 60)
    assert worthless["power"] < 0.4
    low, high = good["interval_here"]
    one = 12.7 * (1 / 30) * len(truth) / truth.sum()  # a person of one photograph of thirty
    assert 0 < high - low < 3 * one, "that it never erred on thirty proves it for no more"
    assert np.diff(worthless["interval_here"]) > high - low


def test_all_annotated_leaves_the_place_alone_open() -> None:
    rng = np.random.default_rng(4)
    truth, found = place(rng, 80)
    result = annotated_prevalence(found, np.arange(80), truth, np.ones(80))
    share = truth[:, 0].sum() / truth.sum()
    assert result["share"] == pytest.approx(share)
    assert result["interval_here"] == pytest.approx([share, share])
    low, high = result["interval"]
    assert high - low > 0.1
    bursts = annotated_prevalence(
        np.repeat(found, 4, axis=0),
        np.arange(320),
        np.repeat(truth, 4, axis=0),
        np.ones(320),
        groups=np.repeat(np.arange(80), 4),
    )
    assert bursts["interval"] == pytest.approx([low, high], abs=0.02), "bursts count once"


def test_shares_add_up_and_the_record_counts_what_was_annotated() -> None:
    rng = np.random.default_rng(5)
    truth, found = place(rng, 100)
    result = survey(rng, truth, found, 25)
    assert sum(part["share"] for part in result["classes"].values()) == pytest.approx(1, abs=0.02)
    assert result["classes"]["with_mask"]["interval"] == result["interval"]
    assert (result["annotated"], result["photos"]) == (25, 100)
    share, design = result["share"], result["design"]
    half = np.diff(result["interval"])[0] / 2
    assert half == pytest.approx(2 * np.sqrt(share * (1 - share) / design["effective"]), rel=0.15)


def test_few_photographs_with_people_give_no_answer() -> None:
    truth = np.zeros((LEAST + 5, 3), int)
    truth[: LEAST - 1, 0] = 2
    result = annotated_prevalence(truth, np.arange(len(truth)), truth, np.ones(len(truth)))
    assert result["share"] is None and result["interval"] is None and result["power"] is None


def test_what_is_no_sample_is_refused() -> None:
    truth = np.ones((9, 3))
    with pytest.raises(ValueError, match="annotated twice"):
        annotated_prevalence(truth, np.array([1, 1]), truth[:2], np.ones(2))
    for chance in (0.0, 1.2):
        with pytest.raises(ValueError, match="above 0 and at most 1"):
            annotated_prevalence(truth, np.array([1, 2]), truth[:2], np.array([0.5, chance]))


@pytest.mark.parametrize("power", [0.0, 0.4, 1.0])
def test_the_estimate_of_a_mean_is_that_of_ppi_python(power: float) -> None:
    """One person a photograph makes the share a mean; equal chances make their estimator ours."""
    from ppi_py import ppi_mean_ci, ppi_mean_pointestimate

    rng, photos, number = np.random.default_rng(6), 5000, 250
    masked = rng.random(photos) < 0.6
    said = np.where(rng.random(photos) < 0.85, masked, ~masked).astype(float)
    truth = np.stack([masked, ~masked, 0 * masked], axis=1).astype(float)
    found = np.stack([said, 1 - said, 0 * said], axis=1)
    chosen = rng.permutation(photos)[:number]
    chances = np.full(number, number / photos)
    ours = annotated_prevalence(found, chosen, truth[chosen], chances, power=power)
    answers = truth[chosen, 0], found[chosen, 0], found[:, 0]
    assert ours["share"] == pytest.approx(float(ppi_mean_pointestimate(*answers, lam=power)[0]))
    low, high = (float(end[0]) for end in ppi_mean_ci(*answers, alpha=0.05, lam=power))
    assert ours["interval"] == pytest.approx([low, high], abs=0.012)


def test_the_best_power_is_that_of_ppi_python_but_for_the_second_sample() -> None:
    """Theirs shrinks by 1 + n / N, because their predictions are of other photographs."""
    from ppi_py import ppi_mean_pointestimate

    rng, photos, number = np.random.default_rng(7), 4000, 400
    masked = rng.random(photos) < 0.6
    said = np.where(rng.random(photos) < 0.85, masked, ~masked).astype(float)
    truth = np.stack([masked, ~masked, 0 * masked], axis=1).astype(float)
    found = np.stack([said, 1 - said, 0 * said], axis=1)
    chosen = rng.permutation(photos)[:number]
    power = best_power(found, chosen, truth[chosen], np.full(number, number / photos))
    answers = truth[chosen, 0], found[chosen, 0], found[:, 0]
    theirs = float(ppi_mean_pointestimate(*answers)[0])
    both = [float(ppi_mean_pointestimate(*answers, lam=one)[0]) for one in (0.0, 1.0)]
    assert power / 1.1 == pytest.approx((theirs - both[0]) / (both[1] - both[0]), abs=0.05)
