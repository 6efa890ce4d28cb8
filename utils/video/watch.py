"""A video is watched: faces found, followed and judged, frame by frame."""

import time as clock
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from utils.dataset.labels import BACKGROUND
from utils.drawing.hiding import hidden
from utils.metrics.detections import Detections
from utils.video.appearance import looks_of
from utils.video.frames import Frame, Source
from utils.video.people import People, Person
from utils.video.tracks import Tracker, TrackSettings

FEWEST = 5.0
"""Frames a second below which it is warned: who passes quickly is on too few to be counted."""

MEASURED = 3
"""Frames on which the pace is measured, after a first one that warms up."""

_LOW = 0.3  # of the threshold: from here a detection may go on with a track


class Model(Protocol):
    """What finds faces: a `Detector`, a `TwoStageDetector`, or a stand-in."""

    threshold: float

    def predict(self, images: list[np.ndarray]) -> list[Detections]:
        """Return the faces of each image."""
        ...


@dataclass(frozen=True)
class Moment:
    """What is known after a frame.

    Attributes
    ----------
    frame
        It.
    shown
        Its image as it may be shown, uint8 (H, W, 3): with every face hidden, if that was asked
        for.
    detections
        Every face that was found on it, however unsure.
    tracks
        Shape (N,): the track of each detection, 0 for none.
    here
        Everybody who is followed, by track.
    ended
        Those who are followed no longer.
    final
        Whether it is the end: the frame is that of the moment before, once more.
    """

    frame: Frame
    shown: np.ndarray
    detections: Detections
    tracks: np.ndarray
    here: dict[int, Person]
    ended: list[Person]
    final: bool = False


def settings_for(threshold: float) -> TrackSettings:
    """Return how to follow what a model finds that counts faces from a confidence."""
    return TrackSettings(high=threshold, low=_LOW * threshold)


class Watcher:
    """Finds, follows and judges faces, frame by frame.

    Parameters
    ----------
    model
        What finds them.
    pictures
        Whether the best view of each person is kept as a picture.
    hide
        Whether every face is hidden on what is shown: also those below the threshold, and where
        somebody is expected who was not found.

    Attributes
    ----------
    tracker, people
        All that is remembered of the frames before.
    """

    def __init__(self, model: Model, pictures: bool = True, hide: bool = False) -> None:
        self._model, self._hide = model, hide
        self.tracker = Tracker(settings_for(model.threshold))
        self.people = People(model.threshold, pictures)

    def look(self, frame: Frame) -> Moment:
        """Return what is known after the next frame."""
        tracker, people = self.tracker, self.people
        (found,) = self._model.predict([frame.image])
        looks = looks_of(frame.image, found.boxes)
        tracks = tracker.update(found.boxes, sureness(found), frame.time, looks)
        for number, earlier in tracker.joined:
            people.join(number, earlier)
        given = set(tracks.tolist())
        expected = [
            track.motion.box
            for track in tracker.tracks
            if track.number not in given and track.seen > 1
        ]
        shown = frame.image
        if self._hide:
            faces = np.concatenate([found.boxes, np.array(expected).reshape(-1, 4)])
            shown = hidden(frame.image, faces)
        people.add(frame, found, tracks, shown)
        ended = people.end(tracker.ended)
        return Moment(frame, shown, found, tracks, people.here, ended)

    def finish(self) -> list[Person]:
        """Return those who were still followed, which ends with it."""
        self.tracker.finish()
        return self.people.end(self.tracker.ended)


def watch(
    source: Source, model: Model, pictures: bool = True, hide: bool = False
) -> Iterator[Moment]:
    """Yield what is known after each frame of a source that is looked at.

    With the final moment all end who were still followed. `pictures` and `hide` are those of a
    `Watcher`.
    """
    watcher, moment = Watcher(model, pictures, hide), None
    for frame in source.frames():
        moment = watcher.look(frame)
        yield moment
    if moment is not None:
        yield replace(moment, ended=watcher.finish(), final=True)


def sureness(found: Detections) -> np.ndarray:
    """Return how sure each detection is a face, of whatever class: shape (N,)."""
    return 1 - np.asarray(found.probabilities, np.float64)[:, BACKGROUND]


class Paced:
    """A model that measures how fast it is, on the first frames that it is asked about.

    Attributes
    ----------
    rate
        Frames a second; None until it is known.
    """

    def __init__(self, model: Model, known: Callable[[float], None]) -> None:
        self._model, self._known = model, known
        self.threshold, self.rate = model.threshold, None
        self._times: list[float] = []

    def predict(self, images: list[np.ndarray]) -> list[Detections]:
        """Return the faces of each image."""
        began = clock.perf_counter()
        found = self._model.predict(images)
        if self.rate is None:
            self._times.append((clock.perf_counter() - began) / len(images))
            if len(self._times) > MEASURED:
                self.rate = 1 / max(float(np.median(self._times[1:])), 1e-6)
                self._known(self.rate)
        return found
