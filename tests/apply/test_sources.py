"""Words on the command line become photographs, each once, and what is none is told."""

import shutil
import zipfile
from pathlib import Path

import pytest

from tests.formats.shots import picture, write
from utils.apply.sources import find_sources
from utils.errors import InputError

HEIC = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic"


@pytest.fixture
def here(tmp_path, monkeypatch) -> Path:
    """The working folder: photographs in folders, an archive of them, and other files."""
    for name in ("a.jpg", "b.png", "day1/a.jpg", "day2/a.jpg", "day2/deep/c.webp"):
        write(tmp_path / name, picture())
    write(tmp_path / "notes.txt", b"words")
    write(tmp_path / "phone.heic", HEIC)
    write(tmp_path / "clip.mp4", b"\0\0\0\x18ftypisom")
    with zipfile.ZipFile(tmp_path / "more.zip", "w") as archive:
        archive.write(tmp_path / "a.jpg", "z/packed.jpg")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def names(*words: str) -> list[str]:
    with find_sources(words).open() as photographs:
        return [name for name, _ in photographs.readers()]


def test_photographs_come_from_files_folders_archives_and_patterns_at_once(here):
    assert names("b.png", "day2", "more.zip", "day1/*.jpg") == [
        *("b.png", "c.webp", "day1/a.jpg", "day2/a.jpg", "packed.jpg")
    ]


def test_names_that_collide_in_folders_stay_apart(here):
    apart = {"day1/a.jpg", "day2/a.jpg", f"{here.name}/a.jpg"}
    assert set(names(".")) == {"b.png", "c.webp"} | apart


@pytest.mark.parametrize(
    "words",
    [
        ("a.jpg", "a.jpg"),
        ("a.jpg", "./day1/../a.jpg"),
        ("*.jpg", "a.*"),
    ],
)
def test_what_is_named_twice_counts_once(here, words):
    assert names(*words) == ["a.jpg"]


@pytest.mark.parametrize(
    "words", [("day2", "day2/a.jpg"), ("day2/**",), ("day2/deep", "day2"), ("day2/*", "day2")]
)
def test_what_lies_in_a_folder_that_is_named_counts_once(here, words):
    assert names(*words) == ["a.jpg", "c.webp"]


def test_an_archive_in_a_folder_that_is_named_is_read_if_it_is_named_too(here):
    (here / "day1" / "more.zip").write_bytes((here / "more.zip").read_bytes())
    assert names("day1", "day1/more.zip") == ["a.jpg", "packed.jpg"]


def test_a_hidden_photograph_that_is_named_is_found_beside_its_folder(here):
    shutil.copy("a.jpg", "day1/.hidden.jpg")
    (here / "day1" / ".cache").mkdir()
    shutil.copy("a.jpg", "day1/.cache/d.jpg")
    assert find_sources(["day1", "day1/.hidden.jpg", "day1/.cache"]).paths == [
        *(Path("day1"), Path("day1/.hidden.jpg"), Path("day1/.cache"))
    ]
    assert names("day1", "day1/.hidden.jpg") == [".hidden.jpg", "a.jpg"]
    assert names("day1/.hidden.jpg") == [".hidden.jpg"]


def test_files_that_are_no_photographs_are_counted_among_others(here):
    with find_sources(["*"]).open() as photographs:
        assert photographs.facts["photos"] == 6
        assert photographs.facts["not_read"] == {"HEIC": 1, "video": 1}
        assert photographs.facts["left_alone"] == {".txt": 1}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "no photographs are named"),
        (["a.jpg", ""], "a source is empty, as of a variable of the shell that is not set"),
        (["-"], "^-: standard input is not read; save the photographs as files"),
        (["none.jpg"], r"^none\.jpg: no such file or folder$"),
        (["a.jpg", "none"], r"^none: no such file or folder$"),
        (["*.gif"], r"^\*\.gif: no file or folder is of this pattern$"),
        (["clip.mp4"], r"^clip\.mp4: is a video; look at photographs and at what moves one"),
        (["0"], "^0: is a camera; look at photographs and"),
        (["/dev/video7"], "^/dev/video7: is a camera"),
        (["phone.heic"], "is HEIC, which is not read; convert them to JPEG"),
        (["notes.txt"], r"notes\.txt: a single file of text.*; give photographs"),
        (["phone.heic", "notes.txt"], "is HEIC, which is not read"),
    ],
)
def test_what_cannot_be_looked_at_is_an_error_that_names_it(here, words, said):
    with pytest.raises(InputError, match=said):
        find_sources(words).open()


@pytest.mark.parametrize("address", ["rtsp://me:secret@cam.lan/1", "https://me:secret@cam.lan/x"])
def test_no_password_of_an_address_is_told(here, address):
    with pytest.raises(InputError, match=r"://cam\.lan/\.\.\.: is an address") as error:
        find_sources([address])
    assert "secret" not in str(error.value) and "me:" not in str(error.value)


def test_a_folder_called_like_a_camera_is_a_folder(here):
    shutil.copytree("day1", "0")
    assert names("0") == ["a.jpg"]


def test_a_file_that_is_no_photograph_is_named_among_words_of_folders_without_any(here):
    (here / "empty").mkdir()
    with pytest.raises(InputError, match="empty: no photographs"):
        find_sources(["empty", "notes.txt"]).open()
