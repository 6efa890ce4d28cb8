"""Data sets as people have them become shards; what is missing or double is named."""

import errno
import os
import subprocess
import sys
import tarfile
import zipfile

import pytest

from utils.dataset.intake.collect import check_dataset, check_photos, pack_dataset, pack_photos
from utils.dataset.shards import Photo, read_shard
from utils.errors import InputError

PHOTOS = [Photo(f"p{i}", f"p{i}.png", b"image %d" % i, b"<annotation/>") for i in range(5)]


@pytest.fixture
def folder(make_folder):
    return make_folder(PHOTOS, "kaggle/download")


def archive_of(folder, path):
    if path.suffix == ".zip":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for file in sorted(folder.rglob("*"), reverse=True):
                archive.write(file, file.relative_to(folder.parent))
    else:
        mode = "w:" + (path.name.rpartition("tar.")[2] if ".tar." in path.name else "")
        with tarfile.open(path, mode) as archive:
            archive.add(folder, f"./{folder.name}")
    return path


@pytest.mark.parametrize(
    "kind", ["folder", "parent", "a.zip", "a.tar", "a.tar.gz", "a.tar.bz2", "a.tar.xz"]
)
def test_folders_and_archives_give_the_same_shard(folder, tmp_path, kind):
    source = {"folder": folder, "parent": folder.parent}.get(kind) or archive_of(
        folder, tmp_path / kind
    )
    assert check_dataset(source) == {"photos": 5, "ignored": 0}
    assert pack_dataset(source, tmp_path / "dataset.tar") == {"photos": 5, "ignored": 0}
    assert list(read_shard(tmp_path / "dataset.tar")) == PHOTOS


def test_files_that_are_neither_are_counted_and_hidden_ones_overlooked(folder, tmp_path):
    (folder / "images" / "Thumbs.db").touch()
    (folder / "images" / ".DS_Store").touch()
    mac = folder / "__MACOSX" / "images"
    mac.mkdir(parents=True)
    (mac / "._p0.png").touch()
    assert pack_dataset(folder, tmp_path / "d.tar") == {"photos": 5, "ignored": 1}


def test_upper_case_suffixes_count(folder):
    (folder / "images" / "p0.png").rename(folder / "images" / "p0.JPG")
    assert check_dataset(folder)["photos"] == 5


def test_missing_halves_are_named_and_counted(folder):
    for i in (1, 3):
        (folder / "annotations" / f"p{i}.xml").unlink()
    with pytest.raises(InputError, match="2 photographs without an annotation: p1, p3"):
        check_dataset(folder)


def test_of_many_missing_halves_the_first_few_are_named(make_folder):
    photos = [Photo(f"q{i}", f"q{i}.png", b"", b"") for i in range(9)]
    folder = make_folder(photos)
    for i in range(8):
        (folder / "images" / f"q{i}.png").unlink()
    message = r"8 annotations without a photograph: q0, q1, q2, q3, q4, \.\.\."
    with pytest.raises(InputError, match=message):
        check_dataset(folder)


def test_two_photos_with_one_stem_are_named(folder):
    (folder / "images" / "p2.jpg").touch()
    with pytest.raises(InputError, match=r"'images/p2\.jpg' and 'images/p2\.png' share a stem"):
        check_dataset(folder)


def test_no_photographs_and_no_annotations(folder, tmp_path):
    with pytest.raises(InputError, match="no such file or folder"):
        check_dataset(tmp_path / "nowhere")
    for file in (folder / "annotations").iterdir():
        file.unlink()
    with pytest.raises(InputError, match="there is 'images/' but no annotations/"):
        check_dataset(folder)
    (folder / "annotations" / "notes.txt").touch()
    with pytest.raises(InputError, match="no VOC annotations"):
        check_dataset(folder)
    for file in (folder / "images").iterdir():
        file.rename(file.with_suffix(".gif"))
    with pytest.raises(InputError, match="no photographs in 'images'"):
        check_dataset(folder)
    with pytest.raises(InputError, match="no folder images/"):
        check_dataset(tmp_path / "kaggle" / "download" / "images")


def test_several_data_sets_are_not_guessed_between(make_folder, tmp_path):
    make_folder(PHOTOS, "both/one")
    make_folder(PHOTOS, "both/two")
    with pytest.raises(InputError, match=r"several data sets \('one/', 'two/'\)"):
        check_dataset(tmp_path / "both")


def test_damaged_archives_are_named(tmp_path):
    for name in ("a.zip", "a.tar", "a.tar.gz"):
        (tmp_path / name).write_bytes(b"\x1f\x8bnonsense")
        with pytest.raises(InputError, match=rf"{name}: cannot be read"):
            check_dataset(tmp_path / name)
    (tmp_path / "a.rar").touch()
    with pytest.raises(InputError, match="expected a folder, an archive"):
        check_dataset(tmp_path / "a.rar")


def test_links_in_archives_are_refused(tmp_path):
    with tarfile.open(tmp_path / "a.tar", "w") as tar:
        link = tarfile.TarInfo("images/p.png")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        tar.addfile(link)
    with pytest.raises(InputError, match=r"'images/p\.png' is a link"):
        check_dataset(tmp_path / "a.tar")


def test_names_that_are_no_text_are_refused(folder):
    with open(os.fsencode(folder / "images") + b"/\xff.png", "wb"):
        pass
    with pytest.raises(InputError, match="rename it"):
        check_dataset(folder)


def test_a_full_disk_is_said_and_leaves_nothing(folder, tmp_path, monkeypatch):
    def full(descriptor):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    output = tmp_path / "out" / "d.tar"
    output.parent.mkdir()
    with pytest.raises(InputError, match="disk is full"):
        pack_dataset(folder, output)
    assert list(output.parent.iterdir()) == []


def test_photos_are_dealt_by_sorted_stem(folder, tmp_path):
    outputs = [tmp_path / "0.tar", tmp_path / "1.tar"]
    assert pack_photos([folder], outputs) == {"photos": 5, "ignored": 5}
    dealt = [[photo.name for photo in read_shard(path)] for path in outputs]
    assert dealt == [["p0", "p2", "p4"], ["p1", "p3"]]
    assert all(photo.annotation is None for path in outputs for photo in read_shard(path))


def test_photos_come_from_files_folders_and_archives_at_once(folder, tmp_path):
    single = tmp_path / "a.jpg"
    single.write_bytes(b"single")
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "z.webp").touch()
    archive = archive_of(folder, tmp_path / "a.zip")
    pack_photos([archive, single, tmp_path / "more"], [tmp_path / "p.tar"])
    assert [p.name for p in read_shard(tmp_path / "p.tar")] == [
        "a",
        "p0",
        "p1",
        "p2",
        "p3",
        "p4",
        "z",
    ]


def test_photos_that_cannot_be_dealt_are_refused_before_writing(folder, tmp_path):
    with pytest.raises(InputError, match="5 photographs to predict on cannot fill 6 shards"):
        check_photos([folder], 6)
    with pytest.raises(InputError, match="share the name 'p0'"):
        check_photos([folder, folder / "images" / "p0.png"])
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="no photographs"):
        check_photos([tmp_path / "empty"])


def test_collecting_loads_no_heavy_library():
    code = (
        "import sys, utils.dataset.intake.collect;"
        "print({'numpy', 'PIL', 'cv2', 'torch', 'bs4', 'lxml'} & sys.modules.keys())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
