import numpy as np
import pytest

from benchmarks import prevalence, prevalence_cells, rate_estimators
from benchmarks.prevalence_cells import Cell, measure
from benchmarks.rate_estimators import expectation_maximisation
from benchmarks.simulated_photos import DETECTORS, TEST_MIX, Scene, photographs


@pytest.fixture(autouse=True)
def fresh() -> None:
    prevalence_cells.pool.cache_clear()  # of pools that a test made smaller


def pool(mix: tuple[float, ...], detector: str = "middling", seed: int = 0):
    return photographs(np.random.default_rng(seed), 20_000, mix, DETECTORS[detector])


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


@pytest.mark.parametrize("labels", [True, False])
def test_every_interval_covers_its_truth_and_the_bias_goes(labels: bool) -> None:
    cell = Cell("label shift", "middling", 0.3, labels=labels)
    told = measure(cell, 200, 300, 0)
    for key in ("coverage", "here", "people"):
        assert 0.89 <= told[key] <= 0.99  # fewer or more has a chance of 1 in 1,000 at 95 %
    assert told["raw_bias"] > 0.1
    assert abs(told["bias"]) < told["raw_bias"] / 10 + 3 * told["error"]
    assert 3 * told["deviation"] < told["width"] < 6 * told["deviation"]
    assert told["told"] == 1


def test_intervals_that_ignore_crowds_and_mistakes_would_not_cover() -> None:
    """The simulation tells good intervals from bad: binomial ones about the raw rate fail in it."""
    told = measure(Cell("", "middling", 0.3, labels=True), 100, 100, 0)
    assert told["width"] > 2 * 2 * 1.96 * np.sqrt(0.3 * 0.7 / 1100)


def test_bursts_cover_if_they_are_told() -> None:
    alone, grouped = (
        measure(Cell("", "middling", 0.5, burst=8, grouped=one), 100, 200, 0)
        for one in (False, True)
    )
    assert alone["coverage"] < 0.8 and alone["people"] < 0.9
    assert min(grouped["coverage"], grouped["here"], grouped["people"]) > 0.85


def test_a_still_camera_sees_people_for_as_many_photographs_as_they_stay() -> None:
    cell = Cell("", "middling", 0.5, new=400, stay=5, grouped=True)
    at, starts = prevalence_cells._photos(cell, 10_000, 50, np.random.default_rng(0))
    assert at.shape == (50, 400) and len(starts) == 20 and starts[1] == 20
    assert (at[:, 1:] == at[:, :-1]).mean() == pytest.approx(1 - 1 / 5, abs=0.02)


def test_bare_faces_farther_off_break_the_correction_but_not_the_annotated_answer() -> None:
    scene = Scene(harder=(0, 0.8, 0.4))
    corrected = measure(Cell("", "middling", 0.5, new=400, scene=scene), 100, 200, 0)
    annotated = measure(Cell("", "middling", 0.5, new=400, scene=scene, annotated=50), 200, 0, 0)
    assert corrected["coverage"] < 0.8
    assert annotated["coverage"] > 0.9 and annotated["here"] > 0.9
    assert abs(annotated["bias"]) < corrected["bias"] / 4


def test_scenes_change_what_they_name() -> None:
    rng = np.random.default_rng(0)
    detector = DETECTORS["middling"]

    def made(scene: Scene) -> np.ndarray:
        return photographs(rng, 20_000, (0.5, 0.4, 0.1), detector, scene).labels.sum(axis=0)

    usual, farther = made(Scene()), made(Scene(harder=(0, 1, 0)))
    recall = [1 - table[1:, 0] / table[1:].sum(axis=1) for table in (usual, farther)]
    assert recall[1][0] == pytest.approx(recall[0][0], abs=0.02)
    assert recall[1][1] < recall[0][1] - 0.1
    cluttered, crowded = made(Scene(invented=3)), made(Scene(crowd=12, hidden=1))
    assert cluttered[0].sum() == pytest.approx(2 * usual[0].sum(), rel=0.05)
    assert crowded[1:].sum() > 3 * usual[1:].sum()
    assert crowded[1:, 0].sum() / crowded[1:].sum() > usual[1:, 0].sum() / usual[1:].sum() + 0.05


