"""What the gate says of differences, calibration and speed."""

from pathlib import Path

import numpy as np
import pytest

from benchmarks import gate as simulated
from utils.comparison.measured import Comparison
from utils.comparison.shared import Shared
from utils.metrics.paired import Paired
from utils.registry.gate import Verdict, as_good, calibrated, fast
from utils.tracking.recorded import RecordedRun


def comparison(**measures: Paired) -> Comparison:
    runs = [RecordedRun(Path(name), "done") for name in ("champion", "candidate")]
    shared = Shared((), np.zeros(0, np.int64), (9, 9), 0, "")
    return Comparison(*runs, shared, {}, measures, ("A note",), 9)


@pytest.mark.parametrize(
    ("interval", "margin", "passed", "told"),
    [
        ((0.01, 0.09), 0.0, True, "it is better beyond chance"),
        ((-0.01, 0.09), 0.02, True, "it is not worse by 0.02 or more"),
        ((-0.01, 0.09), 0.0, False, "it may be worse by 0 or more"),
        ((-0.02, 0.09), 0.02, False, "it may be worse by 0.02 or more"),
        ((-0.09, -0.01), 0.02, False, "it is worse beyond chance"),
        ((-0.015, -0.01), 0.02, True, "it is not worse by 0.02 or more"),
    ],
)
def test_the_whole_interval_must_lie_above_minus_the_margin(interval, margin, passed, told):
    one = Paired(0.5, 0.5 + sum(interval) / 2, interval, 7)
    check = as_good(comparison(map=one), margin)
    assert check.passed == passed
    assert check.told.startswith(told) and ": mAP over IoU .5 to .95 " in check.told
    assert check.told.endswith("; A note")
    assert (check.facts["low"], check.facts["high"]) == interval


def test_it_is_judged_by_the_first_measure_of_all_classes_that_can_be_told():
    few = Paired(0.5, 0.9, None, 7)
    f1 = Paired(0.5, 0.6, (0.02, 0.2), 7)
    recall = Paired(0.5, 0.1, (-0.6, -0.2), 7)
    check = as_good(comparison(map=few, **{"map_50:with_mask": recall}, f1=f1, recall=recall))
    assert check.facts["measure"] == "f1" and check.passed
    check = as_good(comparison(map=Paired(0.5, 0.5, None, 0), f1=recall))
    assert check.passed and "it does the same" in check.told
    check = as_good(comparison(map=few))
    assert not check.passed and "cannot be told; A note" in check.told
    assert not as_good(comparison()).passed


def test_what_is_off_by_more_than_chance_is_not_calibrated():
    def record(ece, by_chance):
        return {"after": {"ece": ece, "ece_by_chance": by_chance}}

    assert calibrated({"calibration": record(0.06, 0.02)}).passed
    assert not calibrated({"calibration": record(0.08, 0.02)}).passed
    judged = {"calibration": None, "classification": {"calibration": record(0.08, 0.02)}}
    assert calibrated(judged).facts == {"ece": 0.08, "ece_by_chance": 0.02}
    for nothing in ({}, {"calibration": record(None, None)}):
        assert not calibrated(nothing).passed
        assert "cannot be told" in calibrated(nothing).told


def test_a_verdict_is_recorded_check_by_check():
    verdict = Verdict((fast(80.0, 100.0), fast(120.0, 100.0)))
    assert not verdict.passed
    (why,) = verdict.why_not
    assert why == "it is too slow: 120 ms a photograph on this machine, 100 are allowed"
    assert Verdict(verdict.checks[:1]).as_record() == {
        "fast": "passed", "fast.ms": "80", "fast.allowed": "100",
    }  # fmt: skip


def test_of_simulated_pairs_equal_ones_are_seldom_called_better_and_worse_ones_kept_out():
    pool = simulated.Photographs.simulated(3000, np.random.default_rng(0))
    said = {}
    for difference in (0.0, -0.08):
        skill = simulated.skill_for(pool, difference) if difference else simulated.SKILL
        rng = np.random.default_rng(5)
        said[difference] = [simulated.judged(139, skill, 200, 0.08, rng) for _ in range(40)]
    assert said[0.0].count("better") <= 4  # one is expected
    assert said[0.0].count("kept out") <= 12  # the test side can tell 0.08
    assert said[-0.08].count("kept out") >= 36  # 39 are expected
    assert simulated.precision_of(pool, skill) == pytest.approx(
        simulated.precision_of(pool, simulated.SKILL) - 0.08, abs=0.002
    )
