"""The strict reader finds in a good tar what the standard library finds there."""

import io
import os
import tarfile

import pytest

from utils.dataset.archive_limits import ArchiveError
from utils.dataset.tar_reader import tar_members

NAMES = ["a.png", "images/" + "x" * 80 + "/b.png", "ü/☃.png", "y/" * 150 + "c.png", "d" * 250]


def pack(names: list[str], **options: object) -> io.BytesIO:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", **options) as tar:
        folder = tarfile.TarInfo("images/")
        folder.type = tarfile.DIRTYPE
        tar.addfile(folder)
        for name in names:
            member = tarfile.TarInfo(name)
            member.size = len(name)
            member.mtime = 0.5  # PAX writes it as a record
            tar.addfile(member, io.BytesIO(name.encode()))
    return stream


@pytest.mark.parametrize(
    ("form", "names"),
    [
        (tarfile.USTAR_FORMAT, [name for name in NAMES if len(name) < 150]),
        (tarfile.GNU_FORMAT, NAMES),
        (tarfile.PAX_FORMAT, NAMES),
    ],
    ids=["ustar", "gnu", "pax"],
)
def test_formats_in_use(form, names):
    stream = pack(names, format=form)
    found = list(tar_members(stream))
    stream.seek(0)
    with tarfile.open(fileobj=stream) as tar:
        known = [(one.name, one.offset_data, one.size) for one in tar if one.isreg()]
    assert [tuple(member) for member in found] == known
    assert [name for name, *_ in found] == names


def test_a_record_for_all_members_changes_none_of_them():
    stream = pack(["a.png"], format=tarfile.PAX_FORMAT, pax_headers={"comment": "of a commit"})
    assert [member.name for member in tar_members(stream)] == ["a.png"]


def test_a_size_beyond_8_gib(tmp_path):
    member, size = tarfile.TarInfo("a.png"), 9 * 2**30
    member.size = size
    with open(tmp_path / "a.tar", "w+b") as file:
        file.write(member.tobuf(tarfile.GNU_FORMAT))
        os.truncate(file.fileno(), 512 + size + 1024)
        assert list(tar_members(file)) == [("a.png", 512, size)]


def test_a_tar_that_ends_between_two_members_is_cut_off():
    """The standard library takes it for a whole one, with fewer members."""
    stream = pack(["a.png", "b.png"], format=tarfile.GNU_FORMAT)
    (_, second) = tar_members(stream)
    stream.truncate(second.offset - 512)
    stream.seek(0)
    with tarfile.open(fileobj=stream) as tar:
        assert tar.getnames() == ["images", "a.png"]
    with pytest.raises(ArchiveError, match="cut off"):
        list(tar_members(stream))
