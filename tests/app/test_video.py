"""The page of videos: a clip in memory gives what a file of the disk gives, and no file is made."""

import io
import sys
import zipfile
from pathlib import Path

import pytest

from app import video
from app.video import CLIP, Clip
from data.painter.films import frame_times, write_film
from data.painter.moving import compose_scene
from data.painter.witness import Witness
from utils.apply.faces import model_record
from utils.apply.looking import Settings as Looking
from utils.video.clock import Clock
from utils.video.correction import Correction
from utils.video.files import VideoFile
from utils.video.folders import MemoryFolder
from utils.video.frames import Part
from utils.video.results import VideoResults, Wanted
from utils.video.watch import watch

SECONDS = 2


@pytest.fixture(scope="module")
def scene():
    return compose_scene(5, 4, SECONDS, (320, 180), widths=(0.1, 0.16), pillars=0)


@pytest.fixture(scope="module")
def film(scene, tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("film") / "clip.mp4"
    write_film(path, scene, frame_times(SECONDS, 10), stamped=True)
    return path


def drop(page, film, name="clip.mp4"):
    data = film if isinstance(film, bytes) else film.read_bytes()
    page.file_uploader[0].set_value((name, data, "video/mp4")).run()
    return page


@pytest.fixture(scope="module")
def written():
    """Files that are opened for writing, while it is asked for."""
    paths, watching = [], [False]

    def hook(event, args):
        if (
            watching[0]
            and event == "open"
            and isinstance(args[1], str)
            and set(args[1]) & set("wax+")
        ):
            paths.append(str(args[0]))

    sys.addaudithook(hook)
    return paths, watching


def test_the_answer_is_that_of_the_same_film_on_the_disk_and_nothing_is_written(
    visit, film, tmp_path, written, monkeypatch
):
    monkeypatch.setattr(sys, "dont_write_bytecode", True)  # of a module that no test had needed yet
    model = Looking().load()
    source = VideoFile(film, Part(rate=10, end=1800))
    correction = Correction.of(model.file.evaluation)
    about = {**model_record(model), "threshold": float(model.threshold)}
    results = VideoResults(tmp_path / "out", source, about, correction, None, Wanted(), Clock())
    for moment in watch(source, model):
        results.add(moment)
    expected = results.finish()

    page = drop(visit("video"), film)
    paths, watching = written
    watching[0] = True
    page.button[0].click().run()
    watching[0] = False
    assert not page.exception
    assert [path for path in paths if "/fontlist" not in path and path != "/dev/null"] == []
    clip = page.session_state[CLIP]
    (name, seen) = (clip.record["source"].pop("name"), expected["source"].pop("name"))
    assert (name, seen, clip.trouble) == ("clip.mp4", str(film), None)
    assert clip.record == expected
    told = "\n".join(one.value for one in (*page.markdown, *page.caption)).replace("\\", "")
    assert expected["answer"] in told and "each once, on 20 frames" in told
    for name in ("faces.csv", "people.csv", "timeline.csv"):
        assert clip.folder.read(name) == (tmp_path / "out" / name).read_bytes()
    with zipfile.ZipFile(io.BytesIO(video._zipped(clip.folder))) as packed:
        assert set(packed.namelist()) == set(clip.folder.files)
    page.file_uploader[0].set_value([]).run()
    assert CLIP not in page.session_state


def test_a_clip_that_is_none_says_so(visit):
    page = drop(visit("video"), b"no film at all" * 100)
    page.button[0].click().run()
    assert not page.exception and "clip.mp4: cannot be read as a video" in page.error[
        0
    ].value.replace("\\", "")
    assert CLIP not in page.session_state


def test_too_much_is_refused_with_the_bound(visit, film):
    page = drop(visit("video", megabytes=0), film)
    page.button[0].click().run()
    assert "at most 0" in page.error[0].value


def clip_of(film, scene, most=10**8) -> Clip:
    source = VideoFile(Path("clip.mp4"), Part(), io.BytesIO(film.read_bytes()))
    witness, folder = Witness(scene, frame_times(SECONDS, 10)), MemoryFolder(most)
    about = {"arch": "witness", "digest": "0" * 64, "threshold": 0.5}
    results = VideoResults(folder, source, about, None, "it is a witness", Wanted(), Clock())
    return Clip((), source, folder, results, watch(source, witness))


def test_what_was_seen_until_it_is_stopped_is_the_answer(film, scene):
    clip = clip_of(film, scene)
    for _ in range(12):
        assert clip.step() is not None
    clip.stop()
    assert clip.step() is None and clip.trouble == "it was stopped"
    assert clip.record["frames"] == 12 and clip.record["people"] > 0
    before = clip.record
    clip.stop()
    assert clip.record is before


def test_more_than_is_kept_in_memory_ends_it_and_says_so(film, scene):
    clip = clip_of(film, scene, most=3_000)
    while clip.step() is not None:
        pass
    told = [*clip.record["serious"], clip.trouble or ""]
    assert any("kept in memory" in text for text in told)
    assert clip.folder.read("report.html")
