"""No duration is taken from a clock that can be set back."""

import ast
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
OF_ALL_MACHINES = {"utils/data_store/remote.py", "utils/data_store/store.py"}
"""What stores hold is dated for other machines to read. A clock that is wrong costs a wait there,
whose error names the note in the way; two versions of one time get two times."""
WALL_CLOCKS = {("time", "time"), ("time", "time_ns"), ("datetime", "now"), ("datetime", "utcnow")}


def test_the_wall_clock_is_read_for_dates_alone():
    sources = [PROJECT / "workflow.py"]
    for folder in ("utils", "bin"):
        sources += (PROJECT / folder).rglob("*.py")
    assert len(sources) > 50
    found = [
        f"{path.relative_to(PROJECT)}:{node.lineno}"
        for path in sources
        if str(path.relative_to(PROJECT)) not in OF_ALL_MACHINES
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and (node.value.id, node.attr) in WALL_CLOCKS
    ]
    assert not found, "take time.monotonic() for durations, time.strftime() for dates"
