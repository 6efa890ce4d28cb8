from dataclasses import asdict, replace

import numpy as np
import pytest

from utils.analysis.prevalence.planner import pilot
from utils.analysis.report.planned import narrower, pilot_of, plan_words
from utils.dataset.labels import CLASSES

RNG = np.random.default_rng(0)
TESTED = np.stack(
    [np.diag([0, *RNG.poisson(2, 3)]) + np.eye(4, k=1, dtype=int) for _ in range(60)]
).astype(float)
SEEN = RNG.poisson((3, 2, 1), (50, 3)).astype(float)


GROUPS = np.arange(50) // 2


def test_it_is_the_pilot_of_photographs_and_their_groups():
    assert pilot_of(TESTED, SEEN, GROUPS, [], 5) == pilot(TESTED, SEEN, 5, groups=GROUPS)
    assert pilot_of(TESTED, SEEN, GROUPS, [], 5) != pilot_of(TESTED, SEEN, np.arange(50), [], 5)


def test_a_class_that_the_data_do_not_have_is_left_out():
    tested = TESTED.copy()
    tested[:, 3] = 0
    assert pilot_of(tested, SEEN, GROUPS, [CLASSES[2]], 5).share > 0
    assert pilot_of(tested, SEEN, GROUPS, [CLASSES[0]], 5) is None
    assert pilot_of(tested, SEEN, GROUPS, list(CLASSES[1:]), 5) is None


def test_one_photograph_plans_nothing():
    assert pilot_of(TESTED, SEEN[:1], GROUPS[:1], [], 5) is None


FIRST = replace(pilot(TESTED, SEEN, 5), photos=80, tested=20)
PLAN = {
    "half_width": 0.05,
    "now": 0.1,
    "both": {"new": 1200, "test": 300},
    "annotated": 40,
}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (
            {},
            "For ±5 points: about 1,200 new photographs and 300 test photographs in all (there are "
            "80 and 20); or 40 of the 80 new photographs, annotated.",
        ),
        (
            {"annotated": None},
            "For ±5 points: about 1,200 new photographs and 300 test photographs in all (there are "
            "80 and 20).",
        ),
        ({"both": None}, "For ±5 points: 40 of the 80 new photographs, annotated."),
        ({"now": 0.05}, "For ±5 points there are photographs enough."),
        ({"both": None, "annotated": None, "half_width": 0.025}, "For ±2.5 points no number of"),
    ],
)
def test_a_plan_in_words(changes, words):
    assert plan_words(FIRST, {**PLAN, **changes}).startswith(words)


def test_the_report_says_what_to_do_unless_there_are_annotations_already():
    record = {"plan": PLAN, "pilot": asdict(FIRST), "detector": None}
    assert narrower(record).endswith(
        " `python workflow.py suggest RUN_DIR --number 40` deals them."
    )
    enough = {**record, "plan": {**PLAN, "now": 0.01}}
    assert narrower(enough) == "For ±5 points there are photographs enough."
    assert narrower({**record, "detector": {"reliable": True}}) == ""
    assert narrower({"plan": None, "pilot": None, "detector": None}) == ""
