"""What was seen of a source, told: the answer, its timeline and picture, the people to look at."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from utils.analysis.plots.style import as_png
from utils.drift.scene import doubts, unlike
from utils.drift.two_samples import Compared
from utils.video.clock import Clock, Span
from utils.video.correction import Correction
from utils.video.people import Person
from utils.video.plot import timeline_figure
from utils.video.rate import rate_record, timeline_rows
from utils.video.seen import Seen
from utils.video.timeline import minutes, of_span

SHOWN = 12
"""The surest and the least sure people whose pictures are in a report, of each."""

_SHORT = 180.0  # seconds of which minutes would be a point or two
_FINE = 10.0


@dataclass(frozen=True)
class Teller:
    """Says what follows from what was seen.

    Attributes
    ----------
    correction, why
        What the model's test showed; None where nothing is known, and then why.
    clock
        What time it was when the source began.
    """

    correction: Correction | None
    why: str | None
    clock: Clock

    def rows(
        self, seen: Seen, people: Sequence[Person], spans: Sequence[Span] | None = None
    ) -> list[dict[str, Any]]:
        """Return a record a minute, or a span of those given."""
        spans = minutes(seen.end, self.clock, seen.start) if spans is None else spans
        return timeline_rows(people, spans, self.correction, self.clock, seen.spans, seen.gaps)

    def record(
        self, seen: Seen, people: Sequence[Person], compare: Sequence[Span] = ()
    ) -> dict[str, Any]:
        """Return the answer (`rate_record`), and what was looked at and missed."""
        watched, missed = seen.seconds
        return {
            **rate_record(people, self.correction, self.why, self.serious(seen)),
            "unlike_test": unlike(self._compared_scene(seen)),
            "began": self.clock.iso(0.0),
            "frames": seen.frames,
            "frames_a_second": seen.frames_a_second,
            "seconds": {"seen": watched, "missed": missed},
            "gaps": [
                {"start": gap.start, "end": gap.end, "reason": gap.reason} for gap in seen.gaps
            ],
            "least_seconds": seen.least_seconds,
            "too_short": seen.short,
            "compared": self.compared(people, compare),
        }

    def serious(self, seen: Seen) -> list[str]:
        """Return the reasons not to trust what was counted, in whole sentences."""
        return [*seen.serious(), *doubts(self._compared_scene(seen))]

    def _compared_scene(self, seen: Seen) -> Compared | None:
        """Return how a source differs from the photographs of the model's test, if known."""
        return (
            seen.scene.compared(self.correction.album) if self.correction and seen.scene else None
        )

    def drawn_rows(self, seen: Seen, seconds: float | None = None) -> list[dict[str, Any]]:
        """Return the records that a picture of so many seconds shows: finer ones of a short one."""
        if (seen.end - seen.start if seconds is None else seconds) >= _SHORT:
            return self.rows(seen, seen.people)
        starts = np.arange(seen.start // _FINE * _FINE, seen.end + 1e-6, _FINE).tolist()
        spans = [Span(self.clock.told(start), start, start + _FINE) for start in starts]
        return self.rows(seen, seen.people, spans)

    def picture(self, seen: Seen) -> bytes:
        """Return the timeline drawn, a PNG."""
        return as_png(timeline_figure(self.drawn_rows(seen), seen.gaps, self.clock))

    def compared(self, people: Sequence[Person], spans: Sequence[Span]) -> dict[str, Any] | None:
        """Return how the share of two spans differs (`Correction.difference`); None of none."""
        if not spans:
            return None
        first, second = spans
        found = self.correction.difference(people, first, second) if self.correction else None
        seen = [len(of_span(people, span)) for span in (first, second)]
        names, by_clock = [first.name, second.name], self.clock.began is not None
        return {"periods": names, "people": seen, "since_start": not by_clock, **(found or {})}


def gallery(
    people: Sequence[Person], picture: Callable[[int], bytes | None], shown: int = SHOWN
) -> list[list[dict[str, Any]]]:
    """Return the surest and the least sure people, with their pictures.

    Parameters
    ----------
    picture
        Returns the picture of a person by their number, from 1: a JPEG, or None.
    """
    surest, doubtful = chosen(people, shown)
    return [
        [{"number": n, "person": people[n - 1], "picture": picture(n)} for n in half]
        for half in (surest, doubtful)
    ]


def chosen(people: Sequence[Person], shown: int = SHOWN) -> tuple[list[int], list[int]]:
    """Return the numbers, from 1, of the surest and of the least sure people."""
    sure = [(float(person.shares.max()), n) for n, person in enumerate(people, start=1)]
    order = [number for _, number in sorted(sure, key=lambda one: (-one[0], one[1]))]
    return order[:shown], [n for n in order[::-1] if n not in order[:shown]][:shown]
