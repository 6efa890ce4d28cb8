"""``detect.py`` by its command line: what it writes, tells and refuses."""

import csv
import json
import os
import shlex
import signal
import subprocess
import sys
import zipfile
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

import detect
from tests.determinism import runs
from tests.waiting import PATIENCE, until
from utils.dataset.images import decode, encode_png
from utils.dataset.labels import CLASSES
from utils.dataset.splitting.fingerprint_index import FingerprintWriter
from utils.dataset.splitting.fingerprints import fingerprint
from utils.dataset.splitting.learnt import LearntPhotographs
from utils.metrics.detections import Detections
from utils.records import read_record
from utils.training.tensors import load_tensors, save_tensors

PROJECT = Path(__file__).resolve().parents[2]


@pytest.fixture
def run(tmp_path, tested, capsys):
    """Run in this process; return the exit code, what was printed, and the folder of results."""

    def call(*words: object, model: Path = tested):
        folder = tmp_path / "results"
        code = detect.main(
            [*map(str, words), "--model", str(model), "--output", str(folder), "--device", "cpu"]
        )
        told = capsys.readouterr()
        return code, told.out + told.err, folder

    return call


def test_faces_pictures_and_the_rate_are_written_and_told(run, album, tested):
    code, told, folder = run(album("a.jpg", "b.jpg", "c.jpg"))
    assert code == 0
    faces, rate = read_record(folder / "faces.json", 2), read_record(folder / "rate.json")
    assert [photo["file"] for photo in faces["photos"]] == ["a.jpg", "b.jpg", "c.jpg"]
    assert faces["classes"] == list(CLASSES)
    assert faces["threshold"] == 0.2
    _, digest = load_tensors(tested)
    assert faces["model"] == rate["model"]
    assert faces["model"]["digest"] == digest
    assert faces["model"]["data_version"] == "ab" * 32
    for photo in faces["photos"]:
        assert len(Detections.from_record(photo["faces"]))
        with Image.open(folder / photo["picture"]) as picture:
            assert picture.format == "JPEG" and picture.width >= 1000
    counted = [f for p in faces["photos"] for f in p["faces"] if f["confidence"] >= 0.2]
    assert rate["people"]["found"] == len(counted) > 0
    with open(folder / "faces.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert sum(row["passed_threshold"] == "yes" for row in rows) == len(counted)
    lines = told.splitlines()
    assert lines[0] == "Photographs: 3"
    assert [line.partition(":")[0] for line in lines[1:4]] == ["a.jpg", "b.jpg", "c.jpg"]
    assert f"Answer: {rate['answer']}" in lines
    assert f"Written to {folder}: pictures/ (3), faces.csv, faces.json, rate.json" in lines


def test_photographs_of_all_sources_are_looked_at_and_equal_names_stay_apart(run, album, scenes):
    here = album("day1/IMG_1.jpg", "day2/IMG_1.jpg")
    with zipfile.ZipFile(here.parent / "more.zip", "w") as archive:
        archive.writestr("day3/IMG_1.jpg", scenes[0])
    (here.parent / "single.jpg").write_bytes(scenes[1])
    pattern = f"{here.parent}/sing*.jpg"
    code, _, folder = run(here, here.parent / "more.zip", pattern)
    assert code == 0
    pictures = {str(path.relative_to(folder)) for path in folder.glob("pictures/**/*.jpg")}
    named = {f"pictures/{day}/IMG_1.jpg" for day in ("day1", "day2", "day3")}
    assert pictures == named | {"pictures/single.jpg"}


def test_no_name_keeps_the_others_from_being_looked_at(run, album):
    here = album("IMG_1.jpg", "IMG_1.png", "two\nlines.jpg", os.fsdecode(b"\xff.jpg"))
    (here / "A_latest.jpg").symlink_to(here / "IMG_1.jpg")
    code, told, folder = run(here)
    assert code == 0
    faces = read_record(folder / "faces.json", 2)
    files = {photo["file"]: photo["picture"] for photo in faces["photos"]}
    assert files == {
        "IMG_1.jpg": "pictures/IMG_1.jpg.jpg",
        "IMG_1.png": "pictures/IMG_1.png.jpg",
        "two_lines.jpg": "pictures/two_lines.jpg",
        "_.jpg": "pictures/_.jpg",
    }
    assert all((folder / picture).is_file() for picture in files.values())
    assert "Characters that break tables: 2 new photographs named with _ instead" in told
    assert "Reached in two ways: 1 new photograph, counted once" in told


def test_what_cannot_be_read_is_told_counted_and_the_others_done(run, album):
    here = album("a.jpg", "b.jpg", "cut.jpg")
    (here / "cut.jpg").write_bytes((here / "a.jpg").read_bytes()[:900])
    (here / "empty.png").touch()
    (here / "phone.heic").write_bytes(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic")
    (here / "notes.txt").write_text("words")
    code, told, folder = run(here)
    assert code == 1
    faces = read_record(folder / "faces.json", 2)
    assert [photo["file"] for photo in faces["photos"]] == ["a.jpg", "b.jpg"]
    assert [one["file"] for one in faces["skipped"]] == ["cut.jpg", "empty.png"]
    assert "Photographs: 4; 1 other file was left alone" in told
    assert "not read: 1 HEIC; convert them to JPEG or PNG" in told
    assert "cut.jpg: not read: " in told and "empty.png: not read: not a readable image" in told
    assert "Not read: 2 photographs" in told
    with open(folder / "faces.csv", newline="") as file:
        states = {row["photograph"]: row["status"] for row in csv.DictReader(file)}
    assert states == {"a.jpg": "face", "b.jpg": "face", "cut.jpg": "not_read"} | {
        "empty.png": "not_read"
    }
    assert "2 new photographs could not be read" in " ".join(
        read_record(folder / "rate.json")["serious"]
    )


def test_a_damaged_member_of_an_archive_is_left_out_and_the_others_done(run, tmp_path, scenes):
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for number, scene in enumerate(scenes):
            archive.writestr(f"{number}.jpg", scene)
        place = archive.infolist()[1].header_offset + 60
    data = bytearray((tmp_path / "a.zip").read_bytes())
    data[place : place + 40] = b"\xff" * 40
    (tmp_path / "a.zip").write_bytes(data)
    code, told, folder = run(tmp_path / "a.zip")
    assert code == 1
    faces = read_record(folder / "faces.json", 2)
    assert [photo["file"] for photo in faces["photos"]] == ["0.jpg", "2.jpg"]
    assert "1.jpg: not read: " in told


def test_photographs_none_of_which_can_be_read_are_bad_input(run, album):
    here = album("a.jpg")
    (here / "a.jpg").write_bytes(b"\xff\xd8\xffno picture")
    code, told, folder = run(here)
    assert code == 2
    assert "error: no photograph could be read; " in told
    assert read_record(folder / "faces.json", 2)["skipped"][0]["file"] == "a.jpg"


def test_pictures_of_any_shape_are_looked_at_upright(run, tmp_path):
    rng = np.random.default_rng(0)
    shapes = {"pixel": (1, 1), "line": (1, 3000), "large": (2000, 3000)}
    here = tmp_path / "shapes"
    here.mkdir()
    for name, shape in shapes.items():
        image = rng.integers(0, 255, (*shape, 3)).astype(np.uint8)
        (here / f"{name}.png").write_bytes(encode_png(image))
    turned = Image.fromarray(rng.integers(0, 255, (40, 90, 3)).astype(np.uint8))
    exif = turned.getexif()
    exif[0x0112] = 6
    turned.save(here / "turned.jpg", exif=exif)
    code, _, folder = run(here)
    assert code == 0
    sizes = {
        photo["name"]: (photo["height"], photo["width"])
        for photo in read_record(folder / "faces.json", 2)["photos"]
    }
    assert sizes == {**shapes, "turned": (90, 40)}
    with Image.open(folder / "pictures" / "turned.jpg") as picture:
        assert picture.height > picture.width


def test_several_processes_find_the_same(tmp_path, album, tested, run):
    here = album(*(f"{number}.jpg" for number in range(5)), "bad.jpg")
    (here / "bad.jpg").write_bytes(b"\xff\xd8\xffno picture")
    (_, told, folder) = run(here, "--jobs", "2")
    folder.rename(tmp_path / "two")
    code, alone, folder = run(here)
    assert code == 1
    assert told == alone
    first, second = (read_record(place / "faces.json", 2) for place in (tmp_path / "two", folder))
    assert first["skipped"] == second["skipped"]
    for one, other in zip(first["photos"], second["photos"], strict=True):
        assert [face["class"] for face in one["faces"]] == [f["class"] for f in other["faces"]]
        boxes = [[face["box"] for face in photo["faces"]] for photo in (one, other)]
        np.testing.assert_allclose(*boxes, atol=0.05)


def test_a_model_without_a_test_gives_what_was_counted(run, album, untested):
    code, told, folder = run(album("a.jpg"), model=untested)
    assert code == 0
    rate = read_record(folder / "rate.json")
    assert rate["uncorrected"] and rate["properly_masked"]["interval"] is None
    assert "is only what was counted, and has no interval, because the model file" in told


def test_at_another_threshold_other_faces_count_and_no_interval_is_given(run, album):
    code, _, folder = run(album("a.jpg"), "--threshold", "0.9")
    assert code == 0
    rate = read_record(folder / "rate.json")
    assert rate["people"]["found"] == 0 and rate["threshold"] == 0.9
    assert "not 0.9. Leave --threshold out" in rate["uncorrected"]
    assert read_record(folder / "faces.json", 2)["threshold"] == 0.9


def test_json_is_all_that_is_printed_where_it_is_asked_for(run, album):
    code, told, folder = run(album("a.jpg"), "--json", "--no-pictures")
    assert code == 0
    assert json.loads(told) == read_record(folder / "rate.json")
    assert not (folder / "pictures").exists()


def test_a_photograph_that_the_model_learnt_from_is_told(run, album, tested, tmp_path, scenes):
    known = fingerprint(decode(scenes[0], "a.jpg"))
    content, _ = load_tensors(tested)
    learnt = LearntPhotographs.of([known]).as_bytes()
    told = torch.frombuffer(bytearray(learnt), dtype=torch.uint8)
    save_tensors(tmp_path / "knows.pth", {**content, "fingerprints": told})
    code, said, folder = run(album("a.jpg", "b.jpg"), model=tmp_path / "knows.pth")
    assert code == 0
    photos = read_record(folder / "faces.json", 2)["photos"]
    assert [photo["resembles"] for photo in photos] == ["one that the model learnt from", None]
    assert "1 of 2 new photographs is a near-duplicate of photographs that the detector" in said
    save_tensors(tmp_path / "bad.pth", {**content, "fingerprints": told[:99].clone()})
    folder.rename(tmp_path / "first")
    code, said, _ = run(album("a.jpg"), model=tmp_path / "bad.pth")
    assert code == 2 and "bad.pth: holds no fingerprints of photographs" in said
    assert not folder.exists()


def test_quiet_tells_the_answer_alone(run, album):
    _, told, _ = run(album("a.jpg"), "--quiet")
    assert told.startswith("Counted: ") and "a.jpg" not in told


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "error: no photographs are named; name some"),
        (("none.jpg",), "error: none.jpg: no such file or folder"),
        (("empty",), "empty: no photographs"),
        (("*.mp4",), "clip.mp4: cannot be read as a video"),
        (("album", "rtsp://cam/1"), "rtsp://cam/...: is an address; look at photographs"),
        (("album", "--model", "none.pth"), "none.pth: no such file"),
        (("album", "--model", "text.pth"), "text.pth: is a text file"),
        (("album", "--model", "cut.pth"), "cut.pth: is "),
        (("album", "--model", "other.pth"), "other.pth: field 'kind' is 'two_stages'"),
        (("album", "--model", "untested_evaluation.pth"), "field 'evaluation' is not what"),
        (("album", "--model", "album"), "album: is a folder; name the file in it"),
        (("album", "--jobs", "100000"), "--jobs 100000: this machine has "),
        (("album", "--device", "cuda:99"), "device 'cuda:99': cannot be used"),
        (("album", "--output", "full"), "--output full: there are files in it"),
        (("album", "--output", "clip.mp4"), "--output clip.mp4: is a file"),
        (("album", "--output", "album/out"), "--output album/out: lies in album"),
    ],
)
def test_bad_input_is_named_and_writes_nothing(
    tmp_path, monkeypatch, capsys, album, tested, words, said
):
    monkeypatch.chdir(tmp_path)
    album("a.jpg")
    for name in ("empty", "full"):
        (tmp_path / name).mkdir()
    (tmp_path / "full" / "mine.txt").write_text("mine")
    (tmp_path / "clip.mp4").write_bytes(b"\0\0\0\x18ftypisom")
    (tmp_path / "text.pth").write_text("words")
    (tmp_path / "cut.pth").write_bytes(tested.read_bytes()[:5000])
    content, _ = load_tensors(tested)
    save_tensors(tmp_path / "other.pth", {**content, "kind": "two_stages"})
    save_tensors(tmp_path / "untested_evaluation.pth", {**content, "evaluation": {"schema": 1}})
    given = [*words]
    if "--output" not in words:
        given += ["--output", "new"]
    if "--model" not in words:
        given += ["--model", str(tested)]
    before = set(tmp_path.rglob("*"))
    assert detect.main(given) == 2
    assert said in capsys.readouterr().err
    assert set(tmp_path.rglob("*")) == before


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--threshold", "2"], "--threshold: takes a number in 0..1, not '2'"),
        (["--threshold", "x"], "--threshold: takes a number in 0..1, not 'x'"),
        (["--threshold", "nan"], "--threshold: takes a number in 0..1, not 'nan'"),
        (["--jobs", "0"], "--jobs: takes a whole number from 1, not '0'"),
        (["--jobs", "1.5"], "--jobs: takes a whole number from 1, not '1.5'"),
        (["--pace", "fast"], "--pace: takes a number above 0, not 'fast'"),
        (["--modle", "a.pth"], "--modle: no such option; did you mean --model?"),
        (["--job", "2"], "--job: no such option; did you mean --jobs?"),
    ],
)
def test_an_option_that_makes_no_sense_is_refused_in_a_line(words, said, capsys):
    assert detect.main(["a.jpg", *words]) == 2
    told = capsys.readouterr().err
    assert said in told and len(told.splitlines()) == 1


