import numpy as np
import pytest

from utils.analysis.prevalence.estimate import estimate_prevalence
from utils.analysis.prevalence.places import MOST, compare_places, holm

RATES = np.array([[0.15, 0.78, 0.05, 0.02], [0.25, 0.1, 0.62, 0.03], [0.25, 0.25, 0.1, 0.4]])


def photographs(rng: np.random.Generator, count: int, share: float) -> np.ndarray:
    """Confusion matrices of photographs of people, as a middling detector sees them."""
    result = np.zeros((count, 4, 4), int)
    for photo in result:
        people = rng.multinomial(rng.geometric(0.2), [share, (1 - share) * 0.8, (1 - share) * 0.2])
        for true in range(3):
            photo[true + 1] = rng.multinomial(people[true], RATES[true])
    return result


def sites(rng: np.random.Generator, *shares: float, count: int = 80) -> tuple:
    """Test photographs, and what was found at one site for each share."""
    seen = [photographs(rng, count, share)[:, :, 1:].sum(axis=1) for share in shares]
    places = np.repeat([f"site {k}" for k in range(len(shares))], count)
    return photographs(rng, 100, 0.7), np.concatenate(seen), places


def test_each_place_has_the_answer_that_it_would_have_alone() -> None:
    test, seen, places = sites(np.random.default_rng(0), 0.3, 0.8)
    told = compare_places(test, seen, places, 0, 1000)["places"]
    for number, row in enumerate(told):
        alone = estimate_prevalence(test, seen[places == row["place"]], 0, 1000)["properly_masked"]
        assert (row["place"], row["photos"]) == (f"site {number}", 80)
        assert row["share"] == pytest.approx(alone["share"])
        assert row["interval"] == pytest.approx(alone["interval"], abs=0.03)


def test_places_that_differ_are_found_though_their_intervals_overlap() -> None:
    rng = np.random.default_rng(1)
    found, overlapping = 0, 0
    for number in range(20):
        result = compare_places(*sites(rng, 0.65, 0.5, count=250), number, 400)
        [row], (one, other) = result["differences"], result["places"]
        found += row["differ"]
        overlapping += one["interval"][0] <= other["interval"][1]
        assert row["p"] == row["adjusted"], "a single comparison is not adjusted"
        assert row["difference"] == pytest.approx(one["share"] - other["share"])
        assert row["interval"][0] <= row["difference"] <= row["interval"][1]
    assert found >= 17 and overlapping >= 5


def test_places_alike_are_rarely_said_to_differ() -> None:
    rng = np.random.default_rng(2)
    told = [compare_places(*sites(rng, 0.5, 0.5, 0.5, 0.5, count=40), n, 300) for n in range(40)]
    rows = [row for result in told for row in result["differences"]]
    assert len(rows) == 40 * 6
    assert 0.01 < np.mean([row["p"] < 0.05 for row in rows]) < 0.1
    assert sum(any(row["differ"] for row in result["differences"]) for result in told) <= 6


def test_holms_correction_by_hand() -> None:
    assert holm(np.array([0.01, 0.04, 0.03, 0.5])) == pytest.approx([0.04, 0.09, 0.09, 0.5])
    assert holm(np.array([0.6, 0.7])) == pytest.approx([1, 1])
    assert holm(np.zeros(0)).size == 0


def test_weights_and_bursts_are_heeded() -> None:
    rng = np.random.default_rng(3)
    test, seen, places = sites(rng, 0.2, 0.8)
    weights = np.where(rng.random(160) < 0.5, 1.0, 3.0)
    told = compare_places(test, seen, places, 0, 1000, weights=weights)["places"]
    alone = estimate_prevalence(test, seen[:80], 0, 1000, weights=weights[:80])
    assert told[0]["share"] == pytest.approx(alone["properly_masked"]["share"])
    bursts = np.arange(160) // 8
    plain = compare_places(test, np.repeat(seen[::8], 8, axis=0), places, 0, 1000)
    whole = compare_places(test, np.repeat(seen[::8], 8, axis=0), places, 0, 1000, groups=bursts)
    widths = [np.diff(one["places"][0]["interval"])[0] for one in (plain, whole)]
    assert widths[1] > 1.5 * widths[0]


def test_a_place_that_tells_nothing_has_no_share_and_no_difference() -> None:
    test, seen, _ = sites(np.random.default_rng(4), 0.5)
    places = np.array(["crowd"] * 70 + ["empty"] * 9 + ["once"])
    seen[70:79] = 0
    seen[79] = [2, 1, 0]
    result = compare_places(test, seen, places, 0, 200)
    shares = {row["place"]: (row["share"], row["interval"]) for row in result["places"]}
    assert shares["empty"] == (None, None)
    assert shares["once"][0] is not None and shares["once"][1] is None
    known = [row["p"] is not None for row in result["differences"]]
    assert known == [False, False, False]
    with pytest.raises(ValueError, match="too many"):
        compare_places(test, seen[:70], np.arange(70), 0)
    assert MOST < 70
