"""A job's videos: what it makes does not depend on what ends it, nor on how often."""

import csv
import json
from dataclasses import replace

import numpy as np
import pytest

from data.painter.films import write_film
from data.painter.witness import Mistakes, Witness
from utils.dataset.shards import read_shard
from utils.errors import Checkpointed
from utils.records import write_record
from utils.video.seen import Seen
from utils.video.shard import COLUMNS, Looking, Outputs, watch_shard

OUTPUTS = Outputs("predictions.json", "faces.csv", "images.tar")
CLOCK = "2026-03-01T23:59:58"
LOOKING = Looking(rate=10.0, least_seconds=0.4, clock=CLOCK, annotated=True)
ANNOTATED = ("a.webm", "b.webm", "c.webm")


class Killed(Exception):
    """Stands for what leaves a process no time."""


class Mortal(Witness):
    """Kills the process at a frame, counted from its start; None: never."""

    dies: int | None = None

    def predict(self, images):
        if self.dies is not None:
            self.dies -= 1
            if self.dies < 0:
                raise Killed
        return super().predict(images)


@pytest.fixture(scope="module")
def mistakes() -> Mistakes:
    return Mistakes(found=0.8, jitter=0.05, invented=0.3)


@pytest.fixture(scope="module")
def videos(tmp_path_factory, scene, times):
    """Two films, and a file that is none between them."""
    folder = tmp_path_factory.mktemp("videos")
    paths = [folder / f"video_000{number}_{name}" for number, name in enumerate("abc")]
    paths = [path.with_suffix(".mp4") for path in paths]
    write_film(paths[0], scene, times, stamped=True)
    paths[1].write_bytes(b"this is no video at all" * 100)
    write_film(paths[2], scene, times[:25], stamped=True)
    names = ["day1/clip.mp4", "broken.mp4", "=clip.mp4"]
    listed = [{"file": path.name, "name": name} for path, name in zip(paths, names, strict=True)]
    write_record(folder / "videos_0.json", {"videos": listed})
    return paths


def watch(folder, videos, model, looking=LOOKING, **asked):
    folder.mkdir(exist_ok=True)
    paths = [folder / name for name in (OUTPUTS.predictions, OUTPUTS.faces, OUTPUTS.images)]
    shown = [folder / name for name in ANNOTATED[: len(videos)] if looking.annotated]
    listed = videos[0].with_name("videos_0.json")
    outputs = Outputs(*paths, shown)
    watch_shard(model, videos, listed, looking, outputs, folder / "job.ckpt", **asked)
    return {path.name: path.read_bytes() for path in (*paths, *shown)}


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory, videos, scene, times, mistakes):
    return watch(
        tmp_path_factory.mktemp("whole") / "out", videos, Mortal(scene, times, mistakes, seed=3)
    )


def test_everybody_is_seen_once_and_what_cannot_be_read_is_told(undisturbed, scene, times):
    record = json.loads(undisturbed["predictions.json"])
    assert [one["name"] for one in record["videos"]] == ["day1/clip.mp4", "=clip.mp4"]
    (failed,) = record["failed"]
    assert failed["file"] == "broken.mp4"
    assert failed["reason"].startswith("broken.mp4: cannot be read as a video")
    first = Seen.from_record(record["videos"][0], "here")
    there = {face.person for time in times for face in scene.at(time)}
    assert first.frames == 40
    assert abs(len(first.people) - len(there)) <= 2
    rows = list(csv.reader(undisturbed["faces.csv"].decode().splitlines()))
    assert tuple(rows[0]) == COLUMNS
    assert {row[0] for row in rows[1:]} == {"day1/clip.mp4", "'=clip.mp4"}
    clocks = [row[2] for row in rows[1:] if row[0] == "day1/clip.mp4"]
    assert clocks[0].startswith("2026-03-01T23:59:58") and clocks[-1].startswith("2026-03-02T00:00")


def test_annotated_videos_show_every_frame_that_was_looked_at(undisturbed, tmp_path, times):
    import av

    record = json.loads(undisturbed["predictions.json"])
    assert [one["annotated"] for one in record["videos"]] == ["a.webm", "c.webm"]
    assert undisturbed["b.webm"] == b""
    (tmp_path / "a.webm").write_bytes(undisturbed["a.webm"])
    with av.open(tmp_path / "a.webm") as container:
        frames = list(container.decode(video=0))
    assert [one.time for one in frames] == pytest.approx(times, abs=2e-3)
    strip = frames[20].to_ndarray(format="rgb24")[:6].astype(int)
    assert strip.mean() < 90


