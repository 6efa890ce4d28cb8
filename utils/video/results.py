"""The folder of what was seen: tables that grow, pictures, and the answer again and again."""

import contextlib
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from utils.apply.folder import Claim
from utils.dataset.images import encode_jpeg
from utils.drift.scene import Scene
from utils.errors import is_full_disk, number_of
from utils.records import record_as_json
from utils.video.annotated import AnnotatedVideo
from utils.video.answer import Teller, gallery
from utils.video.clock import Clock, Span
from utils.video.correction import Correction
from utils.video.drawing import drawn
from utils.video.folders import DiskFolder, MemoryFolder
from utils.video.frames import Source
from utils.video.people import LEAST_SECONDS, Person
from utils.video.rate import difference_in_words
from utils.video.report import render
from utils.video.seen import Seen
from utils.video.tables import (
    FACES,
    PEOPLE,
    GrowingTable,
    face_rows,
    person_row,
    timeline_table,
)
from utils.video.watch import Moment

log = logging.getLogger(__name__)

RATE, TIMELINE, REPORT = "rate.json", "timeline.csv", "report.html"


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

    Attributes
    ----------
    people
        Who has left and counts, in the order in which they left.
    timeline
        The picture of it in the report, a PNG, once it is finished.
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
        if isinstance(folder, Path):
            self._claim, self.folder = Claim(folder), DiskFolder(folder)
        else:
            self.folder = folder
        self._source, self._model = source, model
        self._wanted, self._clock = wanted, clock
        self._teller = Teller(correction, why, clock)
        scene = Scene(model["threshold"])
        self._seen = Seen(wanted.least_seconds, source.gaps, scene=scene)
        self.people = self._seen.people
        self.timeline = b""
        self._pictures: dict[int, str] = {}
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
        first = len(self.people) + 1
        left = self._seen.add(moment)
        if not moment.final:
            self._faces.add(list(face_rows(moment, self._model["threshold"], self._clock)))
        self._keep(left, first)
        if not moment.final:
            self._draw(moment)
            if self._source.live and time - self._written >= self._wanted.every:
                self._written = time
                self.write(moment)
        return left

    def counts(self, moment: Moment) -> dict[str, int]:
        """Return people by class so far: who has left, and who is here and counts already."""
        return self._seen.counts(moment)

    def finish(self) -> dict[str, Any]:
        """Close the tables and the video, write the answer and the report; return the answer.

        Who is still there, as where it was interrupted, counts as seen until now.
        """
        if self._latest:
            first = len(self.people) + 1
            self._keep(self._seen.leave(list(self._latest.here.values())), first)
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
        rows = self._teller.rows(self._seen, people)
        self.folder.write(TIMELINE, timeline_table(rows))
        record = self._record(people)
        self.folder.write(RATE, record_as_json(record))
        if moment is None:
            self._report(record, rows)
        return record

    def _keep(self, left: Sequence[Person], first: int) -> None:
        """Write who counts, by numbers from `first`."""
        for number, person in enumerate(left, start=first):
            picture = None
            if person.picture is not None and person.picture.size:
                picture = f"people/{number:06d}.jpg"
                self.folder.write(picture, encode_jpeg(person.picture), to_disk=False)
                self._pictures[number] = picture
            person.picture = None  # it is written
            self._rows.add([person_row(number, person, picture, self._clock)])

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
            self._seen.warnings.append(f"The annotated video ends at {told}, because {why}.")
            log.warning("%s", self._seen.warnings[-1])
            self._video.close()
            self._video = None

    def _record(self, people: Sequence[Person]) -> dict[str, Any]:
        self._seen.doubts = self._source.doubts
        return {
            **self._teller.record(self._seen, people, self._wanted.compare),
            "source": self._source.facts(),
            "model": self._model,
            "annotated": None
            if self._video is None
            else {"file": self._video.name, "encoder": self._video.encoder},
        }

    def _report(self, record: dict[str, Any], rows: list[dict[str, Any]]) -> None:
        def picture(number: int) -> bytes | None:
            with contextlib.suppress(KeyError, OSError):
                return self.folder.read(self._pictures[number])
            return None

        self.timeline = self._teller.picture(self._seen)
        page = render(record, rows, self.timeline, gallery(self.people, picture), self._clock)
        self.folder.write(REPORT, page.encode())

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
