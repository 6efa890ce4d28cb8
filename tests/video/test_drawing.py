"""What is drawn on a frame."""

import numpy as np
import pytest

from utils.dataset.labels import CLASSES, COLOURS
from utils.metrics.detections import Detections
from utils.video.annotated import AnnotatedVideo
from utils.video.drawing import drawn
from utils.video.folders import DiskFolder
from utils.video.people import Person, View

GREY = np.full((120, 200, 3), 128, np.uint8)


def one_face(box) -> Detections:
    rows = np.array([[0.1, 0.1, 0.8, 0.0]], np.float32)
    return Detections(np.array([box], np.float32), np.array([2]), rows[:, 2], rows)


def test_a_box_has_the_colour_of_its_person_and_not_of_the_frame():
    found = one_face([80, 60, 120, 110])
    person = Person([4], 0, 1, 9, [View(0, 0.5, np.eye(3)[0])])
    counts = dict.fromkeys(CLASSES, 0)
    image = drawn(GREY, found, np.array([4]), {4: person}, counts, "0:01")
    green = tuple(int(COLOURS[1][i : i + 2], 16) for i in (1, 3, 5))
    assert tuple(image[85, 80]) == green
    assert np.array_equal(image[70:100, 90:110], GREY[70:100, 90:110])
    assert (GREY == 128).all()
    untracked = drawn(GREY, found, np.array([0]), {}, counts, "0:01")
    assert np.array_equal(untracked[40:], GREY[40:])


def test_labels_of_faces_at_the_edges_stay_in_the_picture():
    for box in ([-10, -8, 12, 14], [185, 100, 215, 140]):
        image = drawn(GREY, one_face(box), np.array([123]), {}, dict.fromkeys(CLASSES, 9), "0:01")
        assert image.shape == GREY.shape


def test_frames_of_other_sizes_and_odd_ones_are_fitted_in(tmp_path):
    import av

    video = AnnotatedVideo(DiskFolder(tmp_path))
    for number, size in enumerate([(121, 201), (60, 80), (240, 100)]):
        video.add(np.full((*size, 3), 200, np.uint8), number * 0.1)
    video.close()
    video.close()
    with av.open(tmp_path / video.name) as container:
        frames = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    assert [frame.shape for frame in frames] == [(120, 200, 3)] * 3
    assert frames[2][60, 100].mean() > 180
    assert frames[2][60, 10].mean() < 60  # black beside what is narrower


def test_what_was_written_of_a_video_that_was_never_closed_can_be_read(tmp_path):
    import av

    video = AnnotatedVideo(DiskFolder(tmp_path))
    rng = np.random.default_rng(0)
    for number in range(120):
        video.add(rng.integers(0, 255, (240, 320, 3)).astype(np.uint8), number * 0.1)
    data = (tmp_path / video.name).read_bytes()
    (tmp_path / "copy.webm").write_bytes(data)  # as a kill would leave it
    video.close()
    with av.open(tmp_path / "copy.webm") as container:
        assert sum(1 for _ in container.decode(video=0)) > 10


def test_nothing_added_writes_nothing(tmp_path):
    AnnotatedVideo(DiskFolder(tmp_path)).close()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("wanted", ["libvpx-vp9"])
def test_no_encoder_is_taken_whose_licence_does_not_fit(tmp_path, wanted):
    assert AnnotatedVideo(DiskFolder(tmp_path)).encoder in (wanted, "libopenh264")
