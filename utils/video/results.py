"""The folder of what was seen: tables that grow, pictures, and the answer again and again."""

import contextlib
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from utils.analysis.plots.style import as_png
from utils.dataset.images import encode_jpeg
from utils.dataset.labels import CLASSES
from utils.errors import is_full_disk, number_of
from utils.records import record_as_json
from utils.video.annotated import AnnotatedVideo
from utils.video.drawing import drawn
from utils.video.folders import DiskFolder, Folder, MemoryFolder
from utils.video.frames import Source
from utils.video.people import LEAST_SECONDS, Person
from utils.video.plot import timeline_figure
from utils.video.rate import Correction, difference_in_words, rate_record, timeline_rows
from utils.video.report import render
from utils.video.tables import (
    FACES,
    PEOPLE,
    GrowingTable,
    face_rows,
    person_row,
    timeline_table,
)
from utils.video.timeline import Clock, Span, minutes, of_span, seen_and_missed
from utils.video.watch import FEWEST, Moment

log = logging.getLogger(__name__)

RATE, TIMELINE, REPORT = "rate.json", "timeline.csv", "report.html"

SHOWN = 12
"""The surest and the least sure people whose pictures are in the report, of each."""

_PAUSE = 1.0  # seconds between two frames that count as seen


@dataclass(frozen=True)
class Wanted:
    """What is written.

    Attributes
    ----------
    video, pictures
        Whether there is an annotated video, and a picture of each person.
    least_seconds
        How long somebody must be seen to count.
    compare
        Two periods, or none.
    every
        Seconds of a live source after which the answer is written meanwhile.
    """

    video: bool = True
    pictures: bool = True
    least_seconds: float = LEAST_SECONDS
    compare: tuple[Span, ...] = ()
    every: float = 60.0


