"""How much more people differ than tracks."""

import numpy as np
import pytest

from utils.video.mixing import spread_as_people, within_tracks
from utils.video.people import Person, View, pooled

VIEWS = 8


def track(number: int, classes) -> Person:
    views = [View(float(n), 0.5, np.eye(3)[k]) for n, k in enumerate(classes)]
    return Person([number], 0, VIEWS, VIEWS, views[::-1])


def crowd(rng, many: int, how: str) -> list[Person]:
    """Tracks of one person each; of two, one after the other; or with a mistake at any view."""
    found = []
    for number in range(many):
        first, second = rng.choice(3, 2, p=(0.6, 0.3, 0.1))
        if how == "mixed":
            classes = [first] * (VIEWS // 2) + [second] * (VIEWS // 2)
        elif how == "mistaken":
            classes = np.where(rng.random(VIEWS) < 0.2, rng.choice(3, VIEWS), first)
        else:
            classes = [first] * VIEWS
        found.append(track(number, classes))
    return found


@pytest.mark.parametrize("how", ["alone", "mistaken"])
def test_tracks_of_one_person_differ_as_people_do(how):
    people = crowd(np.random.default_rng(0), 400, how)
    _, shares = pooled(people)
    np.testing.assert_allclose(spread_as_people(people, shares), shares, atol=0.02)


def test_what_tracks_of_two_people_hide_is_added_and_the_mean_stays():
    people = crowd(np.random.default_rng(1), 400, "mixed")
    _, shares = pooled(people)
    spread = spread_as_people(people, shares)
    np.testing.assert_allclose(spread.mean(axis=0), shares.mean(axis=0))
    np.testing.assert_allclose(spread.sum(axis=1), 1)
    true = np.array([0.6, 0.3, 0.1])
    one = (true * (1 - true)).sum()  # the variance of a person
    assert shares.var(axis=0).sum() == pytest.approx(one / 2, rel=0.15)
    assert spread.var(axis=0).sum() == pytest.approx(one, rel=0.2)


def test_each_place_keeps_its_mean_and_few_change_nothing():
    people = crowd(np.random.default_rng(2), 60, "mixed")
    _, shares = pooled(people)
    places = np.arange(60) % 2
    spread = spread_as_people(people, shares, places)
    for place in (0, 1):
        rows = places == place
        np.testing.assert_allclose(spread[rows].mean(axis=0), shares[rows].mean(axis=0))
    for few in (people[:1], []):
        _, shares = pooled(few)
        np.testing.assert_array_equal(spread_as_people(few, shares), shares)
    assert within_tracks([track(1, [0, 1]), track(2, [0])]) == 0
    assert within_tracks(people[:2]) == 0, "of so few views"
