"""`workflow.py --predict` with videos, as far as a run folder."""

import json
import shutil
import sys
from pathlib import Path

import pytest
import yaml

import workflow
from data.painter.films import frame_times, write_film
from data.painter.moving import compose_scene
from tests.determinism import runs


@pytest.fixture(scope="module")
def data(tmp_path_factory) -> Path:
    return runs.dataset(tmp_path_factory.mktemp("data") / "faces")


@pytest.fixture(scope="module")
def clips(tmp_path_factory) -> Path:
    """A folder of three videos, of which two are called the same, and a broken one."""
    folder = tmp_path_factory.mktemp("clips")
    scene = compose_scene(5, 3, 3, (96, 56), pillars=0)
    for name, seconds in (("day1/clip.mp4", 3), ("day2/clip.mp4", 1), ("day2/b.mkv", 1.5)):
        (folder / name).parent.mkdir(exist_ok=True)
        write_film(folder / name, scene, frame_times(seconds, 10))
    (folder / "day2" / "broken.avi").write_bytes(b"nothing to see " * 99)
    return folder


@pytest.fixture
def planned(data, tmp_path, capsys):
    """Plan a run; return its folder, or what was said where it was refused, and what was told."""

    def plan(*words, code: int = 0):
        folder = tmp_path / "run"
        given = ["--dry-run", "--engine", "local", "--run-dir", str(folder), "--trials", "0"]
        given = [*given, "--weights", "none", "--data", str(data), *map(str, words)]
        assert workflow.main(given) == code
        told = capsys.readouterr()
        return (folder, told.out) if code == 0 else told.err

    return plan


def test_videos_and_photographs_are_dealt_to_jobs_of_their_own(planned, clips):
    folder, told = planned("--predict", clips, *runs.NEW[:3], "--predict-shards", "2")
    assert "Photographs: 18 annotated, 3 new" in told
    assert "Videos: 3 new, 0:00:0" in told
    assert "broken.avi: cannot be read as a video" in told
    jobs = {job["id"]: job for job in yaml.safe_load((folder / "workflow.yml").read_text())["jobs"]}
    assert {name for name in jobs if name.startswith("predict")} == {
        *("predict_0", "predict_1", "predict_videos_0", "predict_videos_1")
    }
    lists = [json.loads((folder / f"videos_{p}.json").read_text())["videos"] for p in (0, 1)]
    assert [[one["name"] for one in some] for some in lists] == [
        ["day1/clip.mp4"],
        ["b.mkv", "day2/clip.mp4"],
    ]
    for part, some in enumerate(lists):
        uses = {use["lfn"] for use in jobs[f"predict_videos_{part}"]["uses"]}
        for one in some:
            assert one["file"] in uses
            assert (folder / one["file"]).read_bytes() == next(
                path.read_bytes() for path in clips.rglob("*") if str(path).endswith(one["name"])
            )
    record = json.loads((folder / "configuration.json").read_text())
    assert [one["name"] for one in record["new_videos"]["videos"]] == [
        *("day1/clip.mp4", "b.mkv", "day2/clip.mp4")
    ]
    (left,) = record["new_videos"]["not_read"]
    assert left["file"] == "broken.avi"
    assert {one["file"] for some in lists for one in some} <= record["digests"].keys()


def test_the_catalogues_hold_the_same_files_for_every_engine(planned, clips):
    folder, _ = planned("--predict", clips / "day1" / "clip.mp4")
    entries = yaml.safe_load((folder / "replicas.yml").read_text())["replicas"]
    replicas = {entry["lfn"]: Path(entry["pfns"][0]["pfn"]) for entry in entries}
    assert replicas["video_00000_clip.mp4"].stat().st_size > 1000
    assert replicas["videos_0.json"].exists()
    assert replicas["predict_videos_0.ckpt"].stat().st_size == 0
    kinds = yaml.safe_load((folder / "transformations.yml").read_text())["transformations"]
    assert "predict_videos" in {entry["name"] for entry in kinds}
    assert not (folder / "predict_0.tar").exists()


def test_what_cannot_be_watched_is_an_error_that_names_it_and_leaves_no_folder(
    planned, clips, tmp_path, monkeypatch
):
    broken = clips / "day2" / "broken.avi"
    assert "broken.avi: cannot be read as a video" in planned("--predict", broken, code=2)
    only = tmp_path / "only"
    only.mkdir()
    shutil.copy(broken, only)
    assert "broken.avi: cannot be read as a video" in planned("--predict", only, code=2)
    clip = clips / "day1" / "clip.mp4"
    whole = ("--predict", clip, "--task", "classify")
    assert "--faces NAME finds faces on its frames" in planned(*whole, code=2)
    assert "is of new photographs" in planned("--predict", clip, "--groups", "folders", code=2)
    monkeypatch.setitem(sys.modules, "av", None)
    assert "make video" in planned("--predict", clip, code=2)
    assert not (tmp_path / "run").exists()


def test_without_pyav_photographs_are_looked_at_and_videos_beside_them_told(
    planned, clips, tmp_path, monkeypatch
):
    monkeypatch.setitem(sys.modules, "av", None)
    mixed = tmp_path / "mixed"
    shutil.copytree(clips, mixed)
    shutil.copy(runs.NEW[0], mixed)
    folder, told = planned("--predict", mixed)
    assert "New videos not read: 4 videos" in told
    assert "make video" in told
    assert (folder / "predict_0.tar").exists()


def test_what_is_asked_of_videos_is_refused_where_there_are_none(planned, clips, tmp_path):
    photographs = ("--predict", *runs.NEW[:3])
    for words in (["--clock", "2026-03-01T09:00"], ["--annotated-videos"]):
        told = planned(*photographs, *words, code=2)
        assert f"{words[0]}: is of new videos, and there are none" in told
    assert not (tmp_path / "run").exists()
    clip = clips / "day1" / "clip.mp4"
    folder, _ = planned("--predict", clip, "--annotated-videos", "--compare", "0-1", "1-2")
    entries = yaml.safe_load((folder / "replicas.yml").read_text())["replicas"]
    assert "predict_videos_0.packets" in {entry["lfn"] for entry in entries}
