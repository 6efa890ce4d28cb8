"""Numbers for people at a terminal: aligned tables, and words that texts of evaluations share."""

from typing import Any


def table(head: list[str], rows: list[list[Any]]) -> list[str]:
    """Return lines with aligned columns, the first to the left, the others to the right."""
    cells = [head, *([_cell(value) for value in row] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return [
        "  " + "  ".join(
            cell.rjust(width) if number else cell.ljust(width)
            for number, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in cells
    ]  # fmt: skip


def span(interval: list[float] | None) -> str:
    """Return an interval in brackets, "" for none."""
    return f"[{interval[0]:.3f} {interval[1]:.3f}]" if interval else ""


def size_range(part: dict[str, Any]) -> str:
    """Return from where to where a bin of sizes goes, in words."""
    if part["below"] is None:
        return f"{part['from']} pixels or more"
    return f"{part['from']} to {part['below']} pixels"


def loss_lines(losses: dict[str, float | None], how: str) -> list[str]:
    """Return losses as a table with a title and an empty line; nothing where there are none."""
    if not losses:
        return []
    rows = [[name, loss] for name, loss in losses.items()]
    return [f"Loss, as in training but {how}", *table(["", "test"], rows), ""]


def _cell(value: Any) -> str:
    if value is None:
        return "-"
    return f"{value:.3f}" if isinstance(value, float) else str(value)
