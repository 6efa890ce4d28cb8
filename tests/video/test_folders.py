"""Memory with a bound, as a folder."""

import errno

import pytest

from utils.video.folders import MemoryFolder
from utils.video.tables import GrowingTable


def test_what_does_not_fit_is_a_full_disk_and_leaves_what_was():
    folder = MemoryFolder(20)
    folder.write("a", b"0123456789")
    with pytest.raises(OSError, match="No space") as told:
        folder.write("b", bytes(11))
    assert told.value.errno == errno.ENOSPC
    with pytest.raises(OSError, match="No space"):
        folder.write("a", bytes(21))
    assert folder.read("a") == b"0123456789" and list(folder.files) == ["a"]
    folder.write("a", bytes(20))  # in its place
    assert folder.size == 20
    with pytest.raises(FileNotFoundError):
        folder.read("b")


def test_a_table_that_does_not_fit_keeps_whole_rows_and_goes_on_where_there_is_room():
    folder = MemoryFolder(40)
    table = GrowingTable(folder.open("t.csv"), ["a", "b"])
    table.add([[1, 2]])
    with pytest.raises(OSError, match="No space"):
        table.add([["x" * 40, 3]])
    table.add([[4, 5]])
    table.close()
    assert folder.read("t.csv") == b"a,b\r\n1,2\r\n4,5\r\n"
