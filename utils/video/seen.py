"""What was seen of a source: who counts, what was looked at, what was missed."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from utils.dataset.labels import CLASSES
from utils.drift.scene import Scene
from utils.errors import InputError
from utils.video.frames import Gap
from utils.video.people import LEAST_SECONDS, Person, View
from utils.video.watch import FEWEST, Moment


@dataclass
class Seen:
    """What an answer about a source is made of.

    Attributes
    ----------
    least_seconds
        How long somebody must be seen to count.
    gaps
        What was missed.
    frames
        How many were looked at.
    spans
        [first, last] second of what was looked at without a gap.
    people
        Everybody who counts and has left, in the order in which they did.
    short
        How many tracks were too short to count.
    warnings
        More reasons not to trust what was counted, in whole sentences.
    doubts
        Those of the source.
    scene
        How faces are seen; None where that is not looked at.
    """

    least_seconds: float = LEAST_SECONDS
    gaps: list[Gap] = field(default_factory=list)
    frames: int = 0
    spans: list[list[float]] = field(default_factory=list)
    people: list[Person] = field(default_factory=list)
    short: int = 0
    warnings: list[str] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)
    scene: Scene | None = None

    def add(self, moment: Moment) -> list[Person]:
        """Take in what a moment showed; return the people who count, of those who have left."""
        if not moment.final:
            time = moment.frame.time
            self.frames += 1
            if self.spans and not self._missed(self.spans[-1][1], time):
                self.spans[-1][1] = time
            else:
                self.spans.append([time, time])
            if self.scene:
                self.scene.add(moment.detections, time, moment.frame.image)
        return self.leave(moment.ended)

    def _missed(self, start: float, end: float) -> bool:
        latest_first = reversed(self.gaps)
        return any(gap.start < end and gap.end > start for gap in latest_first)

    def __post_init__(self) -> None:
        self._counts = Counter(person.title for person in self.people)

    def leave(self, ended: Sequence[Person]) -> list[Person]:
        """Take in people who have left; return those who count."""
        counted = [person for person in ended if person.counts(self.least_seconds)]
        self.people += counted
        self._counts.update(person.title for person in counted)
        self.short += len(ended) - len(counted)
        return counted

    def counts(self, moment: Moment) -> dict[str, int]:
        """Return people by class so far: who has left, and who is here and counts already."""
        here = [one.title for one in moment.here.values() if one.counts(self.least_seconds)]
        counts = self._counts + Counter(here)
        return {name: counts[name] for name in CLASSES}

    @property
    def start(self) -> float:
        """The second at which the first frame was looked at."""
        return self.spans[0][0] if self.spans else 0.0

    @property
    def end(self) -> float:
        """The second at which the last frame was looked at, or the last gap ends."""
        return max([gap.end for gap in self.gaps] + [self.spans[-1][1] if self.spans else 0.0])

    @property
    def seconds(self) -> tuple[float, float]:
        """How many seconds were seen, and how many missed."""
        seen = sum(last - first for first, last in self.spans)
        return seen, sum(max(0.0, gap.end - max(gap.start, self.start)) for gap in self.gaps)

    @property
    def frames_a_second(self) -> float | None:
        """How many frames of a second were looked at; None where it was but one."""
        seen, _ = self.seconds
        return (self.frames - len(self.spans)) / seen if seen else None

    def serious(self) -> list[str]:
        """Return the reasons not to trust what was counted."""
        pace, (seen, missed) = self.frames_a_second, self.seconds
        told = [*self.warnings, *self.doubts]
        if pace is not None and pace < FEWEST:
            told.append(
                f"Only {pace:.1f} frames a second were looked at: below {FEWEST:.0f}, people are "
                "lost and counted twice."
            )
        if missed > 1:
            told.append(
                f"{missed:.0f} of {seen + missed:.0f} seconds were missed; who passed then is in "
                "no count."
            )
        return told

    def as_record(self) -> dict[str, Any]:
        """Return all of it as plain values for a record; of people no pictures."""
        told = {key: getattr(self, key) for key in ("least_seconds", "frames", "spans", "short")}
        gaps = [asdict(gap) for gap in self.gaps]
        people = [_as_record(person) for person in self.people]
        warnings = [*self.warnings, *self.doubts]
        scene = self.scene and self.scene.as_record()
        return {**told, "warnings": warnings, "gaps": gaps, "people": people, "scene": scene}

    @classmethod
    def from_record(cls, record: Mapping[str, Any], where: object) -> "Seen":
        """Return what `as_record` was asked of; `where` is what to call it in an error.

        Raises
        ------
        InputError
            If it is none.
        """
        try:
            told = {key: record[key] for key in ("least_seconds", "frames", "spans", "short")}
            gaps = [Gap(**gap) for gap in record["gaps"]]
            people = [_person(one) for one in record["people"]]
            scene = record["scene"] and Scene.from_record(record["scene"])
            return cls(**told, warnings=record["warnings"], gaps=gaps, people=people, scene=scene)
        except (KeyError, TypeError, ValueError) as error:
            raise InputError(f"{where}: is no record of a video ({error}); make it again") from None


_KEPT = ("tracks", "first", "last", "seen", "times")


def _as_record(person: Person) -> dict[str, Any]:
    told = {key: getattr(person, key) for key in _KEPT}
    views = [[view.time, view.quality, *view.shares.tolist()] for view in person.views]
    return {**told, "views": views}


def _person(record: Mapping[str, Any]) -> Person:
    views = [View(time, quality, np.array(shares)) for time, quality, *shares in record["views"]]
    told = {key: record[key] for key in _KEPT}
    return Person(**told, views=views)
