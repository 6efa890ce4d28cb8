"""Who is seen by a camera in a browser: boxes, people, the last minutes; all of it bounded."""

import logging
import threading
from collections import deque
from dataclasses import dataclass, field, replace
from typing import Any

import av
import numpy as np

from app.camera import BrowserCamera
from utils.dataset.labels import CLASSES
from utils.drift.scene import Scene, doubts
from utils.errors import MaskDetectionError
from utils.metrics.detections import Detections
from utils.video.clock import Clock, Span
from utils.video.correction import Correction
from utils.video.drawing import drawn
from utils.video.frames import Gap
from utils.video.people import LEAST_SECONDS, Person
from utils.video.rate import rate_record, timeline_rows
from utils.video.timeline import minutes
from utils.video.watch import FEWEST, Model, Moment, watch

log = logging.getLogger(__name__)

WINDOW = 600.0
"""Seconds of the timeline: the last ten minutes."""

MOST = 2000
"""People who are kept for the answer and the timeline: the last ones."""

_FINE = 180.0  # seconds up to which the timeline is in spans of ten


@dataclass
class Look:
    """How a visitor wants it shown; it may change at any time.

    Attributes
    ----------
    hide, mirror
        Whether faces are made unrecognisable, and left and right are exchanged.
    """

    hide: bool = False
    mirror: bool = True


@dataclass(frozen=True)
class Now:
    """What is known at a moment, and quickly told.

    Attributes
    ----------
    counts
        People by class since the beginning, each once.
    here
        Faces that are followed now.
    pace
        Frames a second that were looked at in the last seconds; None until it is known.
    arrived, dropped
        Frames.
    trouble
        Why it ended, if it did by itself.
    """

    counts: dict[str, int]
    here: int
    pace: float | None
    arrived: int
    dropped: int
    trouble: str | None


@dataclass(frozen=True)
class Lately:
    """The answer and the timeline, which take a moment.

    Attributes
    ----------
    record
        As `utils.video.rate.rate_record` returns it, of the people who are kept.
    rows, gaps
        Of the timeline of the last minutes.
    """

    record: dict[str, Any]
    rows: list[dict[str, Any]]
    gaps: list[Gap]


@dataclass
class _Known:
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(CLASSES, 0))
    people: deque[Person] = field(default_factory=lambda: deque(maxlen=MOST))
    here: list[Person] = field(default_factory=list)
    times: deque[float] = field(default_factory=lambda: deque(maxlen=50))
    spans: deque[list[float]] = field(default_factory=lambda: deque(maxlen=200))
    end: float = 0.0


