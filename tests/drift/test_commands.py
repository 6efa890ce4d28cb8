"""``workflow.py watch-drift``: a model that carries its test, and photographs."""

import json

import pytest

import workflow
from data.painter.films import frame_times, write_film
from data.painter.moving import compose_scene
from utils.drift import commands
from utils.drift.features import FEATURES

pytestmark = pytest.mark.usefixtures("one_thread")


def test_photographs_are_compared_with_the_test_in_the_model_file(tested, album, capsys):
    folder = album("a.jpg", "b.jpg", "c.jpg")
    (folder / "broken.jpg").write_bytes(b"\xff\xd8\xff no more")
    call = ["watch-drift", "--model", str(tested), "--photos", str(folder)]
    assert workflow.main(call) == commands.DONE
    text = capsys.readouterr().out
    assert (
        "Compared: 3 new photographs" in text and "with 4 photographs of the model's test" in text
    )
    assert "broken.jpg: not read" in text and "Left out: 1 photograph or video that" in text
    assert "no photograph tells when it was taken" in text
    assert workflow.main([*call, "--json", "--seed", "3"]) == commands.DONE
    record = json.loads(capsys.readouterr().out)
    assert record["schema"] == 1 and record["not_read"] == 1
    assert {one["name"] for one in record["features"]} == set(FEATURES)


def test_where_the_answer_should_not_be_trusted_the_exit_code_says_so(
    tested, album, capsys, monkeypatch
):
    watch = commands.watch
    monkeypatch.setattr(commands, "watch", lambda *given: watch(*given) | {"trust": "no"})
    call = ["watch-drift", str(album("a.jpg")), "--model", str(tested)]
    assert workflow.main(call) == commands.NOT_TRUSTED
    assert "detect.py PHOTOGRAPHS --suggest 30" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ([], "watch-drift: name photographs"),
        (["nowhere"], "nowhere: no such file or folder"),
        (["--photos", "clip.mp4"], "clip.mp4: no such file"),
        (["0"], "0: is a camera"),
        (["x.jpg", "--trials", "3"], "--trials: is not for `watch-drift`"),
    ],
)
def test_what_cannot_be_looked_at_is_refused_by_name(words, told, capsys):
    assert workflow.main(["watch-drift", *words]) == 2
    assert told in capsys.readouterr().err


def test_a_model_file_without_a_test_is_refused_with_what_to_give(untested, album, capsys):
    call = ["watch-drift", "--model", str(untested), "--photos", str(album("a.jpg"))]
    assert workflow.main(call) == 2
    error = capsys.readouterr().err
    assert "untested.pth: there is no test to compare with" in error
    assert "face_mask_detector.pth of a run of workflow.py does" in error


def test_photographs_of_which_none_can_be_read_are_refused(tested, album, capsys):
    folder = album("a.jpg")
    (folder / "a.jpg").write_bytes(b"\xff\xd8\xff no more")
    assert workflow.main(["watch-drift", "--model", str(tested), str(folder)]) == 2
    assert "nothing could be looked at" in capsys.readouterr().err


@pytest.fixture(scope="module")
def clips(tmp_path_factory):
    """A folder of a clip of six seconds, one of two, and one that is none."""
    folder = tmp_path_factory.mktemp("clips")
    scene = compose_scene(5, 3, 6, (96, 56), pillars=0)
    write_film(folder / "long.mp4", scene, frame_times(6, 5))
    (folder / "day").mkdir()
    write_film(folder / "day" / "short.mkv", scene, frame_times(2, 5))
    (folder / "broken.avi").write_bytes(b"nothing to see " * 99)
    return folder


def test_a_video_is_one_observation_however_many_frames_are_looked_at(tested, clips, capsys):
    call = ["watch-drift", "--model", str(tested), "--photos", str(clips / "long.mp4")]
    assert workflow.main([*call, "--json"]) == commands.DONE
    record = json.loads(capsys.readouterr().out)
    assert record["videos"] == [{"name": "long.mp4", "frames": 6}]
    assert record["photos"]["new"] == 6 and record["photos"]["groups"] == 1
    assert workflow.main(call) == commands.DONE
    text = capsys.readouterr().out
    assert "of which 6 frames of 1 video, each one observation at most" in text


def test_folders_hold_videos_and_photographs_and_what_cannot_be_read_is_told(
    tested, clips, album, capsys
):
    call = ["watch-drift", str(clips), str(album("a.jpg")), "--model", str(tested), "--json"]
    assert workflow.main(call) == commands.DONE
    record = json.loads(capsys.readouterr().out)
    assert [one["name"] for one in record["videos"]] == ["short.mkv", "long.mp4"]
    assert record["photos"]["new"] == 6 + 2 + 1 and record["not_read"] == 1
    assert record["photos"]["groups"] <= 3
    assert workflow.main(["watch-drift", str(clips), "--model", str(tested)]) == commands.DONE
    assert "broken.avi: not read: cannot be read as a video" in capsys.readouterr().out
    assert workflow.main(["watch-drift", str(clips / "broken.avi"), "--model", str(tested)]) == 2
    assert "broken.avi: not read: cannot be read as a video" in capsys.readouterr().err


def test_whatever_is_of_the_group_of_a_frame_is_of_the_group_of_its_video():
    summaries = [{"file": name, "group": n} for n, name in enumerate("abcde")]
    summaries[3]["group"] = 1  # a photograph of the scene of b
    commands._join_frames(summaries, [["a", "b"], ["e"]])
    assert [one["group"] for one in summaries] == [0, 0, 2, 0, 4]
