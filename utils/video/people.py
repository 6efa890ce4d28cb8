"""A person: what a track shows of one, pooled over its best views.

A vote a frame would let many poor views of one mistake outvote a few good ones. The views that are
kept are large, sharp and sure, and some time apart, since neighbouring frames repeat a mistake.
Their class probabilities are averaged, weighted by how good each is. An average of probabilities
errs as single faces do on test photographs, which is what the rate's correction knows; a product
would be surer than its views are. So would views be that are chosen because their class is sure:
what counts is how sure it is that there is a face.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np

from utils.analysis.prevalence.counting import class_shares
from utils.dataset.labels import BACKGROUND, CLASSES
from utils.metrics.detections import Detections
from utils.video.frames import Frame

VIEWS = 8
"""How many views of a person are kept."""

APART = 0.3
"""Seconds that they are apart, at least."""

LEAST_SEEN = 3
"""Detections that a person has, at least."""

LEAST_SECONDS = 0.5
"""Seconds from the first detection to the last that a person is seen, at least, by default."""

_LARGE = 64  # pixels; a larger face is not judged better
_SHARP = 12.0  # standard deviation of the Laplacian at which sharpness counts half
_CUT = 64  # pixels at which sharpness is measured
_MARGIN = 0.35  # of the longer side, around a face that is shown
_MOST = 160  # pixels of the side of a picture that is kept


@dataclass(frozen=True)
class View:
    """A face in one frame.

    Attributes
    ----------
    time
        Seconds.
    quality
        In 0..1, of size, sharpness and confidence.
    shares
        float64, shape (3,): class probabilities, given that it is a face.
    """

    time: float
    quality: float
    shares: np.ndarray


@dataclass
class Person:
    """Somebody who is followed, or was.

    Attributes
    ----------
    tracks
        Numbers of the tracks that are of this person, the first of them first.
    first, last
        Seconds of the first and the last detection.
    seen
        How many detections.
    views
        The best `View`s of those that count.
    picture
        The best of them: uint8 (H, W, 3), RGB; None where there is none.
    times
        Spans of seconds in which they were seen: [first, last] of each.
    """

    tracks: list[int]
    first: float
    last: float
    seen: int = 0
    views: list[View] = field(default_factory=list)
    picture: np.ndarray | None = None
    times: list[list[float]] = field(default_factory=list)

    @property
    def shares(self) -> np.ndarray:
        """Class probabilities pooled over the views: float64, shape (3,), adding up to 1."""
        weights = np.array([view.quality for view in self.views])
        shares = np.array([view.shares for view in self.views])
        return weights @ shares / weights.sum()

    @property
    def label(self) -> int:
        """The likeliest class, an id from 1."""
        return int(self.shares.argmax()) + 1

    @property
    def title(self) -> str:
        """The name of the likeliest class."""
        return CLASSES[self.label - 1]

    @property
    def best(self) -> View:
        """The view of the best quality."""
        return max(self.views, key=lambda view: view.quality)

    def counts(self, least_seconds: float = LEAST_SECONDS) -> bool:
        """Return whether enough was seen to count a person."""
        lasted = self.last - self.first >= least_seconds
        return bool(self.views) and self.seen >= LEAST_SEEN and lasted

    def within(self, start: float, end: float) -> bool:
        """Return whether they were seen from `start` on and before `end`."""
        return any(first < end and last >= start for first, last in self.times)


class People:
    """Everybody who is followed now.

    Parameters
    ----------
    threshold
        Confidence from which a view counts, that of the model.
    pictures
        Whether the best view of each is kept as a picture.

    Attributes
    ----------
    here
        By the numbers of their tracks.
    """

    def __init__(self, threshold: float, pictures: bool = True) -> None:
        self._threshold, self._pictures = threshold, pictures
        self.here: dict[int, Person] = {}

    def add(self, frame: Frame, found: Detections, tracks: np.ndarray, shown: np.ndarray) -> None:
        """Take in what was found on a frame.

        Parameters
        ----------
        tracks
            Shape (N,): the track of each detection, 0 for none.
        shown
            The frame's image as it may be shown.
        """
        shares = class_shares(found) if len(found) else np.zeros((0, len(CLASSES)))
        boxes = found.boxes
        for index in np.flatnonzero(tracks):
            number = int(tracks[index])
            person = self.here.setdefault(number, Person([number], frame.time, frame.time))
            person.seen, person.last = person.seen + 1, frame.time
            if person.times and frame.time - person.times[-1][1] < 1.0:
                person.times[-1][1] = frame.time
            else:
                person.times.append([frame.time, frame.time])
            if found.scores[index] >= self._threshold:
                face = 1 - float(found.probabilities[index, BACKGROUND])
                quality = quality_of(frame.image, boxes[index], face)
                self._view(person, View(frame.time, quality, shares[index]), shown, boxes[index])

    def end(self, tracks: Iterable[int]) -> list[Person]:
        """Return those whose tracks have ended, and keep them no longer."""
        return [self.here.pop(number) for number in tracks if number in self.here]

    def join(self, number: int, earlier: int) -> None:
        """Let a track be of the person of an earlier one."""
        if (later := self.here.pop(number, None)) is None:
            return
        person = self.here.get(earlier)
        if person is None:
            self.here[earlier] = later
            return
        person.tracks += later.tracks
        person.last, person.seen = later.last, person.seen + later.seen
        person.times += later.times
        if later.views and (not person.views or later.best.quality > person.best.quality):
            person.picture = later.picture
        views = sorted([*person.views, *later.views], key=lambda one: -one.quality)
        person.views = views[:VIEWS]

    def _view(self, person: Person, view: View, shown: np.ndarray, box: np.ndarray) -> None:
        if self._pictures and (not person.views or view.quality > person.best.quality):
            person.picture = picture_of(shown, box)
        near = [one for one in person.views if abs(one.time - view.time) < APART]
        if any(one.quality >= view.quality for one in near):
            return
        kept = [one for one in person.views if one not in near]
        person.views = sorted([*kept, view], key=lambda one: -one.quality)[:VIEWS]


def quality_of(image: np.ndarray, box: np.ndarray, sure: float) -> float:
    """Return how good a view is, in 0..1: size, sharpness, and how sure it is that it is a face."""
    face = _cut(image, box, 0.0)
    if not face.size:
        return 1e-6
    size = min(1.0, float(np.sqrt(face.shape[0] * face.shape[1])) / _LARGE)
    grey = cv2.cvtColor(face, cv2.COLOR_RGB2GRAY)
    grey = cv2.resize(grey, (_CUT, _CUT), interpolation=cv2.INTER_AREA)
    edges = float(cv2.Laplacian(grey, cv2.CV_32F).std())
    return max(1e-6, sure * size * edges / (edges + _SHARP))


def picture_of(image: np.ndarray, box: np.ndarray) -> np.ndarray:
    """Return a face with what is around it, uint8 (H, W, 3), `_MOST` pixels a side at most."""
    cut = _cut(image, box, _MARGIN)
    scale = _MOST / max(1, *cut.shape[:2])
    if scale >= 1 or not cut.size:
        return cut.copy()
    size = (max(1, round(cut.shape[1] * scale)), max(1, round(cut.shape[0] * scale)))
    return cv2.resize(cut, size, interpolation=cv2.INTER_AREA)


def pooled(people: Sequence[Person]) -> tuple[np.ndarray, np.ndarray]:
    """Return the likeliest class of each, one-hot, and the pooled probabilities: both (N, 3)."""
    shares = np.array([person.shares for person in people]).reshape(-1, len(CLASSES))
    labels = np.array([person.label for person in people], np.int64)
    return np.eye(len(CLASSES), dtype=np.int64)[labels - 1], shares


def _cut(image: np.ndarray, box: np.ndarray, margin: float) -> np.ndarray:
    height, width = image.shape[:2]
    more = margin * max(box[2] - box[0], box[3] - box[1])
    x1, y1 = max(0, int(box[0] - more)), max(0, int(box[1] - more))
    x2, y2 = min(width, int(np.ceil(box[2] + more))), min(height, int(np.ceil(box[3] + more)))
    return image[y1 : max(y1, y2), x1 : max(x1, x2)]
