"""The table of faults: what was injected, how often, what was seen of it, what was lost."""

import textwrap
from collections.abc import Iterable
from dataclasses import astuple, dataclass

_HEAD = ("injected", "times", "seen", "lost")
_WIDTHS = (36, 5, 38, 15)


@dataclass(frozen=True)
class Row:
    """One kind of fault; that it is returned at all says that what was promised was kept.

    Attributes
    ----------
    injected
        What was done to the program.
    times
        How often.
    seen
        What the program did about it.
    lost
        What the user lost by it, in numbers where there are some; ``nothing`` otherwise.
    """

    injected: str
    times: int
    seen: str
    lost: str


def print_table(rows: Iterable[Row]) -> None:
    """Print rows within a hundred columns; long cells go on below."""
    for cells in (_HEAD, tuple("-" * width for width in _WIDTHS), *map(astuple, rows)):
        columns = [
            [f"{cell:,}".rjust(width)] if isinstance(cell, int) else textwrap.wrap(cell, width)
            for cell, width in zip(cells, _WIDTHS, strict=True)
        ]
        for number in range(max(map(len, columns))):
            line = [column[number] if number < len(column) else "" for column in columns]
            padded = (f"{text:<{width}}" for text, width in zip(line, _WIDTHS, strict=True))
            print("  ".join(padded).rstrip(), flush=True)