def test_expectation_maximisation_finds_the_rate_of_a_good_calibrated_detector() -> None:
    test, new = pool(TEST_MIX, "good"), pool((0.3, 0.5, 0.2), "good", seed=1)
    raw = new.labels[:, :, 1:].sum(axis=(0, 1))
    assert raw[0] / raw.sum() > 0.33
    assert expectation_maximisation(test, new, new.temperature) == pytest.approx(0.3, abs=0.015)


def test_the_tables_are_printed_and_cells_that_are_done_are_not_measured_again(
    monkeypatch, capsys, tmp_path
) -> None:
    monkeypatch.setattr(prevalence_cells, "POOL", 2000)
    finished = tmp_path / "cells.jsonl"
    asked = ["prevalence.py", "--quick", "--processes", "1", "--finished", str(finished)]
    monkeypatch.setattr("sys.argv", asked)
    prevalence.main()
    said = capsys.readouterr().out
    for name in prevalence_cells.tables().keys() - set(prevalence.UNASKED):
        assert f"\n{name}" in said
    assert "crowding (the assumptions do not hold)" in said
    cells = finished.read_text().splitlines()
    assert f"{len(cells)} of {len(cells)} cells measured" in said
    finished.write_text("\n".join([*cells[:-2], cells[-2][:40]]))  # as after an interruption
    prevalence.main()
    again = capsys.readouterr().out
    assert f"2 of {len(cells)} cells measured" in again
    assert again.rpartition("\n")[0].splitlines()[:-1] == said.rpartition("\n")[0].splitlines()[:-1]


def test_priors_are_summed_up_by_size(capsys) -> None:
    told = {"coverage": 0.95, "width": 0.2}
    low = {"coverage": 0.91, "width": 0.4}
    rows = [
        (Cell("priors", detector, 0.5, test=12, new=8, events=events), one)
        for events, ones in ((0.5, (told, low)), (0.25, (told, told)))
        for detector, one in zip(("good", "poor"), ones, strict=True)
    ]
    prevalence.print_priors(rows)
    lines = capsys.readouterr().out.splitlines()
    assert lines[3].split() == ["12", "8", "93.0", "91.0", "30.0", "95.0", "95.0", "20.0"]
    assert lines[4].startswith(
        "Gamma(0.5): 1 of 2 cells below 93 %, 0 above 97 %; mean coverage 93"
    )


def test_other_sources_or_numbers_make_other_cells(monkeypatch) -> None:
    cell = prevalence_cells.tables()["bursts"][0]
    args = prevalence.parser().parse_args([])
    key = prevalence._key(cell, args)
    assert prevalence._key(cell, args) == key
    assert prevalence._key(cell, prevalence.parser().parse_args(["--draws", "7"])) != key
    monkeypatch.setattr(prevalence, "SOURCES", prevalence.SOURCES[1:])
    assert prevalence._key(cell, args) != key


def test_two_processes_measure_what_one_does(monkeypatch) -> None:
    cells = prevalence_cells.tables()["annotated"][:2]
    jobs = [(cell, 4, 10, 0) for cell in cells]
    alone = dict(prevalence._run(jobs, 1))
    both = dict(prevalence._run(jobs, 2))
    assert alone == both


def test_estimators_are_compared(monkeypatch, capsys) -> None:
    monkeypatch.setattr(rate_estimators, "POOL", 2000)
    monkeypatch.setattr(rate_estimators, "RATES", (0.25,))
    rate_estimators.compare(repetitions=3, size=20, seed=0)
    assert "EM, calibrated" in capsys.readouterr().out
