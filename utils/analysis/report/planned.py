"""How many photographs a narrower answer takes, in words."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from utils.analysis.prevalence.adjusted_counts import without_classes
from utils.analysis.prevalence.pilot import pilot
from utils.analysis.prevalence.planner import plan
from utils.analysis.report.kinds import in_words_of, kind_of
from utils.dataset.labels import CLASSES, PROPERLY_MASKED
from utils.errors import number_of

HALF_WIDTH = 0.05
"""Half the width of the interval that the report plans for."""


def plan_for(
    tested: np.ndarray,
    seen: np.ndarray,
    groups: np.ndarray,
    absent: Sequence[str],
    half_width: float,
    seed: int,
) -> dict[str, Any] | None:
    """Return what an answer of some half-width takes; None where nothing can be learnt from.

    Parameters
    ----------
    tested, seen, groups
        As `utils.analysis.prevalence.planner.pilot` takes them, of all classes.
    absent
        Names of the classes that the annotated data do not have.
    half_width
        Of the share properly masked, above 0 and below 0.5.
    seed
        The run's seed.

    Returns
    -------
    That of `utils.analysis.prevalence.planner.plan`, with ``there``: {new, test} photographs.
    """
    if CLASSES[PROPERLY_MASKED - 1] in absent or len(CLASSES) - len(absent) < 2:
        return None
    tested, seen = without_classes(tested, seen, [CLASSES.index(name) for name in absent])
    first = pilot(tested, seen, seed, groups=groups)
    if first is None:
        return None
    return {**plan(first, half_width), "there": {"new": first.photos, "test": first.tested}}


def plan_words(planned: dict[str, Any]) -> str:
    """Return a plan in one sentence."""
    wanted, there = planned["half_width"], planned["there"]
    goal = f"For \N{PLUS-MINUS SIGN}{100 * wanted:g} points"
    if planned["now"] <= wanted:
        return f"{goal} there are photographs enough."
    ways = []
    if both := planned["both"]:
        ways.append(
            f"about {number_of(both['new'], 'new photograph')} and "
            f"{number_of(both['test'], 'test photograph')} in all (there are {there['new']:,} and "
            f"{there['test']:,})"
        )
    if some := planned["annotated"]:
        ways.append(f"{some:,} of the {there['new']:,} new photographs, annotated")
    if ways:
        return f"{goal}: {'; or '.join(ways)}."
    if not planned["told"]:
        return f"{goal} nothing can be planned, because this answer tells too little of others."
    return f"{goal} no number of photographs is enough with this detector; train a better one."


def narrower(prevalence: dict[str, Any]) -> str:
    """Say what would narrow the answer of a record; "" where nothing is planned from it."""
    kind = kind_of(prevalence)
    if prevalence["detector"]:
        return _more_words(prevalence["annotated"], prevalence["photos"]["new"])
    planned = prevalence["plan"]
    if not planned:
        return ""
    words = in_words_of(kind, plan_words(planned))
    if planned["annotated"] and planned["now"] > planned["half_width"]:
        words += (
            f" `python workflow.py suggest RUN_DIR --number {planned['annotated']}` deals them."
        )
    return words


def _more_words(told: dict[str, Any], new: int) -> str:
    """Say how many more annotated photographs a narrower answer takes."""
    planned = told["plan"]
    if planned is None:
        return ""
    goal = f"For \N{PLUS-MINUS SIGN}{100 * planned['half_width']:g} points"
    there, number = told["annotated"], planned["annotated"]
    if number == there:
        return f"{goal} photographs enough are annotated."
    if number is None:
        return (
            f"{goal} not even all {new:,} new photographs, annotated, are enough "
            f"(\N{PLUS-MINUS SIGN}{100 * planned['all']:.1f}): take more photographs of the place."
        )
    words = f"{goal}: annotate about {number - there:,} more of the new photographs"
    if number <= told["dealt"]:
        return f"{words}, the next ones of those that were dealt."
    return (
        f"{words}. `python workflow.py suggest RUN_DIR --number {number} --output FOLDER` deals a "
        "sample of as many; photographs that are annotated already need no second look."
    )
