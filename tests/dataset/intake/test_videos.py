"""New videos: found in whatever is named, each once, called so that they can be told apart."""

import zipfile
from pathlib import Path

import pytest

from utils.dataset.intake.photographs import NewPhotographs
from utils.dataset.intake.words import told_of_new
from utils.errors import InputError

PNG = bytes.fromhex("89504e470d0a1a0a") + bytes(100)


@pytest.fixture
def place(tmp_path):
    """Return what makes files, empty videos and photographs that are none, in a folder."""

    def make(*names: str) -> Path:
        for name in names:
            path = tmp_path / "new" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(PNG if path.suffix == ".png" else b"video of " + name.encode())
        return tmp_path / "new"

    return make


def names(*paths: Path) -> list[str]:
    with NewPhotographs(paths, videos=True) as new:
        return [video.name for video in new.videos]


def test_videos_are_found_alone_in_folders_and_in_archives(place, tmp_path):
    folder = place("a.mp4", "deep/er/b.MOV", "c.png", "notes.txt", ".hidden.mp4")
    with zipfile.ZipFile(tmp_path / "more.zip", "w") as packed:
        packed.writestr("clips/d.webm", b"of an archive")
    alone = tmp_path / "alone.mkv"
    alone.write_bytes(b"alone")
    with NewPhotographs([folder, tmp_path / "more.zip", alone], videos=True) as new:
        found = {video.name: video for video in new.videos}
        assert set(found) == {"a.mp4", "b.MOV", "d.webm", "alone.mkv"}
        assert [name for name, video in found.items() if video.alone] == ["alone.mkv"]
        assert new.facts["photos"] == 1
        assert new.facts["left_alone"] == {".txt": 1}
        (tmp_path / "scratch").mkdir()
        out = found["d.webm"].file(tmp_path / "scratch")
        assert out.read_bytes() == b"of an archive"
        assert out.suffix == ".webm"
        assert found["a.mp4"].file(tmp_path / "scratch") == folder / "a.mp4"


def test_equal_names_in_two_folders_are_two_and_a_video_named_twice_is_one(place):
    folder = place("day1/clip.mp4", "day2/clip.mp4")
    assert names(folder) == ["day1/clip.mp4", "day2/clip.mp4"]
    (folder / "link.mp4").symlink_to(folder / "day1" / "clip.mp4")
    assert len(names(folder, folder / "day1" / "clip.mp4")) == 2


def test_the_moving_part_of_a_live_photograph_is_left_alone_and_told(place):
    folder = place("IMG_1.png", "IMG_1.MOV", "IMG_2.MOV", "IMG_1.mp4")
    with NewPhotographs([folder], videos=True) as new:
        assert [video.name for video in new.videos] == ["IMG_1.mp4", "IMG_2.MOV"]
        assert "Moving parts of live photographs: 1 video, left alone" in told_of_new(new.facts)


def test_where_no_videos_are_wanted_they_are_told_as_what_is_not_read(place):
    folder = place("a.mp4", "c.png")
    with NewPhotographs([folder]) as new:
        assert new.videos == []
        assert new.facts["not_read"] == {"video": 1}
    with pytest.raises(InputError, match="is video, which is not read"):
        NewPhotographs([folder / "a.mp4"])


def test_more_shards_than_photographs_and_videos_are_refused(place):
    folder = place("a.mp4", "b.mp4", "c.png")
    with NewPhotographs([folder], 2, videos=True) as new:
        assert len(new.videos) == 2
    with pytest.raises(InputError, match=r"1 photographs and 2 videos .* at most 2"):
        NewPhotographs([folder], 3, videos=True)
