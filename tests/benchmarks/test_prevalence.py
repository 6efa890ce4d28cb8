import numpy as np
import pytest

from benchmarks import prevalence
from benchmarks.prevalence import Cell, measure
from benchmarks.rate_estimators import compare, expectation_maximisation
from benchmarks.simulated_photos import DETECTORS, TEST_MIX, photographs


@pytest.fixture(autouse=True)
def small(monkeypatch) -> None:
    monkeypatch.setattr(prevalence, "POOL", 20_000)


def pool(mix: tuple[float, ...], detector: str = "middling", seed: int = 0):
    return photographs(np.random.default_rng(seed), prevalence.POOL, mix, DETECTORS[detector])


def test_photographs_have_the_mix_recall_and_inventions_asked_for() -> None:
    made = pool((0.3, 0.5, 0.2))
    people = made.labels[:, 1:].sum(axis=2)
    assert people.sum(axis=0) / people.sum() == pytest.approx([0.3, 0.5, 0.2], abs=0.01)
    total = made.labels.sum(axis=0)
    recall = total[1:, 1:].sum(axis=1) / total[1:].sum(axis=1)
    assert recall == pytest.approx(DETECTORS["middling"].recall, abs=0.02)
    assert total[0].sum() / total[1:].sum() == pytest.approx(0.12, abs=0.01)
    assert made.expected.sum(axis=(1, 2)) == pytest.approx(made.labels.sum(axis=(1, 2)), rel=1e-4)
    assert made.probabilities.sum(axis=0) == pytest.approx(
        made.expected[:, :, 1:].sum(axis=(0, 1)), rel=1e-3
    )


def test_people_on_one_photograph_are_alike() -> None:
    people = pool((0.5, 0.3, 0.2)).labels[:, 1:].sum(axis=2)
    size = people.sum(axis=1)
    share = people[size > 1, 0] / size[size > 1]
    pairs = (people[:, 0] * (people[:, 0] - 1))[size > 1] / (size * (size - 1))[size > 1]
    alike = (pairs.mean() - share.mean() ** 2) / (share.mean() * (1 - share.mean()))
    assert alike == pytest.approx(0.25, abs=0.02)


def test_drawn_photographs_keep_their_detections() -> None:
    drawn = pool(TEST_MIX).draw(50, np.random.default_rng(1))
    boxes = drawn.labels[:, :, 1:].sum(axis=(1, 2))
    assert np.bincount(drawn.photo_of, minlength=50) == pytest.approx(boxes)
    together = drawn.probabilities.sum(axis=0)
    assert together == pytest.approx(drawn.expected[:, :, 1:].sum(axis=(0, 1)), rel=1e-4)


@pytest.mark.parametrize("counts", ["labels", "expected"])
def test_the_interval_covers_the_truth_and_the_bias_goes(counts: str) -> None:
    test, new = pool(TEST_MIX), pool((0.3, 0.5, 0.2), seed=1)
    cell = measure(test, new, counts, (139, 200), 200, 300, np.random.default_rng(0))
    assert 0.90 <= cell.coverage <= 0.99  # fewer or more has a chance of 1 in 300 at 95 %
    assert cell.raw_bias > 0.1
    assert abs(cell.bias) < cell.raw_bias / 10 + 3 * cell.error
    assert 3 * cell.deviation < cell.width < 6 * cell.deviation


def test_intervals_that_ignore_crowds_and_mistakes_would_not_cover() -> None:
    """The simulation tells good intervals from bad: binomial ones about the raw rate fail in it."""
    test, new = pool(TEST_MIX), pool((0.3, 0.5, 0.2), seed=1)
    cell = measure(test, new, "labels", (139, 200), 100, 100, np.random.default_rng(0))
    binomial = 2 * 1.96 * np.sqrt(0.3 * 0.7 / 1100)
    assert cell.width > 2 * binomial


def test_a_small_bias_is_one_beside_the_raw_rates_or_beside_chance() -> None:
    def cell(raw_bias: float, bias: float, error: float = 0.001, deviation: float = 0) -> Cell:
        return Cell(0.95, 0.1, raw_bias, bias, error, deviation)

    assert cell(0.2, -0.02).small and cell(0.2, -0.02).tenth
    assert not cell(0.2, 0.021).small
    assert cell(0.001, 0.002).small and not cell(0.001, 0.002).tenth  # raw is right by chance
    assert not cell(0.001, 0.003).small
    assert cell(0.001, 0.003, deviation=0.03).small


def test_expectation_maximisation_finds_the_rate_of_a_good_calibrated_detector() -> None:
    test, new = pool(TEST_MIX, "good"), pool((0.3, 0.5, 0.2), "good", seed=1)
    raw = new.labels[:, :, 1:].sum(axis=(0, 1))
    assert raw[0] / raw.sum() > 0.33
    assert expectation_maximisation(test, new, new.temperature) == pytest.approx(0.3, abs=0.015)


def test_the_tables_are_printed(monkeypatch, capsys) -> None:
    monkeypatch.setattr(prevalence, "RATES", (0.25,))
    monkeypatch.setattr(prevalence, "SIZES", (20,))
    monkeypatch.setattr(prevalence, "POOL", 2000)
    monkeypatch.setattr("sys.argv", ["prevalence.py", "--repetitions", "20", "--draws", "100"])
    prevalence.main()
    said = capsys.readouterr().out
    assert said.count(" 25% ") == len(DETECTORS)
    assert "coverage within 93 to 97 %:" in said and f"of {len(DETECTORS)} cells" in said
    compare(repetitions=3, size=20, seed=0)
    assert "EM, calibrated" in capsys.readouterr().out
