"""The table, and the command that prints it."""

import sys
from types import SimpleNamespace

from tests.faults import __main__ as command
from tests.faults.table import Row, print_table


def test_long_cells_go_on_below_and_numbers_stand_to_the_right(capsys):
    print_table([Row("a fault with a very long name " * 2, 1200, "seen", "nothing")])
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 100
    assert lines[0].split() == ["injected", "times", "seen", "lost"]
    assert lines[2].split()[-3:] == ["1,200", "seen", "nothing"]
    assert lines[3].startswith("fault with a very long name")


def test_a_broken_promise_is_told_and_the_other_kinds_are_tried(monkeypatch, capsys):
    def broken(quick: bool):
        yield Row("kept", 2, "", "")
        raise AssertionError("two outputs differ")

    def kept(quick: bool):
        yield Row("also kept", 3, "", "")

    monkeypatch.setitem(sys.modules, "tests.faults.kills", SimpleNamespace(rows=broken))
    monkeypatch.setitem(sys.modules, "tests.faults.disk", SimpleNamespace(rows=kept))
    assert command.main(["--only", "kills", "disk"]) == 1
    told = capsys.readouterr().out
    assert "BROKEN: kills: AssertionError: two outputs differ" in told
    assert "5 faults of 2 kinds" in told
    assert command.main(["--only", "disk"]) == 0