def test_each_run_gets_a_folder_of_its_own(tmp_path, monkeypatch, album, tested, capsys):
    monkeypatch.setattr("utils.apply.folder.RUNS", tmp_path / "runs")
    here = album("a.jpg")
    for _ in range(2):
        assert detect.main([str(here), "--model", str(tested), "--no-pictures"]) == 0
    folders = list((tmp_path / "runs").iterdir())
    assert len(folders) == 2
    assert all(folder.name.startswith("detect-") for folder in folders)
    assert all((folder / "rate.json").exists() for folder in folders)


MANY = 1500
"""Photographs: nobody who stops it after the first few is so slow that it is done."""


def is_group(number: int) -> bool:
    """Return whether there is a process of that group."""
    try:
        os.killpg(number, 0)
    except ProcessLookupError:
        return False
    return True


def started(*words: object) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, "detect.py", *map(str, words), "--device", "cpu"],
        cwd=PROJECT,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


@pytest.mark.parametrize(
    ("number", "jobs", "code"), [(signal.SIGINT, 2, 130), (signal.SIGTERM, 1, 143)]
)
def test_what_was_found_before_an_interruption_is_kept(tmp_path, album, tested, number, jobs, code):
    here, folder = album(*(f"{number:04}.jpg" for number in range(MANY))), tmp_path / "out"
    run = started(here, "--model", tested, "--output", folder, "--jobs", jobs)
    for line in run.stdout:
        if line.startswith("0003.jpg"):
            break
    os.killpg(run.pid, number)  # as a terminal does
    told, said = run.communicate(timeout=PATIENCE)
    assert run.returncode == code, said
    assert "Traceback" not in said
    faces, rate = read_record(folder / "faces.json", 2), read_record(folder / "rate.json")
    done = len(faces["photos"])
    assert 4 <= done < MANY and rate["left"] == MANY - done
    assert "This was interrupted" in rate["serious"][0] or "This was interrupted" in told
    pictures = sorted((folder / "pictures").iterdir())
    assert {f"pictures/{path.name}" for path in pictures} >= {p["picture"] for p in faces["photos"]}
    for path in pictures:
        Image.open(path).load()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_while_a_photograph_is_kept_ends_it_after_it_is(run, album, monkeypatch, number):
    keep, kept = FingerprintWriter.add, []

    def interrupted(*given):
        kept.append(given)
        signal.raise_signal(number)
        keep(*given)

    monkeypatch.setattr(FingerprintWriter, "add", interrupted)
    code, told, folder = run(album("a.jpg", "b.jpg", "c.jpg"))
    assert code == 128 + number
    assert "Interrupted: what was found so far is written." in told
    assert [photo["file"] for photo in read_record(folder / "faces.json", 2)["photos"]] == ["a.jpg"]
    assert read_record(folder / "rate.json")["left"] == 2 and len(kept) == 1


