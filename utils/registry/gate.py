"""What a model must show to become the champion: as good, calibrated, and fast enough.

As good is a test of non-inferiority (CONSORT extension of Piaggio et al., JAMA 308 (2012) 2594):
the whole 95 % interval of the difference, paired by photograph, must lie above minus a margin. A
model that is worse by the margin then passes in 2.5 of 100 cases at most, however few photographs
there are; of few, or with a margin of 0, one that is as good does not pass either, unless it is
better beyond chance.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from utils.comparison.measured import Comparison
from utils.comparison.words import score, signed, title
from utils.metrics.paired import Paired

MARGIN = 0.02
"""How much worse a model may be, in measures of 0..1, where nobody says."""

LEAST_CALIBRATED = 0.05
"""How far confidences may be off, on average, beyond what chance alone would show."""


@dataclass(frozen=True)
class Check:
    """One thing that a model must show.

    Attributes
    ----------
    name
        ``as_good``, ``calibrated`` or ``fast``.
    told
        What was found, in a sentence.
    facts
        Numbers of it, for the record.
    """

    name: str
    passed: bool
    told: str
    facts: Mapping[str, Any]


@dataclass(frozen=True)
class Verdict:
    """What a gate says of a model."""

    checks: tuple[Check, ...]

    @property
    def passed(self) -> bool:
        """Whether the model may become the champion."""
        return all(check.passed for check in self.checks)

    @property
    def why_not(self) -> list[str]:
        """What it failed, in sentences."""
        return [check.told for check in self.checks if not check.passed]

    def as_record(self) -> dict[str, str]:
        """Return it as plain values by name: ``as_good``, ``as_good.low``, ..."""
        record = {}
        for check in self.checks:
            record[check.name] = "passed" if check.passed else "failed"
            facts = {key: it for key, it in check.facts.items() if it is not None}
            record |= {f"{check.name}.{key}": _plain(value) for key, value in facts.items()}
        return record


def as_good(comparison: Comparison, margin: float = MARGIN) -> Check:
    """Return whether the second model of a comparison is not worse than the first, the champion.

    It is judged by the measure that comes first and can be told: mean average precision of what
    finds faces, F1 on few photographs; balanced accuracy of a classifier.
    """
    champion, found = comparison.first.name, measure_of(comparison)
    notes = "".join(f"; {note}" for note in comparison.notes)
    if found is None:
        told = f"whether it is as good as {champion} cannot be told{notes}"
        return Check("as_good", False, told, {"against": champion, "margin": margin})
    name, one = found
    what = f"{title(name)} {score(one.second)} against {score(one.first)} of {champion}"
    facts = {
        "against": champion,
        "measure": name,
        "photographs": comparison.photos,
        "difference": one.difference,
        "margin": margin,
    }
    if one.verdict == "equal":
        return Check("as_good", True, f"it does the same: {what}{notes}", facts)
    low, high = one.interval or (-1.0, 1.0)
    facts |= {"low": low, "high": high}
    span = f"difference {signed(one.difference)}, 95 % interval {signed(low)} to {signed(high)}"
    if low > 0:
        passed, told = True, "it is better beyond chance"
    elif low > -margin:
        passed, told = True, f"it is not worse by {margin:g} or more"
    elif high < 0:
        passed, told = False, "it is worse beyond chance"
    else:
        passed = False
        told = f"it may be worse by {margin:g} or more: more test photographs, or --margin, tell"
    return Check("as_good", passed, f"{told}: {what} ({span}){notes}", facts)


def measure_of(comparison: Comparison) -> tuple[str, Paired] | None:
    """Return the measure that models are judged by, and what it is called; None if there is none.

    Of measures of all classes the first that has an interval, or is equal throughout.
    """
    for name, one in comparison.measures.items():
        if ":" not in name and (one.interval is not None or one.verdict == "equal"):
            return name, one
    return None


def calibrated(evaluation: Mapping[str, Any]) -> Check:
    """Return whether confidences mean what they say, by ``evaluation.json``.

    The expected calibration error (Naeini et al. 2015) on the test side, less what a model that is
    calibrated perfectly would show on as many boxes, must not exceed `LEAST_CALIBRATED`.
    """
    judged = evaluation.get("classification") or {}
    told = (evaluation.get("calibration") or judged.get("calibration") or {}).get("after") or {}
    error, by_chance = told.get("ece"), told.get("ece_by_chance")
    if error is None or by_chance is None:
        return Check("calibrated", False, "whether it is calibrated cannot be told", {})
    passed = error - by_chance <= LEAST_CALIBRATED
    words = (
        f"{'it is' if passed else 'it is not'} calibrated: confidences are off by {error:.3f} on "
        f"average, {by_chance:.3f} of it by chance ({LEAST_CALIBRATED:g} more are allowed)"
    )
    return Check("calibrated", passed, words, {"ece": error, "ece_by_chance": by_chance})


def fast(taken: float, allowed: float, what: str = "photograph") -> Check:
    """Return whether a model takes no more milliseconds than are allowed, for each of `what`."""
    passed = taken <= allowed
    told = (
        f"{'it is fast enough' if passed else 'it is too slow'}: {taken:.3g} ms a {what} on "
        f"this machine, {allowed:g} are allowed"
    )
    return Check("fast", passed, told, {"ms": taken, "allowed": allowed})


def _plain(value: Any) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)
