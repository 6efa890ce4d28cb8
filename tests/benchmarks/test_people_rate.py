"""The benchmark of the rate by people: what it watches, and what its test knows."""

from collections import Counter

import numpy as np
import pytest

from benchmarks import people_rate, simulated_films
from benchmarks.people_rate import answered, correction_of, judged_photograph, summed
from data.painter.witness import NONE, Mistakes
from utils.dataset.labels import CLASSES


@pytest.fixture(scope="module")
def correction():
    return correction_of([judged_photograph(number) for number in range(40)], 3)


@pytest.fixture(scope="module")
def film(request):
    """Twelve people in six seconds, of whom every second one wears a mask properly."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(simulated_films, "_MODELS", 4)
        simulated_films.stock.cache_clear()
        request.addfinalizer(simulated_films.stock.cache_clear)
        return simulated_films.watched(3, [1, 2] * 6, 6.0, 7.5, widths=people_rate.WIDTHS)


def test_the_test_knows_how_faces_are_confused(correction):
    table = correction.expected.sum(axis=0)[1:, 1:]
    assert table.sum() > 60
    assert (np.diag(table) / table.sum(axis=1) > 0.4).all()
    assert correction.good


def test_people_are_seen_by_tracks_and_by_truth(film):
    assert 6 <= len(film.known) <= len(film.there) <= 12
    assert len(film.tracked) == pytest.approx(len(film.there), abs=3)
    assert {person.title for person in film.tracked} <= set(CLASSES)
    whose = [Counter(owner.values()) for owner in film.owners]
    own = sum(max(one.values()) for one in whose)
    assert own / sum(sum(one.values()) for one in whose) > 0.8


def test_other_people_on_the_same_tracks_are_of_other_classes(film):
    again = film.redrawn((0, 0, 1), np.random.default_rng(1), NONE)
    assert set(again.there.values()) == {3}
    assert set(again.there) == set(film.there)
    assert {person.label for person in again.known} == {3}
    assert sum(person.label == 3 for person in again.tracked) >= len(film.tracked) - 1
    wrong = film.redrawn(
        (1, 0, 0), np.random.default_rng(1), Mistakes(confusion=np.ones((3, 3)) / 3)
    )
    assert 0 < sum(person.label == 1 for person in wrong.known) < len(wrong.known)


def test_a_row_of_the_table_sums_up_films(film, correction):
    rows = [answered(correction, film, film.tracked), answered(correction, film, film.known)]
    films, people, doubled, coverage, *_ = summed(rows)
    assert films == "2"
    assert float(people) == (len(film.tracked) + len(film.known)) / 2
    assert float(doubled) == (len(film.tracked) - len(film.often)) / 2
    low, high = rows[0][5:7]
    assert 0 <= low < high <= 1
    assert coverage in ("0.0 %", "50.0 %", "100.0 %")
