"""Photographs that detect.py deals to people correct its answer when they come back."""

import json
import shlex
from pathlib import Path

import numpy as np
import pytest

import detect
from utils.dataset.annotation import write_voc
from utils.dataset.faces import Faces
from utils.dataset.images import encode_png
from utils.records import read_record

PHOTOS, DEALT = 10, 7
TWO = Faces(np.array([[4, 6, 24, 30], [50, 8, 70, 32]], np.float32), np.array([1, 2]))
"""Who is on each photograph, as people see it: one with a mask, one without."""


@pytest.fixture(scope="module")
def album(tmp_path_factory) -> Path:
    folder, rng = tmp_path_factory.mktemp("of people") / "photographs", np.random.default_rng(4)
    folder.mkdir()
    for number in range(PHOTOS):
        image = rng.integers(0, 255, (60, 96, 3)).astype(np.uint8)
        (folder / f"{number}.png").write_bytes(encode_png(image))
    return folder


@pytest.fixture
def run(tmp_path, capsys):
    """Run in this process; return the exit code, the lines printed, and the folder of results."""

    def call(name: str, *words: object):
        folder = tmp_path / name
        device = "--device", "cpu", "--no-pictures", "--output", str(folder)
        code = detect.main([*map(str, words), *device])
        told = capsys.readouterr()
        return code, (told.out + told.err).splitlines(), folder

    return call


def annotate(folder: Path) -> None:
    for image in (folder / "images").iterdir():
        xml = write_voc(image.name, 96, 60, TWO)
        (folder / "annotations" / f"{image.stem}.xml").write_bytes(xml)


@pytest.mark.parametrize("which", ["tested", "untested"])
def test_what_is_dealt_and_annotated_corrects_the_answer(run, album, which, request):
    model = request.getfixturevalue(which)
    code, lines, folder = run("first", album, "--model", model, "--suggest", DEALT)
    assert code == 0
    dealt = folder / "annotate"
    assert lines[-3].startswith(f"Annotate: {dealt} ({DEALT} new photographs, ")
    assert lines[-2] == f"How: {dealt / 'README.md'}"
    then = shlex.split(lines[-1].removeprefix("Then: "))
    assert then[:3] == ["python", "detect.py", str(album)]
    assert then[-2:] == ["--predict-annotations", str(dealt)]
    assert not {"--output", "--suggest"} & set(then)
    before = read_record(folder / "rate.json")
    assert before["annotated"] is None

    annotate(dealt)
    code, lines, folder = run("second", *then[2:])
    assert code == 0
    assert any(line.startswith(f"Annotated: {DEALT} of {DEALT} new") for line in lines)
    rate = read_record(folder / "rate.json")
    assert rate["estimator"] == "PPI++" and rate["uncorrected"] is None
    assert rate["properly_masked"]["share"] == pytest.approx(0.5, abs=0.15)
    low, high = rate["properly_masked"]["interval"]
    assert low < 0.5 < high
    assert f"corrected by {DEALT} of them that were annotated" in rate["answer"]
    assert f"Answer: {rate['answer']}" in lines
    assert rate["detector"]["properly_masked"] == before["properly_masked"]
    json.dumps(rate, allow_nan=False)


def test_where_the_detector_alone_gives_no_share_it_says_what_does(run, album, untested):
    _, lines, _ = run("alone", album, "--model", untested)
    [line] = [line for line in lines if line.startswith("To know it all the same")]
    assert "`python detect.py ... --suggest 30` deals them" in line


def test_other_photographs_than_those_dealt_from_are_refused(run, album, tested, tmp_path):
    _, _, folder = run("first", album, "--model", tested, "--suggest", DEALT)
    annotate(folder / "annotate")
    fewer = tmp_path / "fewer"
    fewer.mkdir()
    for number in range(PHOTOS - 1):
        (fewer / f"{number}.png").write_bytes((album / f"{number}.png").read_bytes())
    asked = "--model", tested, "--predict-annotations", folder / "annotate"
    code, lines, results = run("second", fewer, *asked)
    assert code == 2 and not results.exists()
    assert "those given now are others, or not all, or more; give the same" in lines[-1]


def test_no_more_are_dealt_than_there_are(run, album, tested):
    code, lines, folder = run("first", album, "--model", tested, "--suggest", PHOTOS + 1)
    assert code == 2 and not folder.exists()
    assert lines[-1].endswith(f"there are {PHOTOS} photographs; ask for at most that")


def test_what_cannot_be_read_is_not_dealt(run, album, tested, tmp_path):
    some = tmp_path / "some"
    some.mkdir()
    (some / "good.png").write_bytes((album / "0.png").read_bytes())
    (some / "cut.png").write_bytes((album / "1.png").read_bytes()[:500])
    code, _, folder = run("first", some, "--model", tested, "--suggest", 2)
    assert code == 1
    assert [path.name for path in (folder / "annotate" / "images").iterdir()] == ["1_good.png"]


def test_frames_of_videos_are_not_dealt(run, tmp_path, tested):
    video = tmp_path / "clip.mp4"
    video.touch()
    code, lines, folder = run("first", video, "--model", tested, "--suggest", 3)
    assert code == 2 and not folder.exists()
    assert "--suggest and --predict-annotations are for photographs" in lines[-1]
