"""Times of frames, as far as what a file says of them can be true."""

import pytest

from utils.errors import InputError
from utils.video.times import FrameTimes


def taken(*own: float | None, **others) -> tuple[list[float | None], FrameTimes]:
    times = FrameTimes("clip.mp4", 0.04, **others)
    return [times.of(one) for one in own], times


def test_times_count_from_the_start_of_the_video_or_the_first_frame():
    assert taken(5.0, 5.1, 5.3)[0] == pytest.approx([0, 0.1, 0.3])
    assert taken(5.0, 5.1, start=4.5)[0] == pytest.approx([0.5, 0.6])


def test_frames_without_a_time_come_a_step_after_the_one_before():
    assert taken(None, None, 0.5, None, start=0.0)[0] == pytest.approx([0, 0.04, 0.5, 0.54])


def test_single_frames_that_run_backwards_are_left_out_and_counted():
    told, times = taken(0.0, 0.1, 0.2, 0.1, 0.2, 0.3)
    assert told == pytest.approx([0, 0.1, 0.2, None, None, 0.3])
    assert times.backwards == 2
    assert times.told() == ["2 pictures whose times run backwards were left out."]


@pytest.mark.parametrize("anew", [0.0, -7.0, 1e6, 1e12])
def test_a_clock_that_starts_anew_or_jumps_goes_on_a_step_later(anew):
    told, times = taken(8.0, 8.5, 9.0, 9.5, 10.0, anew, anew + 0.5)
    assert told[4:] == pytest.approx([2.0, 2.04, 2.54], abs=1e-3)
    assert times.restarts == 1
    assert times.backwards == 0
    assert "jumps: 1 time" in times.told()[0]


def test_a_long_pause_is_no_jump():
    told, times = taken(0.0, 3600.0)
    assert told == [0, 3600]
    assert times.told() == []


def test_frames_faster_than_any_camera_are_refused_and_a_burst_is_not():
    with pytest.raises(InputError, match="its first 20 pictures come within 0"):
        taken(*(k / 90_000 for k in range(20)))
    with pytest.raises(InputError, match="its first 20 pictures come within 0"):
        taken(*(round(k / 90_000, 3) for k in range(20)))  # a clock of milliseconds
    with pytest.raises(InputError, match="its first 20 pictures come within 0"):
        taken(*(0.9 - k / 25 for k in range(20)))
    assert len(taken(*(k / 90_000 for k in range(5)), *(1 + k / 30 for k in range(30)))[0]) == 35
    assert len(taken(*(k / 960 for k in range(40)))[0]) == 40
