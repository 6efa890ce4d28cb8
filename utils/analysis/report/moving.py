"""What a report says of videos, made by who knows videos (`utils.video.reporting`)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from utils.analysis.report.caveats import Caveat


@dataclass(frozen=True)
class Moving:
    """What was seen in videos.

    Attributes
    ----------
    record
        ``videos`` of ``prevalence.json``: ``answer`` and ``explanation`` first of all.
    estimate
        As `utils.analysis.prevalence.estimate.estimate_prevalence` returns it, of everybody in all
        videos: the answer where there are no photographs.
    caveats
        When not to trust it.
    templates
        Of its part of the page, by name; ``videos.html`` is the part.
    values
        What they take.
    """

    record: dict[str, Any]
    estimate: dict[str, Any]
    caveats: list[Caveat]
    templates: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, Any] = field(default_factory=dict)

    def alone(self, kind: str, threshold: float) -> dict[str, Any]:
        """Return the record ``prevalence.json``, less its sentences, of a run without photographs.

        A person is the unit, so that nothing of it is about photographs, or bursts of them.
        """
        estimate = dict(self.estimate)
        estimate["photos"] = {**estimate["photos"], "new": 0, "groups": 0, "validation": 0}
        nothing = dict.fromkeys(("group_of", "plan", "annotated", "detector", "places"))
        return {
            "kind": kind,
            "threshold": threshold,
            "bursts": {"photos": 0, "groups": 0, "largest": 0},
            "shift": {"shifted": False, "broken": False, "words": []},
            **estimate,
            **nothing,
        }
