"""Shards: the same bytes for the same content, and nothing hostile or broken gets through."""

import io
import tarfile

import pytest

from utils.dataset import shards
from utils.dataset.shards import Photo, read_shard, write_shard
from utils.errors import InputError

PHOTOS = [
    Photo("a", "a.jpg", b"picture", b"<annotation/>"),
    Photo("b.v2", "b.v2.PNG", b"other"),
    Photo("ü" * 120, "ü" * 120 + ".png", b"", b"x"),
]


def tar_of(path, *members, **options):
    with tarfile.open(path, "w") as tar:
        for name, data in members:
            member = tarfile.TarInfo(name)
            member.size = len(data)
            for key, value in options.items():
                setattr(member, key, value)
            tar.addfile(member, io.BytesIO(data))
    return path


def test_what_is_written_is_read_back(tmp_path):
    assert write_shard(tmp_path / "s.tar", iter(PHOTOS)) == 3
    assert list(read_shard(tmp_path / "s.tar")) == PHOTOS


def test_equal_content_gives_equal_bytes_without_traces_of_the_machine(tmp_path):
    for name in ("one.tar", "two.tar"):
        write_shard(tmp_path / name, PHOTOS)
    assert (tmp_path / "one.tar").read_bytes() == (tmp_path / "two.tar").read_bytes()
    with tarfile.open(tmp_path / "one.tar") as tar:
        for member in tar:
            assert (member.mtime, member.uid, member.gid, member.mode) == (0, 0, 0, 0o644)
            assert (member.uname, member.gname) == ("", "")


def test_image_and_annotation_are_adjacent(tmp_path):
    write_shard(tmp_path / "s.tar", PHOTOS[:2])
    with tarfile.open(tmp_path / "s.tar") as tar:
        assert tar.getnames() == ["a.jpg", "a.xml", "b.v2.PNG"]


def test_an_empty_shard_has_no_photographs(tmp_path):
    write_shard(tmp_path / "s.tar", [])
    assert list(read_shard(tmp_path / "s.tar")) == []


@pytest.mark.parametrize(
    "photos",
    [[PHOTOS[1], PHOTOS[0]], [PHOTOS[0], PHOTOS[0]], [Photo("x", "../x.png", b"")]],
    ids=["unsorted", "twice", "outside"],
)
def test_a_defective_caller_leaves_no_file(tmp_path, photos):
    with pytest.raises(ValueError, match=r"s\.tar"):
        write_shard(tmp_path / "s.tar", photos)
    assert not (tmp_path / "s.tar").exists()


def test_a_failure_while_writing_keeps_the_old_shard(tmp_path):
    path = tmp_path / "s.tar"
    write_shard(path, PHOTOS)

    def failing():
        yield PHOTOS[0]
        raise RuntimeError

    with pytest.raises(RuntimeError):
        write_shard(path, failing())
    assert list(read_shard(path)) == PHOTOS


def test_photographs_may_be_named_by_folder_and_file(tmp_path):
    photos = [Photo(f"{day}/a", f"{day}/a.png", b"x", b"<annotation/>") for day in ("d.1", "d.2")]
    write_shard(tmp_path / "s.tar", photos)
    assert list(read_shard(tmp_path / "s.tar")) == photos


@pytest.mark.parametrize(
    "name",
    ["../a.png", "/a.png", "sub/../a.png", "sub//a.png", "./a.png", "a\\b.png", "noext", ".hidden"],
)
def test_members_with_other_than_plain_names_are_refused(tmp_path, name):
    path = tar_of(tmp_path / "s.tar", (name, b"x"))
    with pytest.raises(InputError, match="not a plain file"):
        list(read_shard(path))


@pytest.mark.parametrize(
    "kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE]
)
def test_links_and_devices_are_refused(tmp_path, kind):
    path = tar_of(tmp_path / "s.tar", ("a.png", b""), type=kind, linkname="/etc/passwd")
    with pytest.raises(InputError, match=r"not a whole shard \('a\.png' is a "):
        list(read_shard(path))


def test_members_beyond_the_bound_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(shards, "MAX_MEMBER_BYTES", 3)
    path = tar_of(tmp_path / "s.tar", ("a.png", b"four"))
    with pytest.raises(InputError, match="4 bytes, more than 3"):
        list(read_shard(path))


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ([("a.png", b""), ("a.jpg", b"")], "two files for the image of 'a'"),
        ([("a.png", b""), ("b.png", b""), ("a.xml", b"")], "not beside its twin"),
        ([("a.xml", b"")], "no image beside it"),
    ],
)
def test_files_that_do_not_pair_are_refused(tmp_path, members, message):
    with pytest.raises(InputError, match=message):
        list(read_shard(tar_of(tmp_path / "s.tar", *members)))


def test_a_missing_an_empty_and_a_cut_shard_are_refused(tmp_path):
    path = tmp_path / "s.tar"
    with pytest.raises(InputError, match="no such file"):
        list(read_shard(path))
    path.touch()  # what a failed job leaves
    with pytest.raises(InputError, match="not a whole shard"):
        list(read_shard(path))
    write_shard(path, [Photo("a", "a.png", bytes(5000))])
    path.write_bytes(path.read_bytes()[:3000])
    with pytest.raises(InputError, match="not a whole shard"):
        list(read_shard(path))


def test_no_cut_shard_passes_for_a_whole_one_with_fewer_photographs(tmp_path):
    path = tmp_path / "s.tar"
    photos = [Photo(name, f"{name}.png", b"picture") for name in "abc"]
    write_shard(path, photos)
    whole = path.read_bytes()
    for length in range(0, len(whole), 512):
        path.write_bytes(whole[:length])
        try:
            assert list(read_shard(path)) == photos, f"of {length} bytes"
        except InputError:
            continue


def test_a_photo_without_annotation_says_so():
    with pytest.raises(InputError, match=r"b\.v2\.PNG: has no annotation b\.v2\.xml"):
        PHOTOS[1].read_annotation(10, 10)
