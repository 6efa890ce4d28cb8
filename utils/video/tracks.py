"""Faces linked from frame to frame: ByteTrack, which also uses detections of low confidence.

Zhang et al., ECCV (2022) 1, with three changes. Time is in seconds: frames need not be even.
Boxes are compared with a border around them (C-BIoU: Yang et al., WACV (2023) 4788), the wider the
longer ago a face was last seen, because at few frames a second somebody who walks has left their
own box before the next frame. And where looks are given, who was hidden is known by them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from utils.video.appearance import Memory, known, known_as
from utils.video.association import assign, overlaps, sides_of
from utils.video.motion import STEP, Motion

GROWN, FIRST, UNTIL = 4, 0.4, 2.0
"""Detections and seconds from which a new track is compared with those that were lost, and seconds
for which it is: who comes out from behind something is half hidden at first."""


@dataclass(frozen=True)
class TrackSettings:
    """How detections become tracks.

    Attributes
    ----------
    high
        Confidence from which a detection may begin a track.
    low
        Confidence from which it may go on with one.
    kept
        Seconds that a track which is not seen is waited for.
    overlap, low_overlap, new_overlap
        Least intersection over union with a confident detection, with another, and of a track of
        one detection only.
    border, most_border
        How wide the border of a box is, in its widths and heights, a step after it was seen, and
        at most; 0 for plain ByteTrack. It grows with the seconds between.
    size
        Least ratio of the sizes of what is linked.
    alike, patience
        How much somebody must look like the track, in 0..1 (`utils.video.appearance`), and from how
        many seconds after it was last seen: who is hidden and comes out is looked at, too.
    rejoined, reach
        How much a track that has grown (`GROWN`) must look like one that was lost before it began,
        so that it is the same person; and how many face widths a second that one may have gone.
    """

    high: float
    low: float
    kept: float = 8.0
    overlap: float = 0.15
    low_overlap: float = 0.5
    new_overlap: float = 0.2
    border: float = 0.15
    most_border: float = 1.0
    size: float = 0.7
    alike: float = 0.3
    patience: float = 0.25
    rejoined: float = 0.4
    reach: float = 3.0


@dataclass
class Track:
    """A face that is followed.

    Attributes
    ----------
    number
        From 1, in the order of their first detections.
    motion
        Where it is, and how it moves.
    first, last
        Seconds at which it was first and last seen.
    seen
        How many times.
    missed
        Whether the frame before had no detection of it.
    memory
        What it looked like; None where looks are not given.
    place, side
        Where its centre was when it was last seen, and how large the face: pixels.
    joined
        Whether it goes on one that was lost.
    """

    number: int
    motion: Motion
    first: float
    last: float
    seen: int = 1
    missed: bool = False
    memory: Memory | None = None
    place: np.ndarray | None = None
    side: float = 0.0
    joined: bool = False


@dataclass
class Tracker:
    """Follows faces through a video.

    Attributes
    ----------
    settings
        How.
    tracks
        Those that are followed now; who was seen last may be waited for.
    ended
        Numbers of tracks that ended with the last frame.
    joined
        Numbers of tracks that turned out with the last frame to be one that was there before:
        (number, earlier number). The detections of the frame have the earlier number.
    """

    settings: TrackSettings
    tracks: list[Track] = field(default_factory=list)
    ended: list[int] = field(default_factory=list)
    joined: list[tuple[int, int]] = field(default_factory=list)
    _time: float | None = None
    _next: int = 1

    def update(
        self,
        boxes: np.ndarray,
        scores: np.ndarray,
        time: float,
        looks: np.ndarray | None = None,
    ) -> np.ndarray:
        """Link the detections of a frame to tracks.

        Parameters
        ----------
        boxes
            float, shape (N, 4): x1, y1, x2, y2.
        scores
            float, shape (N,): how sure it is that each is a face, in 0..1.
        time
            Seconds, more than of the frame before.
        looks
            What each looks like (`utils.video.appearance.looks_of`): always, or never.

        Returns
        -------
        int64, shape (N,): the number of each detection's track; 0 for those that belong to none.

        Raises
        ------
        ValueError
            If time does not go on.
        """
        if self._time is not None and time <= self._time:
            raise ValueError(f"time goes from {self._time} to {time}")
        wanted, boxes = self.settings, np.asarray(boxes, np.float64).reshape(-1, 4)
        step = 0.0 if self._time is None else time - self._time
        self._time = time
        self._forget(time)
        for track in self.tracks:
            if track.missed:
                track.motion.rest()
            track.motion.predict(step)

        numbers = np.zeros(len(boxes), np.int64)
        sure = list(np.flatnonzero(scores >= wanted.high))
        unsure = list(np.flatnonzero((scores >= wanted.low) & (scores < wanted.high)))
        grown = [track for track in self.tracks if track.seen > 1]
        new = [track for track in self.tracks if track.seen == 1]

        def link(tracks: list[Track], among: list[int], least: float) -> list[Track]:
            """Give detections to tracks; return those left, and take the others from `among`."""
            seen = None if looks is None else looks[among]
            pairs = assign(self._similar(tracks, boxes[among], seen, time), least)
            for row, column in pairs:
                track, index = tracks[row], among[column]
                if seen is not None:
                    track.memory.see(seen[column], time - track.last, scores[index])
                self._see(track, boxes[index], time)
                numbers[index] = track.number
            for column in sorted((column for _, column in pairs), reverse=True):
                del among[column]
            rows = {row for row, _ in pairs}
            return [track for row, track in enumerate(tracks) if row not in rows]

        left = link(grown, sure, wanted.overlap)
        followed = [track for track in left if not track.missed]
        left = [track for track in left if track.missed]
        left += link(followed, unsure, wanted.low_overlap)
        left += link(new, sure, wanted.new_overlap)
        for track in left:
            track.missed = True
        for index in sure:
            memory = None if looks is None else Memory.of(looks[index])
            track = Track(self._next, Motion.start(boxes[index]), time, time, memory=memory)
            self.tracks.append(track)
            numbers[index], self._next = track.number, self._next + 1
        self.joined = self._rejoin(time) if looks is not None else []
        for number, earlier in self.joined:
            numbers[numbers == number] = earlier
        return numbers

    def finish(self) -> None:
        """End every track."""
        self.ended = [track.number for track in self.tracks]
        self.tracks = []

    def _see(self, track: Track, box: np.ndarray, time: float) -> None:
        track.motion.update(box)
        track.last, track.seen, track.missed = time, track.seen + 1, False
        track.place, track.side = track.motion.mean[:2, 0].copy(), sides_of(box[None])[0]

    def _rejoin(self, time: float) -> list[tuple[int, int]]:
        """Let tracks that have grown go on as the lost ones that they look most like."""
        pairs = []
        grown = [one for one in self.tracks if one.seen >= GROWN and not (one.missed or one.joined)]
        for track in [one for one in grown if FIRST <= time - one.first < FIRST + UNTIL]:
            lost = [one for one in self.tracks if one.missed and one.last < track.first]
            lost = [one for one in lost if one.seen > 1 and self._could_be(one, track)]
            if not lost:
                continue
            looks = known_as([one.memory for one in lost], track.memory)
            best = int(looks.argmax())
            if looks[best] < self.settings.rejoined:
                continue
            earlier = lost[best]
            earlier.joined = True
            self.tracks.remove(track)
            pairs.append((track.number, earlier.number))
            earlier.motion, earlier.last, earlier.missed = track.motion, track.last, False
            earlier.seen += track.seen
            earlier.memory.join(track.memory)
        return pairs

    def _could_be(self, earlier: Track, later: Track) -> bool:
        """Return whether somebody may have gone from where one was seen to where another is."""
        first, second = (np.array(one) for one in (earlier.place, later.motion.mean[:2, 0]))
        sides = np.array([earlier.side, sides_of(later.motion.box[None])[0]])
        if sides.min() / sides.max() < self.settings.size:
            return False
        gone = later.last - earlier.last
        way = float(np.hypot(*(second - first))) / sides.mean()
        return way <= 1.0 + self.settings.reach * gone

    def _forget(self, time: float) -> None:
        """End what was waited for too long; what was seen once only is not waited for."""
        kept, ended = [], []
        for track in self.tracks:
            gone = time - track.last > self.settings.kept or (track.seen == 1 and track.missed)
            (ended if gone else kept).append(track)
        self.tracks, self.ended = kept, [track.number for track in ended]

    def _similar(
        self,
        tracks: Sequence[Track],
        boxes: np.ndarray,
        looks: np.ndarray | None,
        time: float,
    ) -> np.ndarray:
        """Return how far tracks and boxes overlap, borders included, and look alike."""
        if not len(tracks) or not len(boxes):
            return np.zeros((len(tracks), len(boxes)))
        wanted = self.settings
        ago = np.array([(time - track.last) / STEP for track in tracks])
        border = np.minimum(wanted.border * ago, wanted.most_border)[:, None]
        if not wanted.border:
            border = np.zeros_like(border)
        expected = np.stack([track.motion.box for track in tracks])
        sizes = [sides_of(box) for box in (expected, boxes)]
        ratio = sizes[0][:, None] / sizes[1]
        same_size = np.minimum(ratio, 1 / ratio) >= wanted.size
        similar = np.where(same_size, overlaps(expected, boxes, border), 0.0)
        if looks is None:
            return similar
        same = known([track.memory for track in tracks], looks)
        long_ago = np.array([time - track.last > wanted.patience for track in tracks])[:, None]
        return np.where(long_ago & (same < wanted.alike), 0.0, similar * same)
