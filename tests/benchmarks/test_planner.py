"""Plans are told of those that are made, and of all first answers."""

import numpy as np
import pytest

from benchmarks import planner, prevalence_cells


class First:
    """A first answer whose predictions are known."""

    def __init__(self, half: float, told: bool) -> None:
        self.half, self.told, self.tested_alike = half, told, told

    def half_width(self, new: int, test: int) -> float:
        return self.half

    def annotated_half_width(self, annotated: int, new: int) -> float:
        return self.half / 2


@pytest.fixture
def simulated(monkeypatch):
    monkeypatch.setattr(planner, "measure", lambda *asked: {"width": 0.2})

    def compare(firsts: list[First]):
        monkeypatch.setattr(planner, "pilots", lambda *asked: firsts)
        return planner.compare("good", 0.5, len(firsts), 10, 0)

    return compare


def test_those_with_a_plan_are_compared_and_all_beside_them(simulated):
    plain, every, told, annotated, like = simulated([First(0.08, True), First(0.12, False)] * 2)
    assert plain == pytest.approx([0.8] * len(planner.SIZES))
    assert every == pytest.approx(1.0)
    assert annotated == pytest.approx([0.4] * len(planner.ANNOTATED))
    assert told == like == 0.5


def test_of_few_plans_nothing_is_told_but_of_all(simulated):
    plain, every, told, annotated, _ = simulated([First(0.08, True), *[First(0.12, False)] * 7])
    assert np.isnan(plain).all() and np.isnan(annotated).all()
    assert every == pytest.approx((0.08 + 7 * 0.12) / 8 / 0.1) and told == 1 / 8


def test_the_table_is_printed(monkeypatch, capsys):
    prevalence_cells.pool.cache_clear()
    monkeypatch.setattr(prevalence_cells, "POOL", 2000)
    monkeypatch.setattr(planner, "SIZES", ((139, 80),))
    monkeypatch.setattr(planner, "ANNOTATED", ((15, 80),))
    planner.main(["--quick"])
    prevalence_cells.pool.cache_clear()
    head, row = capsys.readouterr().out.splitlines()[1:]
    assert " ".join(head.split()) == "rate detector 139/80 planned all 15 of 80 planned"
    assert row.startswith(" 50% middling ")