class Watcher:
    """Looks at a camera in a thread of its own, which ends with it.

    `recv` and `on_ended` are what WebRTC calls, in the loop of the whole server: neither waits for
    the model.

    Parameters
    ----------
    model
        What finds faces.
    correction, why
        What its test showed of its mistakes; None where nothing is known, and then why.
    look
        How it is shown; it is read anew for every frame.
    """

    def __init__(
        self,
        model: Model,
        correction: Correction | None,
        why: str | None,
        look: Look,
        camera: BrowserCamera | None = None,
    ) -> None:
        self.camera, self._model = camera or BrowserCamera(), model
        self._correction, self._why, self._look = correction, why, look
        self._known, self._lock = _Known(), threading.Lock()
        self._scene = Scene(model.threshold) if correction else None
        self._picture: np.ndarray | None = None
        self._trouble: str | None = None
        self.thread = threading.Thread(target=self._run, name="webcam", daemon=True)
        self.thread.start()

    def recv(self, frame: av.VideoFrame) -> av.VideoFrame:
        """Take a frame, and return the newest picture that was looked at; before, a grey one."""
        self.camera.offer(frame)
        picture = self._picture
        if picture is None:
            picture = np.full((frame.height, frame.width, 3), 96, np.uint8)
        return av.VideoFrame.from_ndarray(picture, format="rgb24")

    def on_ended(self) -> None:
        """Expect no more."""
        self.camera.close()

    def now(self) -> Now:
        """Return what is known now."""
        with self._lock:
            counts, there = self._counts(), len(self._known.here)
            times = list(self._known.times)
        pace = (len(times) - 1) / (times[-1] - times[0]) if len(times) > 5 else None
        camera = self.camera
        return Now(counts, there, pace, camera.arrived, camera.dropped, self._trouble)

    def lately(self) -> Lately:
        """Return the answer of the people who are kept, and the timeline of the last minutes."""
        now = self.now()
        with self._lock:
            known = self._known
            here = [person for person in known.here if person.counts(LEAST_SECONDS)]
            people = [_as_now(person) for person in (*known.people, *here)]
            spans, end = [list(span) for span in known.spans], known.end
            compared = self._scene.compared(self._correction.album) if self._scene else None
            warnings = doubts(compared)
        if now.pace is not None and now.pace < FEWEST:
            warnings.append(
                f"Only {now.pace:.1f} frames a second can be looked at here now: below "
                f"{FEWEST:.0f}, people are lost and counted twice."
            )
        if (gone := sum(now.counts.values()) - len(people)) > 0:
            warnings.append(f"The answer is of the last {MOST:,} people; {gone:,} came before.")
        record = rate_record(people, self._correction, self._why, warnings)
        first, told = max(0.0, end - WINDOW), Clock()
        gaps = [gap for gap in self.camera.gaps if gap.end > first]
        lines = minutes(end, told, first)
        if end < _FINE:
            starts = np.arange(0.0, end + 1e-6, 10.0).tolist()
            lines = [Span(told.told(start), start, start + 10) for start in starts]
        return Lately(
            record, timeline_rows(people, lines, self._correction, told, spans, gaps), gaps
        )

    def _counts(self) -> dict[str, int]:
        """Return people by class: who has left, and who is here and counts already."""
        counts = dict(self._known.counts)
        for person in self._known.here:
            if person.counts(LEAST_SECONDS):
                counts[person.title] += 1
        return counts

    def _run(self) -> None:
        try:
            # hidden always, shown so where the visitor wants it: that may change at any time
            for moment in watch(self.camera, self._model, pictures=False, hide=True):
                self._take(moment)
        except MaskDetectionError as error:
            self._trouble = str(error)
            log.warning("%s", error)
        finally:
            self.camera.close()

    def _take(self, moment: Moment) -> None:
        time = moment.frame.time
        with self._lock:
            known = self._known
            for person in moment.ended:
                if person.counts(LEAST_SECONDS):
                    known.counts[person.title] += 1
                    known.people.append(person)
            known.here = [] if moment.final else list(moment.here.values())
            if not moment.final:
                known.times.append(time)
                if self._scene:
                    self._scene.add(moment.detections, time, moment.frame.image)
                known.end = time
                if known.spans and time - known.spans[-1][1] <= 1.0:
                    known.spans[-1][1] = time
                else:
                    known.spans.append([time, time])
            counts = self._counts()
        if not moment.final:
            self._picture = self._drawn(moment, counts)

    def _drawn(self, moment: Moment, counts: dict[str, int]) -> np.ndarray:
        image = moment.shown if self._look.hide else moment.frame.image
        found = moment.detections
        if self._look.mirror:  # before it is drawn on: letters are not to be mirrored
            image, found = np.ascontiguousarray(image[:, ::-1]), _mirrored(found, image.shape[1])
        told = Clock().told(moment.frame.time)
        return drawn(image, found, moment.tracks, moment.here, counts, told)


def _mirrored(found: Detections, width: int) -> Detections:
    boxes = found.boxes.copy()
    boxes[:, [0, 2]] = width - found.boxes[:, [2, 0]]
    return replace(found, boxes=boxes)


def _as_now(person: Person) -> Person:
    """Return a copy that does not change while it is read."""
    return replace(person, views=list(person.views), times=[list(span) for span in person.times])
