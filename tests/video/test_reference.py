"""Our tracks, without what is changed in them, against the ByteTrack of Roboflow's `trackers`."""

from collections import Counter
from itertools import pairwise

import numpy as np
import pytest
import supervision
from trackers.core.bytetrack.tracker import ByteTrackTracker

from data.painter.films import frame_times
from data.painter.moving import compose_scene
from data.painter.witness import Mistakes, Witness
from utils.video.tracks import Tracker, TrackSettings

OVERLAP, HIGH = 0.2, 0.5


def links(numbers: list[list[int]]) -> set[tuple]:
    """Return the pairs of detections that follow one another in a track."""
    tracks: dict[int, list[tuple[int, int]]] = {}
    for frame, given in enumerate(numbers):
        for index, number in enumerate(given):
            if number > 0:
                tracks.setdefault(number, []).append((frame, index))
    return {pair for track in tracks.values() for pair in pairwise(track)}


@pytest.mark.parametrize(("seed", "rate"), [(1, 30), (2, 15)])
def test_the_same_detections_are_linked_as_by_a_kept_library(seed, rate):
    scene = compose_scene(seed, 12, 6, widths=(0.02, 0.07), looking_away=0.1)
    times = frame_times(6, rate)
    witness = Witness(scene, times, Mistakes(), HIGH, seed=seed)
    plain = {"border": 0.0, "size": 0.0, "overlap": OVERLAP, "low_overlap": OVERLAP}
    ours = Tracker(TrackSettings(HIGH, 0.0, kept=1.0, new_overlap=OVERLAP, **plain))
    theirs = ByteTrackTracker(
        lost_track_buffer=30,
        frame_rate=rate,
        track_activation_threshold=HIGH,
        minimum_consecutive_frames=1,
        minimum_iou_threshold=OVERLAP,
        high_conf_det_threshold=HIGH,
    )
    given: tuple[list[list[int]], list[list[int]]] = ([], [])
    for number, time in enumerate(times.tolist()):
        found = witness.detections(number)
        sure = 1 - found.probabilities[:, 0].astype(float)
        given[0].append(ours.update(found.boxes, sure, time).tolist())
        told = supervision.Detections(
            found.boxes.astype(float), confidence=sure, data={"row": np.arange(len(found))}
        )
        tracked, rows = theirs.update(told), np.zeros(len(found), int)
        if len(tracked):
            rows[tracked.data["row"]] = tracked.tracker_id + 1
        given[1].append(rows.tolist())
    mine, reference = (links(numbers) for numbers in given)
    assert len(reference) > 500
    assert len(mine & reference) / len(reference) > 0.98
    assert len(mine & reference) / len(mine) > 0.98  # theirs have no number at first
    counts = (
        Counter(number for row in numbers for number in row if number > 0) for numbers in given
    )
    long = [sum(count >= 5 for count in one.values()) for one in counts]
    assert long[0] == pytest.approx(long[1], abs=1)
