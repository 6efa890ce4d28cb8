"""Moving pictures: who is where, as it is drawn."""

import numpy as np
import pytest

from data.painter.films import (
    frame_times,
    stamp,
    stamped_number,
    truth_record,
    write_film,
)
from data.painter.moving import LEAST_VISIBLE, Scene, Walker, compose_scene

SIZE = (160, 96)


def walker(number: int, width: float, xs=(0.0, 160.0), label: int = 1, **others) -> Walker:
    ways = {"times": np.array([0.0, 4.0]), "xs": np.array(xs), "y": 40.0}
    return Walker(number, label, **{**ways, "widths": (width, width), **others})


def test_equal_arguments_give_equal_scenes_and_pixels():
    first, second = (compose_scene(3, 6, 4, SIZE) for _ in range(2))
    other = compose_scene(4, 6, 4, SIZE)
    assert first.at(2) == second.at(2) != other.at(2)
    assert np.array_equal(first.paint(2), second.paint(2))


def test_people_walk_evenly_and_are_there_from_their_first_moment_to_their_last():
    scene = Scene(SIZE, 6, (walker(1, 20),))
    (early,), (late,) = scene.at(1), scene.at(3)
    assert np.mean(early.box[::2]) == pytest.approx(40)
    assert np.mean(late.box[::2]) == pytest.approx(120)
    assert not scene.at(4.5)


def test_who_is_nearer_hides_who_is_farther():
    far, near = walker(1, 16, (80, 80)), walker(2, 24, (0, 160))
    scene = Scene(SIZE, 4, (far, near))
    assert {face.person for face in scene.at(0.5)} == {1, 2}
    assert {face.person for face in scene.at(2)} == {2}
    assert all(face.visible >= LEAST_VISIBLE for face in scene.at(1.5))


def test_a_pillar_hides_who_is_behind_it_and_stands_behind_who_is_nearer():
    people = walker(1, 16, (80, 80)), walker(2, 24, (80, 80), y=30.0)
    assert {face.person for face in Scene(SIZE, 4, people[:1]).at(1)} == {1}
    hidden = Scene(SIZE, 4, people[:1], ((60, 100, 20),))
    assert not hidden.at(1)
    assert {face.person for face in Scene(SIZE, 4, people[1:], ((60, 100, 20),)).at(1)} == {2}
    assert not np.array_equal(hidden.paint(1), Scene(SIZE, 4, people[:1]).paint(1))


def test_a_face_that_is_turned_away_is_not_seen_and_looks_otherwise():
    scene = Scene(SIZE, 4, (walker(1, 20, (80, 80), away=((1, 2),)),))
    assert scene.at(0.9)
    assert not scene.at(1.5)
    assert scene.at(2.1)
    same_step = 1 / 1.8 * 2  # of the bobbing: the person stands as before
    assert not np.array_equal(scene.paint(0.4), scene.paint(0.4 + same_step))


def test_faces_are_painted_where_the_truth_says():
    with_, without = Scene(SIZE, 4, (walker(1, 20),)), Scene(SIZE, 4, ())
    (face,) = with_.at(2)
    changed = (with_.paint(2) != without.paint(2)).any(axis=2)
    x1, y1, x2, y2 = np.rint(face.box).astype(int)
    assert changed[y1:y2, x1:x2].mean() > 0.9
    assert changed[:, : x1 - 45].mean() < 0.02


def test_people_leave_and_come_back():
    scene = compose_scene(1, 40, 20, SIZE, coming_back=1.0, pillars=0, looking_away=0)
    moments = [{face.person for face in scene.at(time)} for time in range(20)]
    gaps = 0
    for number in range(1, 41):
        there = [number in people for people in moments]
        gaps += "10" in "".join("1" if one else "0" for one in there).rstrip("0")
    assert gaps > 5


def test_a_film_holds_its_frames_at_their_times_with_their_numbers(tmp_path):
    import av

    scene, times = compose_scene(1, 3, 2, SIZE), [0.0, 0.1, 0.15, 0.5, 1.25]
    for name in ("one.mp4", "two.mp4"):
        write_film(tmp_path / name, scene, times, stamped=True)
    assert (tmp_path / "one.mp4").read_bytes() == (tmp_path / "two.mp4").read_bytes()
    with av.open(tmp_path / "one.mp4") as container:
        frames = list(container.decode(video=0))
    assert [frame.time for frame in frames] == pytest.approx(times)
    assert [stamped_number(frame.to_ndarray(format="rgb24")) for frame in frames] == [0, 1, 2, 3, 4]


def test_a_number_is_stamped():
    image = np.full((20, 160, 3), 100, np.uint8)
    assert stamped_number(stamp(image, 12_345)) == 12_345
    assert image.max() == 100


def test_the_truth_names_everybody_who_is_seen():
    scene = compose_scene(2, 8, 5, SIZE)
    record = truth_record(scene, frame_times(5, 10))
    assert len(record["frames"]) == 50
    seen = {face["person"] for frame in record["frames"] for face in frame["faces"]}
    assert {one["person"] for one in record["people"]} == seen
    assert 4 < len(seen) <= 8
