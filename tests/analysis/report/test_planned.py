import numpy as np
import pytest

from utils.analysis.prevalence.pilot import pilot
from utils.analysis.prevalence.planner import plan
from utils.analysis.report.planned import narrower, plan_for, plan_words
from utils.dataset.labels import CLASSES

RNG = np.random.default_rng(0)
TESTED = np.stack(
    [np.diag([0, *RNG.poisson(2, 3)]) + np.eye(4, k=1, dtype=int) for _ in range(60)]
).astype(float)
SEEN = RNG.poisson((3, 2, 1), (50, 3)).astype(float)


GROUPS = np.arange(50) // 2


def planned(tested=TESTED, seen=SEEN, groups=GROUPS, absent=()) -> dict | None:
    return plan_for(tested, seen, groups, absent, 0.2, 5)


def test_it_is_the_plan_of_photographs_and_their_groups():
    expected = plan(pilot(TESTED, SEEN, 5, groups=GROUPS), 0.2)
    assert planned() == {**expected, "there": {"new": 50, "test": 60}}
    assert planned()["now"] > planned(groups=np.arange(50))["now"]


def test_a_class_that_the_data_do_not_have_is_left_out():
    tested = TESTED.copy()
    tested[:, 3] = 0
    assert planned(tested, absent=CLASSES[2:])["now"] > 0
    assert planned(tested, absent=CLASSES[:1]) is None
    assert planned(tested, absent=CLASSES[1:]) is None


def test_one_photograph_plans_nothing():
    assert planned(seen=SEEN[:1], groups=GROUPS[:1]) is None


PLAN = {
    "half_width": 0.05,
    "now": 0.1,
    "both": {"new": 1200, "test": 300},
    "annotated": 40,
    "told": True,
    "there": {"new": 80, "test": 20},
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
        ({"both": None, "annotated": None, "told": False}, "For ±5 points nothing can be planned"),
    ],
)
def test_a_plan_in_words(changes, words):
    assert plan_words({**PLAN, **changes}).startswith(words)


def test_the_report_says_what_to_do_unless_there_are_annotations_already():
    record = {"plan": PLAN, "detector": None}
    assert narrower(record).endswith(
        " `python workflow.py suggest RUN_DIR --number 40` deals them."
    )
    enough = {**record, "plan": {**PLAN, "now": 0.01}}
    assert narrower(enough) == "For ±5 points there are photographs enough."
    assert narrower({"plan": None, "detector": None}) == ""


MORE = {"half_width": 0.05, "now": 0.08, "all": 0.02, "annotated": 52}


@pytest.mark.parametrize(
    ("plan", "dealt", "words"),
    [
        (
            MORE,
            60,
            "For ±5 points: annotate about 22 more of the new photographs, the next",
        ),
        (
            MORE,
            30,
            "annotate about 22 more of the new photographs. `python workflow.py suggest RUN",
        ),
        ({**MORE, "annotated": 30}, 30, "For ±5 points photographs enough are annotated."),
        (
            {**MORE, "annotated": None, "all": 0.06},
            30,
            "For ±5 points not even all 80 new photographs, annotated, are enough (±6.0): take",
        ),
        (None, 30, ""),
    ],
)
def test_after_annotation_the_report_says_how_many_more_it_takes(plan, dealt, words):
    told = {"plan": plan, "annotated": 30, "dealt": dealt}
    record = {"plan": PLAN, "detector": {}, "annotated": told, "photos": {"new": 80}}
    assert narrower(record | {"detector": {"reliable": True}}).count(words)
