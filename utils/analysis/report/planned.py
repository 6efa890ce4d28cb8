"""How many photographs a narrower answer takes, in words."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from utils.analysis.prevalence.adjusted_counts import without_classes
from utils.analysis.prevalence.planner import Pilot, pilot
from utils.analysis.report.words import number_of
from utils.dataset.labels import CLASSES, PROPERLY_MASKED

HALF_WIDTH = 0.05
"""That the report plans for."""


def pilot_of(
    tested: np.ndarray, seen: np.ndarray, groups: np.ndarray, absent: Sequence[str], seed: int
) -> Pilot | None:
    """Return what an answer tells of others; None where nothing can be learnt from it.

    Parameters
    ----------
    tested, seen, groups
        As `utils.analysis.prevalence.planner.pilot` takes them, of all classes.
    absent
        Names of the classes that the annotated data do not have.
    seed
        The run's seed.
    """
    if CLASSES[PROPERLY_MASKED - 1] in absent or len(CLASSES) - len(absent) < 2:
        return None
    tested, seen = without_classes(tested, seen, [CLASSES.index(name) for name in absent])
    return pilot(tested, seen, seed, groups=groups)


def plan_words(first: Pilot, planned: dict[str, Any]) -> str:
    """Return a plan (`utils.analysis.prevalence.planner.plan`) in one sentence."""
    wanted = planned["half_width"]
    goal = f"For \N{PLUS-MINUS SIGN}{100 * wanted:g} points"
    if planned["now"] <= wanted:
        return f"{goal} there are photographs enough."
    ways = []
    if both := planned["both"]:
        ways.append(
            f"about {number_of(both['new'], 'new photograph')} and "
            f"{number_of(both['test'], 'test photograph')} in all (there are {first.photos:,} and "
            f"{first.tested:,})"
        )
    if some := planned["annotated"]:
        ways.append(f"{some:,} of the {first.photos:,} new photographs, annotated")
    if not ways:
        return f"{goal} no number of photographs is enough with this detector; train a better one."
    return f"{goal}: {'; or '.join(ways)}."


def narrower(prevalence: dict[str, Any]) -> str:
    """Say what would narrow the answer of a record; "" where nothing is planned from it."""
    planned = prevalence["plan"]
    if not planned or prevalence["detector"]:  # of annotations no plan is made
        return ""
    words = plan_words(Pilot(**prevalence["pilot"]), planned)
    if planned["annotated"] and planned["now"] > planned["half_width"]:
        words += (
            f" `python workflow.py suggest RUN_DIR --number {planned['annotated']}` deals them."
        )
    return words
