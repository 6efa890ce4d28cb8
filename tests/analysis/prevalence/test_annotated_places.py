import numpy as np
import pytest

from utils.analysis.prevalence.annotated import LEAST, annotated_prevalence
from utils.analysis.prevalence.annotated_places import compare_annotated_places
from utils.analysis.prevalence.sampling import draw_sample, inclusion_probabilities

SEES = np.array([[0.75, 0.1, 0.02], [0.2, 0.5, 0.05], [0.3, 0.1, 0.3]])
"""A poor detector: chance that somebody of a class is found as each."""


def site(rng: np.random.Generator, share: float, count: int = 60) -> tuple[np.ndarray, np.ndarray]:
    """Who is on the photographs of a site, and what is found on them."""
    people = rng.multinomial(
        rng.geometric(0.2, count), [share, (1 - share) * 0.8, (1 - share) * 0.2]
    )
    found = [
        sum(rng.multinomial(n, [*row, 1 - sum(row)])[:3] for n, row in zip(one, SEES, strict=True))
        for one in people
    ]
    return people.astype(float), np.array(found, float)


def sites(rng: np.random.Generator, *shares: float, number: int = 80) -> tuple:
    parts = [site(rng, share) for share in shares]
    truth, predicted = (np.concatenate(some) for some in zip(*parts, strict=True))
    chances = inclusion_probabilities(predicted.sum(axis=1) + 1, number)
    chosen = draw_sample(chances, rng)
    return predicted, chosen, truth[chosen], chances[chosen], np.repeat(np.arange(len(shares)), 60)


def test_intervals_of_places_and_differences_hold_the_truth():
    rng = np.random.default_rng(0)
    shares, held, apart, alike = (0.9, 0.6, 0.6), [], [], []
    for _ in range(60):
        record = compare_annotated_places(*sites(rng, *shares, number=75), 0.5)
        for row, share in zip(record["places"], shares, strict=True):
            held.append(row["interval"][0] <= share <= row["interval"][1])
        for row in record["differences"]:
            one, other = (shares[int(name)] for name in row["places"])
            held.append(row["interval"][0] <= one - other <= row["interval"][1])
            (alike if one == other else apart).append(row["differ"])
    assert 0.94 <= np.mean(held) <= 1
    assert np.mean(apart) > 0.6 and np.mean(alike) < 0.07


def test_a_place_is_answered_by_its_own_annotations_alone():
    rng = np.random.default_rng(1)
    predicted, chosen, truth, chances, places = sites(rng, 0.9, 0.4)
    record = compare_annotated_places(predicted, chosen, truth, chances, places, 0.5)
    here = chosen < 60
    alone = annotated_prevalence(
        predicted[:60], chosen[here], truth[here], chances[here], power=0.5
    )
    row = record["places"][0]
    assert (row["share"], row["interval"]) == (alone["share"], alone["interval"])
    assert row["annotated"] == here.sum() and row["photos"] == 60


def test_a_place_with_too_few_annotations_has_no_share_and_is_not_compared():
    rng = np.random.default_rng(2)
    predicted, chosen, truth, chances, places = sites(rng, 0.9, 0.4)
    keep = np.flatnonzero((chosen < 60) | (np.cumsum(chosen >= 60) < LEAST))
    record = compare_annotated_places(
        predicted, chosen[keep], truth[keep], chances[keep], places, 0.5
    )
    rows = record["places"]
    assert rows[1]["annotated"] == LEAST - 1 and rows[1]["share"] is None
    [difference] = record["differences"]
    assert difference["p"] is None and difference["differ"] is None


def test_p_values_agree_with_intervals_and_only_places_within_are_compared():
    rng = np.random.default_rng(3)
    for _ in range(20):
        *sample, places = sites(rng, 0.8, 0.6, number=60)
        [row] = compare_annotated_places(*sample, places, 0.5)["differences"]
        outside = row["interval"][0] > 0 or row["interval"][1] < 0
        assert row["p"] == pytest.approx(0.05, rel=0.2) or (row["p"] < 0.05) == outside
    *sample, places = sites(rng, 0.8, 0.6, 0.7)
    record = compare_annotated_places(*sample, places, 0.5, within=np.minimum(places, 1))
    assert [row["places"] for row in record["differences"]] == [["1", "2"]]


def test_weights_count_within_a_place():
    predicted = np.array([[2.0, 0, 0], [0, 2.0, 0]] * 10)
    weights = np.array([3.0, 1.0] * 10)
    everything = np.arange(20), predicted, np.ones(20)
    places = np.repeat([0, 1], 10)
    record = compare_annotated_places(predicted, *everything, places, 1.0, weights=weights)
    assert [row["share"] for row in record["places"]] == pytest.approx([0.75, 0.75])
