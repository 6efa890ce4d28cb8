"""Alerts: a condition of what is seen, which holds for some time, is told once."""

import logging
import re
from collections import deque
from dataclasses import dataclass, field
from typing import Any

from utils.dataset.labels import CLASSES, PROPERLY_MASKED
from utils.errors import InputError, brief
from utils.video.clock import Clock
from utils.video.people import LEAST_SECONDS, Person
from utils.video.watch import Moment

log = logging.getLogger(__name__)

WINDOW = 10.0
"""Seconds of which people are looked at: who was seen in them is there."""

PAUSE = 300.0
"""Seconds between two alerts of a condition, at least, by default."""

_BREAK = 3.0  # seconds without a frame after which nothing is known to have held
_LONGEST = 24 * 3600.0  # seconds that a condition may have to hold
_FORM = re.compile(
    r"(share|people)\s*(<=|>=|=<|=>|<|>|≤|≥)\s*(\d+(?:\.\d+)?|\.\d+)\s*(%|per ?cent)?"
    r"(?:\s*for\s+(\d+(?:\.\d+)?)\s*(s|m|h|sec|min|seconds?|minutes?|hours?)?)?",
    re.IGNORECASE,
)
_SIGNS = {"=<": "<=", "≤": "<=", "=>": ">=", "≥": ">="}
_SECONDS = {"s": 1, "m": 60, "h": 3600}


@dataclass(frozen=True)
class Condition:
    """What an alert waits for.

    Attributes
    ----------
    text
        As it was given: ``share < 80 % for 60 s``.
    what
        ``share`` of the people there who seem to wear a mask properly, or ``people`` there.
    sign, bound
        ``<``, ``<=``, ``>`` or ``>=``; a share in 0..1, or a number.
    seconds
        How long it must hold.
    """

    text: str
    what: str
    sign: str
    bound: float
    seconds: float

    @classmethod
    def of(cls, text: str) -> "Condition":
        """Read it.

        Raises
        ------
        InputError
            If it is none.
        """
        text = " ".join(text.split())
        found = _FORM.fullmatch(text)
        if not found:
            raise _refused(text, "give it as 'share < 80 % for 60 s' or 'people > 20 for 10 s'")
        what, sign, bound, of_hundred, lasting, unit = found.groups()
        what, sign, value = what.lower(), _SIGNS.get(sign, sign), float(bound)
        if what == "share":
            value = value / 100 if of_hundred else value
            if not 0 <= value <= 1:
                raise _refused(text, "a share is in 0..1, or in 0..100 with a % sign")
        elif of_hundred:
            raise _refused(text, "people are a number, without a % sign")
        seconds = float(lasting or 0) * _SECONDS[(unit or "s")[0].lower()]
        if seconds > _LONGEST:
            raise _refused(text, f"no more than {_LONGEST / 3600:.0f} h are waited for")
        most = 1.0 if what == "share" else float("inf")
        if (sign, value) in ((">=", 0.0), ("<=", most)):
            raise _refused(text, "that always holds")
        if (sign, value) in (("<", 0.0), (">", most)):
            raise _refused(text, "that never holds")
        return cls(text, what, sign, value, seconds)

    def holds(self, share: float | None, people: int) -> bool:
        """Return whether it does; of a share, that there are people is part of it."""
        value = share if self.what == "share" else people
        if value is None:
            return False
        return {
            "<": value < self.bound,
            "<=": value <= self.bound,
            ">": value > self.bound,
            ">=": value >= self.bound,
        }[self.sign]


def _refused(text: str, why: str) -> InputError:
    return InputError(f"--alert {brief(text)!r}: {why}")


@dataclass
class Alert:
    """Watches for one condition.

    Attributes
    ----------
    condition
        For which.
    pause
        Seconds between two alerts, at least.
    """

    condition: Condition
    pause: float = PAUSE
    _since: float | None = field(default=None, repr=False)
    _told: bool = field(default=False, repr=False)
    _last: float | None = field(default=None, repr=False)
    _frame: float | None = field(default=None, repr=False)

    def update(self, time: float, share: float | None, people: int) -> float | None:
        """Return since when the condition holds, once an event; None where nothing is to be told.

        An event ends when the condition does not hold, or when nothing was seen for some seconds.
        """
        broken = self._frame is not None and time - self._frame > _BREAK
        self._frame = time
        if broken or not self.condition.holds(share, people):
            self._since, self._told = None, False
        if not self.condition.holds(share, people):
            return None
        if self._since is None:
            self._since = time
        if self._told or time - self._since < self.condition.seconds:
            return None
        if self._last is not None and time - self._last < self.pause:
            return None
        self._told, self._last = True, time
        return self._since


class Alerts:
    """Watches for several conditions.

    Parameters
    ----------
    alerts
        For which.
    source
        What to call the source.
    least_seconds
        How long somebody must be seen to count.
    """

    def __init__(
        self,
        alerts: list[Alert],
        source: str,
        clock: Clock,
        least_seconds: float = LEAST_SECONDS,
    ) -> None:
        self._alerts, self._source, self._clock = alerts, source, clock
        self._least = least_seconds
        self._gone: deque[Person] = deque()

    def update(self, moment: Moment) -> list[dict[str, Any]]:
        """Return a record of each alert that is to be told now.

        Returns
        -------
        ``alert``, ``source``, ``time`` and ``since`` (seconds), ``clock``, ``share``, ``people``
        and ``text``, all of it in a sentence.
        """
        time = moment.frame.time
        self._gone.extend(person for person in moment.ended if person.counts(self._least))
        self._gone = deque(one for one in self._gone if one.last >= time - WINDOW)
        here = [one for one in moment.here.values() if one.counts(self._least)]
        there = [one for one in [*here, *self._gone] if one.last >= time - WINDOW]
        masked = sum(person.label == PROPERLY_MASKED for person in there)
        share = masked / len(there) if there else None
        told = []
        for alert in self._alerts:
            since = alert.update(time, share, len(there))
            if since is not None:
                told.append(self._record(alert, time, since, share, len(there)))
        return told

    def _record(
        self, alert: Alert, time: float, since: float, share: float | None, people: int
    ) -> dict[str, Any]:
        now = "-" if share is None else f"{100 * share:.0f} %"
        text = (
            f"{self._clock.told(time)} {self._source}: {alert.condition.text} "
            f"(now {now} of {people} there are taken for {CLASSES[PROPERLY_MASKED - 1]})"
        )
        return {
            "alert": alert.condition.text,
            "source": self._source,
            "time": round(time, 3),
            "since": round(since, 3),
            "clock": self._clock.iso(time),
            "share": share,
            "people": people,
            "text": text,
        }
