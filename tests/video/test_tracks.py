"""Which faces of one frame and the next are the same."""

import numpy as np
import pytest

from data.painter.films import frame_times
from data.painter.moving import Scene, Walker, compose_scene
from data.painter.witness import Mistakes, Witness
from utils.video.appearance import LENGTH, Memory, alike, known, looks_of
from utils.video.association import overlaps
from utils.video.motion import Motion
from utils.video.tracks import Tracker, TrackSettings

SETTINGS = TrackSettings(0.5, 0.15)
PLAIN = TrackSettings(0.5, 0.1, kept=1.0, overlap=0.2, low_overlap=0.5, new_overlap=0.3, border=0.0)
"""ByteTrack as published, at 30 frames a second."""


def box(x: float, y: float = 50, side: float = 20) -> list[float]:
    return [x, y, x + side, y + 1.3 * side]


def follow(tracker: Tracker, frames, step: float = 0.1) -> list[list[int]]:
    """Return the numbers of each frame, given as [(box, score), ...]."""
    told = []
    for index, faces in enumerate(frames):
        boxes = np.array([face for face, _ in faces]).reshape(-1, 4)
        scores = np.array([score for _, score in faces])
        told.append(tracker.update(boxes, scores, index * step).tolist())
    return told


def test_overlaps_of_boxes_and_of_their_borders():
    first, second = np.array([[0.0, 0, 10, 10]]), np.array([[5.0, 0, 15, 10], [12, 0, 22, 10]])
    assert overlaps(first, second)[0] == pytest.approx([1 / 3, 0])
    assert overlaps(first, second, 0.5)[0] == pytest.approx([300 / 500, 160 / 640])


def test_a_box_that_moves_evenly_is_expected_where_it_will_be():
    motion = Motion.start(np.array(box(0)))
    for step in range(1, 20):
        motion.predict(0.1)
        motion.update(np.array(box(5.0 * step)))
    motion.predict(0.4)
    assert motion.box == pytest.approx(box(5.0 * 19 + 20), abs=1.0)


def test_uneven_frames_are_expected_as_even_ones():
    even, uneven = (Motion.start(np.array(box(0))) for _ in range(2))
    for steps, motion in (((0.1,) * 20, even), ((0.05, 0.15) * 10, uneven)):
        for step, time in zip(steps, np.cumsum(steps), strict=True):
            motion.predict(step)
            motion.update(np.array(box(50.0 * time)))
    assert even.mean[0, 1] == pytest.approx(50, abs=1)
    assert uneven.mean[0, 1] == pytest.approx(50, abs=1)


def test_people_who_cross_keep_their_numbers():
    frames = [
        [(box(10 + 6 * k), 0.9), (box(190 - 6 * k, 56, 22), 0.9), (box(100, 120), 0.9)]
        for k in range(30)
    ]
    told = follow(Tracker(SETTINGS), frames)
    assert told == [[1, 2, 3]] * 30


def test_a_face_that_is_found_with_low_confidence_is_followed_but_begins_no_track():
    frames = [[(box(50), 0.9)], [(box(51), 0.9)], [(box(52), 0.2)], [(box(53), 0.9)]]
    assert follow(Tracker(SETTINGS), frames) == [[1]] * 4
    assert follow(Tracker(SETTINGS), [[(box(50), 0.2)]] * 4) == [[0]] * 4
    assert follow(Tracker(SETTINGS), [[(box(50), 0.1)]] * 2) == [[0]] * 2


def test_who_is_hidden_for_a_while_keeps_the_number_and_who_is_gone_for_long_does_not():
    for gone, expected in ((20, 1), (90, 2)):
        frames = [[(box(50 + k), 0.9)] for k in range(10)]
        frames += [[]] * gone + [[(box(60 + gone), 0.9)]] * 2
        tracker = Tracker(SETTINGS)
        assert follow(tracker, frames)[-1] == [expected]


def test_what_was_seen_once_only_is_not_waited_for():
    tracker = Tracker(SETTINGS)
    told = follow(tracker, [[(box(50), 0.9)], [], [(box(50), 0.9)]])
    assert told == [[1], [], [2]]
    assert tracker.ended == [1]


def test_somebody_who_walks_is_followed_at_few_frames_a_second():
    frames = [[(box(10 + 30 * k), 0.9)] for k in range(8)]  # by one and a half widths
    assert follow(Tracker(SETTINGS), frames, 1 / 5) == [[1]] * 8
    assert follow(Tracker(PLAIN), frames, 1 / 5) != [[1]] * 8


def test_tracks_end_and_are_told_once():
    tracker = Tracker(SETTINGS)
    follow(tracker, [[(box(50), 0.9)]] * 3)
    tracker.finish()
    assert tracker.ended == [1]
    assert tracker.tracks == []


def test_time_must_go_on():
    tracker = Tracker(SETTINGS)
    tracker.update(np.zeros((0, 4)), np.zeros(0), 1.0)
    with pytest.raises(ValueError, match="time goes"):
        tracker.update(np.zeros((0, 4)), np.zeros(0), 1.0)