def test_a_kill_leaves_whole_pictures_and_no_process(tmp_path, album, tested):
    here, folder = album(*(f"{number:04}.jpg" for number in range(MANY))), tmp_path / "out"
    run = started(here, "--model", tested, "--output", folder, "--jobs", 2)
    for line in run.stdout:
        if line.startswith("0003.jpg"):
            break
    run.kill()
    run.wait()
    try:
        until(lambda: not is_group(run.pid))
    finally:
        with suppress(ProcessLookupError):
            os.killpg(run.pid, signal.SIGKILL)
    assert {path.name for path in folder.iterdir()} == {"pictures"}
    for path in folder.glob("pictures/*.jpg"):
        Image.open(path).load()


def test_it_imports_no_more_than_it_needs():
    script = (
        "import sys, detect\n"
        "light = set(sys.modules)\n"
        "import utils.apply.sources, utils.apply.folder, utils.apply.console\n"
        "quick = set(sys.modules)\n"
        "import utils.apply.results, utils.apply.looking\n"
        "print(*[name for name in ('torch', 'numpy', 'cv2') if name in quick], sep=',')\n"
        "heavy = ('matplotlib', 'optuna', 'sklearn', 'jinja2', 'Pegasus')\n"
        "heavy += ('scipy.optimize', 'scipy.stats')\n"
        "print(*[name for name in heavy if name in sys.modules], sep=',')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=PROJECT, capture_output=True, text=True, check=True
    )
    assert done.stdout == "\n\n", done.stdout


