from utils.dag.options.table import Options
from utils.video.people import LEAST_SECONDS
from utils.video.run import PACE


def test_the_pace_of_videos_is_that_of_detect_py():
    assert Options().frame_rate == PACE
    assert Options().least_seconds == LEAST_SECONDS
    assert Options(every=3).frame_rate is None
    assert Options(every=3, pace=4.0).frame_rate == 4.0
