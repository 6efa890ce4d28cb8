import pytest

from utils.dag.new_data import dealt, travel_name


def test_videos_are_dealt_to_jobs_that_last_alike_each_whole():
    lasting = [("a", 600.0, 5), ("b", 60.0, 2**20), ("c", 500.0, 7), ("d", 100.0, 9)]
    first, second = dealt(lasting, 2)
    assert {first.files, second.files} == {("a", "b"), ("c", "d")}
    assert {first.seconds, second.seconds} == {660.0, 600.0}
    assert [one.mib for one in (first, second)] == [2, 1]
    assert [one.files for one in dealt(lasting[:1], 5)] == [("a",)], "no job without a video"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("day 1/Über clip.MP4", "video_00007__ber_clip.mp4"),
        ("-rf; $(x).mov", "video_00007__rf____x_.mov"),
    ],
)
def test_a_video_travels_by_a_name_that_breaks_no_command_line(name, expected):
    assert travel_name(7, name) == expected
