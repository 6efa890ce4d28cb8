"""New photographs, from wherever, are dealt to shards; those of kinds that are not read counted."""

from pathlib import Path

import pytest

from tests.formats.shots import picture, write
from tests.packing import pack_photos
from utils.dataset.intake.archives import Source
from utils.dataset.intake.photographs import NewPhotographs
from utils.dataset.shards import read_shard
from utils.errors import InputError

HEIC = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic"


def names(path):
    return [photo.name for photo in read_shard(path)]


def test_photos_are_dealt_by_sorted_stem(folder, tmp_path):
    outputs = [tmp_path / "0.tar", tmp_path / "1.tar"]
    facts = pack_photos([folder], outputs)
    assert (facts["photos"], facts["left_alone"]) == (5, {".xml": 5})
    assert [names(path) for path in outputs] == [["p0", "p2", "p4"], ["p1", "p3"]]
    assert all(photo.annotation is None for path in outputs for photo in read_shard(path))


def test_photos_come_from_files_folders_and_archives_at_once(folder, archive_of, tmp_path):
    single = tmp_path / "a.jpg"
    single.write_bytes(picture())
    write(tmp_path / "more" / "z.webp", b"RIFF\0\0\0\0WEBP")
    archive = archive_of(folder, tmp_path / "a.zip")
    pack_photos([archive, single, tmp_path / "more"], [tmp_path / "p.tar"])
    assert names(tmp_path / "p.tar") == ["a", "p0", "p1", "p2", "p3", "p4", "z"]


def test_equal_names_are_told_apart_by_folder(tmp_path):
    for day in ("day1", "day2"):
        write(tmp_path / day / "cam" / "IMG_1.jpg", picture())
    write(tmp_path / "day1" / "other.jpg", picture())
    facts = pack_photos([tmp_path / "day1", tmp_path / "day2"], [tmp_path / "p.tar"])
    assert names(tmp_path / "p.tar") == ["day1/cam/IMG_1", "day2/cam/IMG_1", "other"]
    assert facts["named_by_path"] == 2
    pack_photos([tmp_path / "day2" / "cam" / "IMG_1.jpg", tmp_path / "day1"], [tmp_path / "p.tar"])
    assert names(tmp_path / "p.tar") == ["day1/cam/IMG_1", "day2/cam/IMG_1", "other"]


def test_what_one_phone_takes_is_counted_by_kind(tmp_path):
    write(tmp_path / "in" / "a.jpg", picture())
    for number in range(3):
        write(tmp_path / "in" / f"{number}.heic", HEIC)
    write(tmp_path / "in" / "sent.jpg", HEIC)
    write(tmp_path / "in" / "page.jpg", b"<html><body>404</body></html>")
    write(tmp_path / "in" / "clip.mp4", b"")
    write(tmp_path / "in" / "list.csv", b"")
    facts = pack_photos([tmp_path / "in"], [tmp_path / "p.tar"])
    assert facts["not_read"] == {"HEIC": 4, "HTML page": 1, "video": 1}
    assert facts["left_alone"] == {".csv": 1}
    assert names(tmp_path / "p.tar") == ["a"]


def test_kinds_that_are_not_read_alone_are_an_error_that_says_so(tmp_path):
    for number in range(2):
        write(tmp_path / f"{number}.HEIC", HEIC)
    with pytest.raises(InputError, match="that can be read, but 2 HEIC; convert them to JPEG"):
        NewPhotographs([tmp_path])
    with pytest.raises(InputError, match="is HEIC, which is not read; convert them to JPEG"):
        NewPhotographs([tmp_path / "0.HEIC"])


def test_damaged_photographs_are_left_to_the_job_that_lists_them(tmp_path):
    write(tmp_path / "in" / "a.jpg", picture()[:200])
    write(tmp_path / "in" / "b.jpg", b"")
    write(tmp_path / "in" / "c.jpg", b"no picture")
    assert pack_photos([tmp_path / "in"], [tmp_path / "p.tar"])["photos"] == 3


def test_photos_that_cannot_be_dealt_are_refused_before_writing(folder, tmp_path):
    with pytest.raises(InputError, match="5 photographs to predict on cannot fill 6 shards"):
        NewPhotographs([folder], 6)
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="no photographs"):
        NewPhotographs([tmp_path / "empty"])