@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&- <&-"])
def test_streams_that_are_closed_are_not_written_to(tmp_path, tested, closed):
    (tmp_path / "damaged.jpg").write_bytes(b"\xff\xd8\xff")
    words = ["damaged.jpg", "--model", str(tested), "--output", "found"]
    line = f"{shlex.join([sys.executable, str(PROJECT / 'detect.py'), *words])} {closed}"
    command = ["/bin/sh", "-c", line]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 2, done.stderr
    assert (tmp_path / "found" / "rate.json").exists()


def test_threads_do_not_spin_while_they_wait(album):
    """PyTorch reads it where it is imported; a busy machine is several times slower without."""
    script = (
        "import os, sys, detect\n"
        "class Watch:\n"
        "    def find_spec(self, name, *_):\n"
        "        if name == 'torch':\n"
        "            sys.exit(os.environ.get('OMP_WAIT_POLICY'))\n"
        "sys.meta_path.insert(0, Watch())\n"
        f"detect.main([{str(album('a.jpg'))!r}])\n"
    )
    command = [sys.executable, "-c", script]
    for given, seen in ((None, "PASSIVE"), ("ACTIVE", "ACTIVE")):
        environment = {k: v for k, v in os.environ.items() if k != "OMP_WAIT_POLICY"}
        environment |= {"OMP_WAIT_POLICY": given} if given else {}
        done = subprocess.run(
            command, cwd=PROJECT, env=environment, capture_output=True, text=True, check=False
        )
        assert done.stderr.strip() == seen


