"""``workflow.py watch-drift``: a model that carries its test, and photographs."""

import json

import pytest

import workflow
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
    assert "broken.jpg: not read" in text and "Left out: 1 photograph that" in text
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
    assert "no photograph could be read" in capsys.readouterr().err