def tracked(scene: Scene, rate: float, mistakes: Mistakes, settings: TrackSettings) -> list[int]:
    """Return how often each number was given."""
    times = frame_times(scene.seconds, rate)
    witness, tracker = Witness(scene, times, mistakes, seed=3), Tracker(settings)
    given: list[int] = []
    for index, time in enumerate(times):
        found = witness.detections(index)
        given += tracker.update(found.boxes, 1 - found.probabilities[:, 0], time).tolist()
    return np.bincount(np.array(given))[1:].tolist()


@pytest.mark.parametrize("rate", [15, 7.5])
def test_a_crowd_is_counted_within_a_tenth(rate):
    scene = compose_scene(2, 30, 25, widths=(0.02, 0.07))
    seen = {face.person for time in frame_times(25, 7.5) for face in scene.at(time)}
    counts = tracked(scene, rate, Mistakes(), SETTINGS)
    assert sum(count >= 3 for count in counts) == pytest.approx(len(seen), rel=0.1)


def test_who_was_hidden_is_known_by_looks_and_rejoined():
    red, blue = np.zeros((2, LENGTH), np.float32)
    red[[0, LENGTH // 2]], blue[[1, LENGTH // 2 + 1]] = 1, 1
    for look, expected in ((red, 1), (blue, 2)):
        tracker, told = Tracker(SETTINGS), []
        for k in range(40):
            there = k < 10 or k >= 25
            boxes = np.array([box(50 if k < 10 else 110)]) if there else np.zeros((0, 4))
            looks = np.array([red if k < 10 else look])[: len(boxes)]
            told += tracker.update(boxes, np.full(len(boxes), 0.9), k * 0.1, looks).tolist()
        assert told[0] == 1
        assert told[-1] == expected


def test_who_is_half_hidden_at_first_is_known_a_little_later():
    """Both when they vanish and when they come out, somebody else covers them in part."""
    own, other = np.zeros((2, LENGTH), np.float32)
    own[[0, LENGTH // 2]], other[[1, LENGTH // 2 + 1]] = 1, 1
    for rate in (30, 7.5):
        tracker, told = Tracker(SETTINGS), []
        for time in np.arange(0, 7, 1 / rate):
            there, covered = time < 2 or time >= 4, 1.6 <= time < 2 or 4 <= time < 4.8
            boxes = np.array([box(50 if time < 3 else 110)]) if there else np.zeros((0, 4))
            looks = np.array([other if covered else own])[: len(boxes)]
            sure = np.full(len(boxes), 0.55 if covered else 0.9)
            told += tracker.update(boxes, sure, time, looks).tolist()
        assert told[0] == told[-1] == 1


def test_memory_is_by_seconds_and_not_by_frames_and_counts_what_was_seen_surely():
    own, other = np.eye(LENGTH, dtype=np.float32)[:2]
    kept = []
    for rate in (30, 7.5):
        memory = Memory.of(own)
        for _ in range(round(0.8 * rate)):
            memory.see(other, 1 / rate, 1.0)
        kept.append(memory.lately[0])
    assert kept == pytest.approx([np.exp(-1)] * 2)
    unsure = Memory.of(own)
    unsure.see(other, 0.8, 0.3)
    assert unsure.lately[0] > 0.85
    assert unsure.usually[0] >= unsure.lately[0]
    assert known([unsure], own[None])[0, 0] > known([unsure], other[None])[0, 0]


def test_looks_tell_a_person_from_who_stands_before():
    scene = compose_scene(4, 2, 4, (320, 180), pillars=0, speed=(1.0, 1.5), looking_away=0)
    looks: dict[int, list[np.ndarray]] = {}
    for time in np.arange(0, 4, 0.25):
        image, faces = scene.paint(time), scene.at(time)
        boxes = np.array([face.box for face in faces]).reshape(-1, 4)
        for face, look in zip(faces, looks_of(image, boxes), strict=True):
            looks.setdefault(face.person, []).append(look)
    (first, second) = (np.stack(one) for one in looks.values())
    assert np.median(alike(first, first)) > np.median(alike(first, second)) + 0.2
    assert alike(first[:1], np.zeros((1, LENGTH)))[0, 0] == 1


def test_without_mistakes_and_meetings_every_track_is_a_person():
    walkers = tuple(
        Walker(k, 1, np.array([0.0, 6.0]), np.array([20.0, 300.0]), 40.0 * k, (16, 16))
        for k in (1, 2, 3)
    )
    perfect = Mistakes(1.0, 0.0, 0.0, np.eye(3))
    scene = Scene((320, 180), 6, walkers)
    counts = tracked(scene, 10, perfect, PLAIN)
    seen = [face.person for time in frame_times(6, 10) for face in scene.at(time)]
    assert sorted(counts) == sorted(seen.count(number) for number in (1, 2, 3))
