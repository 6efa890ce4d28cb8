"""A person is what a track shows in its best views."""

import numpy as np
import pytest

from utils.metrics.detections import Detections
from utils.video.frames import Frame
from utils.video.people import APART, VIEWS, People, Person, View, pooled, quality_of

RNG = np.random.default_rng(0)
NOISE = RNG.integers(0, 255, (120, 160, 3)).astype(np.uint8)


def found(box, *probabilities: float) -> Detections:
    rows = np.array([[1 - sum(probabilities), *probabilities]], np.float32)
    labels = rows[:, 1:].argmax(axis=1) + 1
    return Detections(np.array([box], np.float32), labels, rows[0, labels], rows)


def see(people: People, time: float, detections: Detections, image=NOISE, track=1) -> None:
    people.add(Frame(time, image), detections, np.array([track]), image)


def test_larger_sharper_and_surer_views_are_better():
    small, large = np.array([10.0, 10, 22, 26]), np.array([10.0, 10, 60, 74])
    assert quality_of(NOISE, large, 0.9) > quality_of(NOISE, small, 0.9)
    assert quality_of(NOISE, large, 0.9) > quality_of(NOISE, large, 0.5)
    flat = np.full_like(NOISE, 128)
    assert quality_of(NOISE, large, 0.9) > 10 * quality_of(flat, large, 0.9)
    assert 0 < quality_of(NOISE, np.array([300.0, 10, 340, 50]), 0.9) < 1e-3


def test_a_few_good_views_outweigh_many_poor_ones():
    people = People(0.5)
    for step in range(20):
        see(people, step * 0.5, found([5, 5, 13, 15], 0.2, 0.6, 0.1))
    for step in range(4):
        see(people, 10 + step * 0.5, found([5, 5, 75, 95], 0.9, 0.05, 0.04))
    (person,) = people.end([1])
    assert person.seen == 24
    assert len(person.views) == VIEWS
    assert person.title == "with_mask"
    assert person.shares.sum() == pytest.approx(1)
    assert person.best.time >= 10
    assert person.picture is not None
    assert people.here == {}


def test_views_are_not_chosen_for_a_class_that_is_sure():
    """Else people would be surer than the test faces by which the rate is corrected."""
    rng, people, told = np.random.default_rng(2), People(0.4, pictures=False), []
    for step in range(400):
        peak = rng.uniform(0.5, 1.0)
        told.append(peak)
        see(people, step * 0.5, found([5, 5, 75, 95], 0.9 * peak, 0.9 * (1 - peak), 0.0))
    kept = [view.shares[0] for view in people.here[1].views]
    assert len(kept) == VIEWS
    assert np.mean(kept) < np.quantile(told, 0.9)
    sure = found([5, 5, 75, 95], 0.5, 0.45, 0.04)
    see(people, 300.0, sure)
    assert people.here[1].best.time == 300


def test_views_are_some_time_apart():
    people = People(0.5)
    for step in range(30):
        see(people, step / 30, found([5, 5, 45, 55], 0.9, 0.05, 0.04))
    times = sorted(view.time for view in people.here[1].views)
    assert 2 <= len(times) <= 1 / APART + 1
    assert min(np.diff(times)) >= APART


def test_what_is_below_the_threshold_is_no_view_but_is_seen():
    people = People(0.5)
    for step in range(5):
        see(people, step * 0.2, found([5, 5, 45, 55], 0.3, 0.1, 0.1))
    person = people.here[1]
    assert person.seen == 5
    assert not person.views
    assert not person.counts(0.5)


@pytest.mark.parametrize(
    ("seconds", "seen", "counts"), [(1.0, 5, True), (0.3, 5, False), (1.0, 2, False)]
)
def test_who_is_seen_too_shortly_does_not_count(seconds, seen, counts):
    view = View(0, 0.5, np.array([1.0, 0, 0]))
    assert Person([1], 0, seconds, seen, [view]).counts(0.5) is counts


def test_a_person_was_seen_in_the_spans_of_the_detections_only():
    people = People(0.5)
    for time in (0.0, 0.5, 1.0, 65.0, 65.5):
        see(people, time, found([5, 5, 45, 55], 0.9, 0.05, 0.04))
    person = people.here[1]
    assert person.times == [[0.0, 1.0], [65.0, 65.5]]
    assert person.within(0, 60)
    assert person.within(60, 120)
    assert not person.within(2, 60)


def test_tracks_of_one_person_are_joined():
    people = People(0.5)
    for step in range(4):
        see(people, step, found([5, 5, 25, 30], 0.9, 0.05, 0.04), track=3)
        see(people, 10 + step, found([5, 5, 75, 95], 0.1, 0.8, 0.04), track=7)
    people.join(7, 3)
    (person,) = people.end([3])
    assert person.tracks == [3, 7]
    assert (person.first, person.last, person.seen) == (0, 13, 8)
    assert len(person.views) == 8
    assert people.here == {}


def test_people_are_pooled_into_rows():
    people = [Person([k], 0, 1, 5, [View(0, 0.5, np.eye(3)[k])], None, [[0, 1]]) for k in (0, 0, 2)]
    labels, shares = pooled(people)
    assert labels.sum(axis=0).tolist() == [2, 0, 1]
    assert shares.sum() == pytest.approx(3)
    assert pooled([])[0].shape == (0, 3)
