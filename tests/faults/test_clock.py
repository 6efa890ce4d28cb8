"""No duration is taken from a clock that can be set back."""

import ast
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
WALL_CLOCKS = {("time", "time"), ("time", "time_ns"), ("datetime", "now"), ("datetime", "utcnow")}


def test_the_wall_clock_is_read_for_dates_alone():
    sources = [PROJECT / "workflow.py"]
    for folder in ("utils", "bin"):
        sources += (PROJECT / folder).rglob("*.py")
    assert len(sources) > 50
    found = [
        f"{path.relative_to(PROJECT)}:{node.lineno}"
        for path in sources
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and (node.value.id, node.attr) in WALL_CLOCKS
    ]
    assert not found, "take time.monotonic() for durations, time.strftime() for dates"