def test_pictures_are_of_those_who_count(undisturbed, tmp_path):
    (tmp_path / "images.tar").write_bytes(undisturbed["images.tar"])
    record = json.loads(undisturbed["predictions.json"])
    names = [photo.name for photo in read_shard(tmp_path / "images.tar")]
    assert names == [
        f"{one['file'].removesuffix('.mp4')}/{number:06d}"
        for one in record["videos"]
        for number in range(1, len(one["people"]) + 1)
    ]


@pytest.mark.parametrize("seed", range(2))
def test_killed_at_random_it_makes_what_it_would_have_made(
    seed, tmp_path, videos, undisturbed, scene, times, mistakes
):
    rng, model, deaths = np.random.default_rng(seed), Mortal(scene, times, mistakes, seed=3), 0
    while True:
        model.dies = rng.integers(5, 30)
        try:
            made = watch(tmp_path / "out", videos, model, segment=0.0)
            break
        except Killed:
            deaths += 1
    assert deaths >= 2
    assert made == undisturbed


def test_asked_to_stop_it_saves_and_goes_on(tmp_path, videos, undisturbed, scene, times, mistakes):
    rng, model, stops = np.random.default_rng(7), Mortal(scene, times, mistakes, seed=3), 0
    while True:
        left = iter(range(rng.integers(1, 25)))
        try:
            stop = lambda left=left: next(left, None) is None  # noqa: E731
            made = watch(tmp_path / "out", videos, model, stop=stop)
            break
        except Checkpointed as told:
            stops += 1
            assert "so far" in str(told) or "the end of" in str(told)
    assert stops >= 3
    assert made == undisturbed


def test_a_segment_is_all_that_a_kill_costs(tmp_path, videos, scene, times, mistakes):
    model = Mortal(scene, times, mistakes, seed=3)
    model.dies = 20
    with pytest.raises(Killed):
        watch(tmp_path / "out", videos[:1], model, segment=0.0)
    model.dies = 40 - 20
    watch(tmp_path / "out", videos[:1], model, segment=0.0)  # or it would be killed once more


def test_it_hands_over_after_so_many_minutes(tmp_path, videos, scene, times):
    with pytest.raises(Checkpointed, match="handing over"):
        watch(tmp_path / "out", videos, Witness(scene, times), minutes=0.0, segment=0.0)


def test_a_checkpoint_of_other_videos_or_ways_to_look_is_left_unused(
    tmp_path, videos, undisturbed, scene, times, mistakes, caplog
):
    model = Mortal(scene, times, mistakes, seed=3)
    watch(tmp_path / "out", videos, model, Looking(every=4), segment=0.0)
    assert watch(tmp_path / "out", videos, model) == undisturbed
    assert "of a job with other" in caplog.text


def inner(image: np.ndarray) -> np.ndarray:
    height, width = image.shape[:2]
    return image[height // 3 : -height // 3, width // 3 : -width // 3].astype(float)


def test_faces_are_hidden_on_pictures(tmp_path, videos, undisturbed, scene, times, mistakes):
    model = Mortal(scene, times, mistakes, seed=3)
    made = watch(tmp_path / "out", videos, model, replace(LOOKING, blur=True))
    (tmp_path / "plain.tar").write_bytes(undisturbed["images.tar"])
    pairs = zip(
        read_shard(tmp_path / "out" / "images.tar"), read_shard(tmp_path / "plain.tar"), strict=True
    )
    hidden, plain = np.array([[inner(one.decode()).std() for one in pair] for pair in pairs]).T
    assert (hidden < plain).mean() > 0.9
    assert made["faces.csv"] == undisturbed["faces.csv"]
    assert made["a.webm"] != undisturbed["a.webm"]


def test_where_what_was_encoded_is_lost_all_is_watched_anew(
    tmp_path, videos, undisturbed, scene, times, mistakes, caplog
):
    model = Mortal(scene, times, mistakes, seed=3)
    model.dies = 39
    with pytest.raises(Killed):
        watch(tmp_path / "out", videos, model, segment=0.0)
    model.dies = None
    (tmp_path / "out" / "job.packets").write_bytes(b"")
    assert watch(tmp_path / "out", videos, model) == undisturbed
    assert "starting afresh" in caplog.text
