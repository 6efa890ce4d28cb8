"""Films at the level of detections: people walk, a stand-in finds their faces, nothing is painted.

What each detection looks like comes from a stock of painted people. Where somebody nearer hides a
head or a chest, it looks like that one, as on a picture. A film takes a second, so that thousands
are possible; and who is of which class, and taken for which, can be drawn anew for the same tracks.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cache

import cv2
import numpy as np

from data.painter.films import frame_times
from data.painter.moving import Scene, Seen, Walker, compose_scene
from data.painter.witness import Mistakes, Witness
from utils.video.appearance import LENGTH, looks_of
from utils.video.frames import Frame
from utils.video.people import LEAST_SECONDS, LEAST_SEEN, People, Person, View
from utils.video.tracks import Tracker, TrackSettings
from utils.video.watch import settings_for, sureness

THRESHOLD = 0.5
SIZE = (640, 360)

_MODELS, _VIEWS = 20, 6  # painted people of each class, and views of each
_HEAD, _CHEST = slice(0, LENGTH // 2), slice(LENGTH // 2, LENGTH)  # of a look


@dataclass(frozen=True)
class Film:
    """What came of watching a film.

    Attributes
    ----------
    there
        Class ids of those who are seen for long enough to count, by their numbers.
    tracked
        Who counts by our tracks.
    known
        Who would count if it were known whose each detection is.
    owners
        Of each of `tracked`: by its seconds, whom each of its detections is of (0: of nobody).
    """

    there: dict[int, int]
    tracked: list[Person]
    known: list[Person]
    owners: list[dict[float, int]]

    @property
    def often(self) -> Counter:
        """How many of `tracked` are mostly of each person."""
        return Counter(Counter(one.values()).most_common(1)[0][0] for one in self.owners)

    def redrawn(
        self, shares: Sequence[float], rng: np.random.Generator, mistakes: Mistakes | None = None
    ) -> "Film":
        """Return the same with other people: their classes, and what they are taken for."""
        wrong = mistakes or Mistakes()
        everybody = {who for one in self.owners for who in one.values()} | set(self.there)
        labels = {who: int(rng.choice(3, p=shares)) + 1 for who in sorted(everybody)}
        always = {
            who: int(rng.choice(3, p=wrong.confusion[label - 1]))
            for who, label in labels.items()
            if rng.random() < wrong.lasting
        }

        def taken(view: View, who: int) -> View:
            if not who:
                return view
            of_class = always.get(who)
            if of_class is None:
                of_class = rng.choice(3, p=wrong.confusion[labels[who] - 1])
            peak = view.shares.max()
            return replace(view, shares=np.where(np.arange(3) == of_class, peak, (1 - peak) / 2))

        def again(person: Person, whose: dict[float, int]) -> Person:
            return replace(person, views=[taken(view, whose[view.time]) for view in person.views])

        return Film(
            {who: labels[who] for who in self.there},
            [again(*one) for one in zip(self.tracked, self.owners, strict=True)],
            [
                again(person, {view.time: person.tracks[0] for view in person.views})
                for person in self.known
            ],
            self.owners,
        )


class _Remembered(Scene):
    """A scene that is asked for the same moments more than once."""

    def at(self, time: float) -> list[Seen]:
        seen = self.__dict__.setdefault("_seen", {})
        if time not in seen:
            seen[time] = super().at(time)
        return seen[time]


@dataclass
class _Both:
    """People by tracks and by truth."""

    tracker: Tracker
    tracked: People = field(default_factory=lambda: People(THRESHOLD, pictures=False))
    known: People = field(default_factory=lambda: People(THRESHOLD, pictures=False))


def watched(
    seed: int,
    labels: Sequence[int],
    seconds: float,
    rate: float,
    mistakes: Mistakes | None = None,
    settings: TrackSettings | None = None,
    **how: object,
) -> Film:
    """Watch a film of people of given classes at `rate` frames a second.

    Parameters
    ----------
    how
        Further arguments of `compose_scene`.
    """
    rng = np.random.default_rng((seed, 7))
    scene = compose_scene(seed, len(labels), seconds, SIZE, labels=labels, **how)
    scene = _Remembered(scene.size, scene.seconds, scene.walkers, scene.pillars, scene.seed)
    times = frame_times(seconds, rate)
    witness = Witness(scene, times, mistakes or Mistakes(), THRESHOLD, seed=seed)
    models = [stock()[label - 1, rng.integers(_MODELS)] for label in labels]
    both = _Both(Tracker(settings or settings_for(THRESHOLD)))
    ended: list[Person] = []
    owners: dict[int, dict[float, int]] = {}
    there: dict[int, list[float]] = {}
    for number, time in enumerate(times.tolist()):
        found, whose = witness.seen(number)
        for face in scene.at(times[number]):
            there.setdefault(face.person, []).append(time)
        looks = _looks(scene.at(times[number]), whose, models, rng)
        tracks = both.tracker.update(found.boxes, sureness(found), time, looks)
        for later, earlier in both.tracker.joined:
            both.tracked.join(later, earlier)
            owners.setdefault(earlier, {}).update(owners.pop(later, {}))
        for track, person in zip(tracks.tolist(), whose.tolist(), strict=True):
            owners.setdefault(track, {})[time] = person
        frame = Frame(time, _paper())
        both.tracked.add(frame, found, tracks, frame.image)
        both.known.add(frame, found, whose, frame.image)
        ended += both.tracked.end(both.tracker.ended)
    both.tracker.finish()
    ended += both.tracked.end(both.tracker.ended)
    tracked = [person for person in ended if person.counts()]
    both.known.here.pop(0, None)
    known = both.known.end(list(both.known.here))
    long = {
        who: labels[who - 1]
        for who, seen in there.items()
        if len(seen) >= LEAST_SEEN and seen[-1] - seen[0] >= LEAST_SECONDS
    }
    return Film(
        long,
        tracked,
        [person for person in known if person.counts()],
        [owners[person.tracks[0]] for person in tracked],
    )


@cache
def stock() -> np.ndarray:
    """Return looks of painted people: float32, shape (3, `_MODELS`, `_VIEWS`, `LENGTH`)."""
    rows = np.zeros((3, _MODELS, _VIEWS, LENGTH), np.float32)
    for label, model in np.ndindex(3, _MODELS):
        rng = np.random.default_rng((label, model, 5))
        way = np.array([0.0, 10.0]), np.array([0.05, 0.95]) * SIZE[0]
        walker = Walker(1, label + 1, *way, float(rng.uniform(90, 200)), (14, 40))
        scene = Scene(SIZE, 10, (walker,), seed=_MODELS * label + model)
        for view, time in enumerate(rng.uniform(0.5, 9.5, _VIEWS)):
            box = np.array(walker.at(time).box)
            box = box + rng.normal(0, Mistakes().jitter, 4) * np.tile(box[2:] - box[:2], 2)
            rows[label, model, view] = looks_of(scene.paint(time), box[None])[0]
    return rows


@cache
def _paper() -> np.ndarray:
    """Return a picture on which every view is about as sharp: uint8 (H, W, 3)."""
    noise = np.random.default_rng(0).integers(0, 255, (SIZE[1], SIZE[0], 3))
    return cv2.GaussianBlur(noise.astype(np.uint8), (0, 0), 1.0)


def _looks(
    faces: Sequence[Seen], whose: np.ndarray, models: Sequence[np.ndarray], rng: np.random.Generator
) -> np.ndarray:
    """Return what detections look like: float32, shape (N, `LENGTH`)."""
    places = {face.person: (*_middle(face.box), face.box[2] - face.box[0]) for face in faces}
    looks = np.zeros((len(whose), LENGTH), np.float32)
    for row, who in zip(looks, whose.tolist(), strict=True):
        view = int(rng.integers(_VIEWS))
        if not who:  # a bit of the background: of no colours that anybody has
            row[rng.integers(0, LENGTH, 12)] = 12**-0.5
            continue
        x, y, width = places[who]
        row[:] = models[who - 1][view]
        for at, half, part in ((y, 0.6 * width, _HEAD), (y + 2.4 * width, 0.7 * width, _CHEST)):
            for other, (place, high, wide) in places.items():
                down = (at - high) / wide
                if wide <= width or other == who or not -0.7 < down < 7:
                    continue
                before, theirs = (0.58 * wide, _HEAD) if down < 0.7 else (1.1 * wide, _CHEST)
                hidden = min(1.0, (before + half - abs(x - place)) / (2 * half))
                if hidden > 0:
                    other_look = models[other - 1][view][theirs]
                    row[part] = np.sqrt((1 - hidden) * row[part] ** 2 + hidden * other_look**2)
    return looks


def _middle(box: Sequence[float]) -> tuple[float, float]:
    return (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