def rounded(value: Any) -> Any:
    """Return a value with its numbers to nine digits: sums come out unlike in their last bits."""
    if isinstance(value, dict):
        return {key: rounded(one) for key, one in value.items()}
    if isinstance(value, list):
        return [rounded(one) for one in value]
    return float(f"{value:.9g}") if isinstance(value, float) else value


@pytest.mark.xdist_group("runs")
def test_it_gives_the_very_answer_of_the_run_whose_detector_it_takes(whole_run, tmp_path):
    """Every number of the estimate, its interval and the test of shift, on the same photographs."""
    output, folder = whole_run / "output", tmp_path / "out"
    done = subprocess.run(
        [
            *(sys.executable, "detect.py", *runs.NEW, "--device", "cpu", "--output", str(folder)),
            *("--model", str(output / "face_mask_detector.pth")),
        ],
        cwd=PROJECT,
        env=os.environ | {"OMP_NUM_THREADS": "2"},  # as the job that predicts
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    expected, rate = read_record(output / "prevalence.json"), read_record(folder / "rate.json")
    # the report also knows the photographs learnt from, and looked at a video
    own = {"caveats", "serious", "model", "videos"}
    for key in expected.keys() - own:
        assert rounded(rate[key]) == rounded(expected[key]), key
    shards = [read_record(output / f"predictions_{shard}.json", 2) for shard in (0, 1)]
    predicted = {photo["name"]: photo["faces"] for shard in shards for photo in shard["photos"]}
    faces = read_record(folder / "faces.json", 2)
    assert {photo["name"]: photo["faces"] for photo in faces["photos"]} == predicted
    assert (folder / "faces.csv").read_bytes() == (output / "predictions.csv").read_bytes()