def test_a_photograph_reached_in_two_ways_counts_once_and_is_told(folder, tmp_path):
    write(tmp_path / "in" / "a.jpg", picture())
    (tmp_path / "again").symlink_to(tmp_path / "in")
    facts = NewPhotographs([tmp_path / "in", tmp_path / "again"]).facts
    assert (facts["photos"], facts["named_twice"]) == (1, 1)
    assert NewPhotographs([folder, folder / "images" / "p0.png"]).facts["named_twice"] == 1


def test_twins_and_odd_names_travel_as_they_are_called(tmp_path):
    """What `detect.py` takes: files of one stem, of a suffix twice, with a line break."""
    names = ("a.jpg", "a.png", "b.png.png", "c.PNG", "c.png", "d\ne.png", "f.png.jpg", "f.png")
    for number, name in enumerate(names):
        write(tmp_path / "in" / name, picture(number))
    write(tmp_path / "in" / "day2" / "a.jpg", picture(99))
    with NewPhotographs([tmp_path / "in"]) as new:
        new.pack([tmp_path / "0.tar", tmp_path / "1.tar"])
        called = {photo.filename: photo.image for photo in new.read()}
    packed = [photo for part in "01" for photo in read_shard(tmp_path / f"{part}.tar")]
    assert {photo.filename: photo.image for photo in packed} == called
    assert sorted(called) == [
        *("b.png.png", "c.PNG", "c.png", "d_e.png", "day2/a.jpg"),
        *("f.png", "f.png.jpg", "in/a.jpg", "in/a.png"),
    ]
    assert len({photo.name for photo in packed}) == 9


def test_empty_files_alone_are_refused_at_the_start(tmp_path):
    write(tmp_path / "in" / "a.jpg", b"")
    with pytest.raises(InputError, match="but 1 empty file; copy or download them again"):
        NewPhotographs([tmp_path / "in"])


def test_what_there_is_instead_of_photographs_is_counted_in_words(tmp_path):
    for name in ("a.heic", "b.heic", "c.mp4", "d.mp4", "e.gif"):
        write(tmp_path / "in" / name, b"x")
    with pytest.raises(InputError, match="but 1 GIF, 2 HEIC, 2 videos; convert them"):
        NewPhotographs([tmp_path / "in"])


def test_archives_beside_photographs_are_told_as_not_read(tmp_path):
    write(tmp_path / "in" / "a.jpg", picture())
    write(tmp_path / "in" / "more.zip", b"PK")
    write(tmp_path / "in" / "old.tar.gz", b"x")
    facts = NewPhotographs([tmp_path / "in"]).facts
    assert facts["not_read"] == {"archive": 2} and facts["left_alone"] == {}


def test_what_is_in_memory_is_read_as_what_lies_on_disk(folder, archive_of, tmp_path):
    archives = [archive_of(folder, tmp_path / name) for name in ("photos.zip", "photos.tar")]
    for path in (*archives, next(folder.rglob("*.png"))):
        with (
            NewPhotographs([path]) as there,
            NewPhotographs([Source(Path(path.name), path.read_bytes())]) as here,
        ):
            assert here.facts == there.facts
            assert list(here.read()) == list(there.read())


def test_equal_names_in_memory_are_two_photographs(folder):
    one, other, *_ = sorted(folder.rglob("*.png"))
    sources = [Source(Path(f"{k}/a.png"), path.read_bytes()) for k, path in enumerate((one, other))]
    with NewPhotographs(sources) as new:
        assert new.names() == ["0/a", "1/a"]
        assert [photo.image for photo in new.read()] == [one.read_bytes(), other.read_bytes()]


@pytest.mark.parametrize(
    ("name", "data", "why"),
    [
        ("a.zip", b"PK\3\4 damaged", "a.zip: cannot be read"),
        ("a.zip", b"<html>", "HTML page"),
        ("a.heic", b"\0\0\0\x18ftypheic", "HEIC"),
        ("a.txt", b"words", "give photographs"),
        ("a.jpg", b"", "empty file"),
    ],
)
def test_what_is_no_photograph_in_memory_says_so(name, data, why):
    with pytest.raises(InputError, match=why):
        NewPhotographs([Source(Path(name), data)])