class VideoResults:
    """What was seen of one source.

    Parameters
    ----------
    folder
        Where it is written: a new or empty folder of the disk, which is made, or memory.
    source
        What is watched.
    model
        A record of it: ``arch``, ``digest``, ``threshold``.
    correction, why
        What its test showed; None where nothing is known, and then why.
    clock
        What time it was when the source began.
    """

    def __init__(
        self,
        folder: Path | MemoryFolder,
        source: Source,
        model: dict[str, Any],
        correction: Correction | None,
        why: str | None,
        wanted: Wanted,
        clock: Clock,
    ) -> None:
        self.folder: Folder = DiskFolder(folder) if isinstance(folder, Path) else folder
        self._source, self._model = source, model
        self._correction, self._why, self._wanted, self._clock = correction, why, wanted, clock
        self.people: list[Person] = []
        self.warnings: list[str] = []
        self._pictures: dict[int, str] = {}
        self._short = self._frames = 0
        self._spans: list[list[float]] = []
        self._counts = dict.fromkeys(CLASSES, 0)
        self._written = 0.0
        self._latest: Moment | None = None
        self._faces = GrowingTable(self.folder.open("faces.csv"), FACES)
        self._rows = GrowingTable(self.folder.open("people.csv"), PEOPLE)
        self._video = AnnotatedVideo(self.folder) if wanted.video else None

    def add(self, moment: Moment) -> list[Person]:
        """Write what a moment showed; return the people who count, of those who have left.

        Raises
        ------
        OSError
            If something cannot be written; what was written before is whole.
        """
        time = moment.frame.time
        self._latest = None if moment.final else moment
        if not moment.final:
            self._frames += 1
            if self._spans and time - self._spans[-1][1] <= _PAUSE:
                self._spans[-1][1] = time
            else:
                self._spans.append([time, time])
            self._faces.add(list(face_rows(moment, self._model["threshold"], self._clock)))
        left = [self._left(person) for person in moment.ended]
        if not moment.final:
            self._draw(moment)
            if self._source.live and time - self._written >= self._wanted.every:
                self._written = time
                self.write(moment)
        return [person for person in left if person]

    def counts(self, moment: Moment) -> dict[str, int]:
        """Return people by class so far: who has left, and who is here and counts already."""
        counts = dict(self._counts)
        for person in moment.here.values():
            if person.counts(self._wanted.least_seconds):
                counts[person.title] += 1
        return counts

    def finish(self) -> dict[str, Any]:
        """Close the tables and the video, write the answer and the report; return the answer.

        Who is still there, as where it was interrupted, counts as seen until now.
        """
        if self._latest:
            for person in list(self._latest.here.values()):
                self._left(person)
            self._latest = None
        self._faces.close()
        self._rows.close()
        if self._video:
            self._video.close()
        return self.write(None)

    def write(self, moment: Moment | None) -> dict[str, Any]:
        """Write ``timeline.csv`` and ``rate.json``, and with all who left also ``report.html``."""
        people = list(self.people)
        if moment:
            here = moment.here.values()
            people += [one for one in here if one.counts(self._wanted.least_seconds)]
        rows = self._timeline(people, minutes(self._end, self._clock, self._start))
        self.folder.write(TIMELINE, timeline_table(rows))
        record = self._record(people)
        self.folder.write(RATE, record_as_json(record))
        if moment is None:
            self._report(record, rows)
        return record

    @property
    def _start(self) -> float:
        return self._spans[0][0] if self._spans else 0.0

    @property
    def _end(self) -> float:
        ends = [gap.end for gap in self._source.gaps] + [self._spans[-1][1] if self._spans else 0.0]
        return max(ends)

    def _left(self, person: Person) -> Person | None:
        if not person.counts(self._wanted.least_seconds):
            self._short += 1
            return None
        number = len(self.people) + 1
        picture = None
        if person.picture is not None and person.picture.size:
            picture = f"people/{number:06d}.jpg"
            self.folder.write(picture, encode_jpeg(person.picture), to_disk=False)
            self._pictures[number] = picture
        person.picture = None  # it is written
        self._rows.add([person_row(number, person, picture, self._clock)])
        self.people.append(person)
        self._counts[person.title] += 1
        return person

    def _draw(self, moment: Moment) -> None:
        if not self._video:
            return
        time = moment.frame.time
        counts, told = self.counts(moment), self._clock.told(time)
        image = drawn(moment.shown, moment.detections, moment.tracks, moment.here, counts, told)
        try:
            self._video.add(image, time)
        except (OSError, ValueError) as error:
            why = self.folder.full if is_full_disk(error) else "it could not be written"
            self.warnings.append(f"The annotated video ends at {told}, because {why}.")
            log.warning("%s", self.warnings[-1])
            self._video.close()
            self._video = None

    def _timeline(self, people: Sequence[Person], spans: Sequence[Span]) -> list[dict[str, Any]]:
        gaps = self._source.gaps
        return timeline_rows(people, spans, self._correction, self._clock, self._spans, gaps)

    def _record(self, people: Sequence[Person]) -> dict[str, Any]:
        seen, missed = seen_and_missed(self._spans, self._source.gaps, self._start, self._end + 1)
        pace = (self._frames - len(self._spans)) / seen if seen else None
        warnings = list(self.warnings)
        if pace is not None and pace < FEWEST:
            warnings.append(
                f"Only {pace:.1f} frames a second were looked at: below {FEWEST:.0f}, people are "
                "lost and counted twice."
            )
        if missed > 1:
            warnings.append(
                f"{missed:.0f} of {seen + missed:.0f} seconds were missed; who passed then is in "
                "no count."
            )
        record = rate_record(people, self._correction, self._why, warnings)
        return {
            **record,
            "source": self._source.facts(),
            "model": self._model,
            "began": self._clock.iso(0.0),
            "frames": self._frames,
            "frames_a_second": pace,
            "seconds": {"seen": seen, "missed": missed},
            "gaps": [
                {"start": gap.start, "end": gap.end, "reason": gap.reason}
                for gap in self._source.gaps
            ],
            "least_seconds": self._wanted.least_seconds,
            "too_short": self._short,
            "compared": self._compared(people),
            "annotated": None
            if self._video is None
            else {"file": self._video.name, "encoder": self._video.encoder},
        }

    def _compared(self, people: Sequence[Person]) -> dict[str, Any] | None:
        if not self._wanted.compare:
            return None
        first, second = self._wanted.compare
        found = None
        if self._correction:
            found = self._correction.difference(people, first, second)
        seen = [len(of_span(people, span)) for span in (first, second)]
        return {"periods": [first.name, second.name], "people": seen, **(found or {})}

    def _report(self, record: dict[str, Any], rows: list[dict[str, Any]]) -> None:
        fine = rows
        if self._end - self._start < 180:  # minutes would be a point or two
            spans = [
                Span(self._clock.told(start), start, start + 10)
                for start in np.arange(self._start // 10 * 10, self._end + 1e-6, 10.0).tolist()
            ]
            fine = self._timeline(self.people, spans)
        picture = as_png(timeline_figure(fine, self._source.gaps, self._clock))
        page = render(record, rows, picture, self._gallery(), self._clock)
        self.folder.write(REPORT, page.encode())

    def _gallery(self) -> list[list[dict[str, Any]]]:
        """Return the surest and the least sure people, with their pictures."""
        sure = [(float(person.shares.max()), n) for n, person in enumerate(self.people, start=1)]
        order = [number for _, number in sorted(sure, key=lambda one: (-one[0], one[1]))]
        halves = order[:SHOWN], [n for n in order[::-1] if n not in order[:SHOWN]][:SHOWN]
        shown = []
        for half in halves:
            rows = []
            for number in half:
                data = None
                with contextlib.suppress(KeyError, OSError):
                    data = self.folder.read(self._pictures[number])
                rows.append({"number": number, "person": self.people[number - 1], "picture": data})
            shown.append(rows)
        return shown

    def closing(self, record: dict[str, Any]) -> list[str]:
        """Return the answer in lines for a person, and where all is."""
        lines = [f"Answer: {record['answer']}"]
        if record["serious"]:
            told = [text.partition(". ")[0].removesuffix(".") + "." for text in record["serious"]]
            lines += ["Before you quote it:", *(f"  - {text}" for text in told)]
        if record["compared"]:
            lines.append(difference_in_words(record["compared"]))
        files = ["people.csv", TIMELINE, "faces.csv", RATE, REPORT]
        if record["annotated"]:
            files.insert(0, record["annotated"]["file"])
        people = number_of(record["people"], "person", "people")
        return [
            *lines,
            f"Written to {self.folder}: {', '.join(files)}; {people}, "
            f"{number_of(record['frames'], 'frame')}",
        ]
