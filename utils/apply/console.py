"""What a person sees meanwhile: a line a photograph, and how far it is."""

import os
from types import TracebackType
from typing import TextIO

from tqdm import tqdm


class Console:
    """Tells what happens; use it in a ``with`` statement.

    Parameters
    ----------
    lines, bar
        Streams of the lines, and of the progress bar, which is only shown on a terminal.
    total
        Photographs that there are; None if that is not known.
    quiet
        Whether nothing is told.
    unit
        What is counted, if not photographs.
    """

    def __init__(
        self,
        lines: TextIO,
        bar: TextIO,
        total: int | None,
        quiet: bool = False,
        unit: str = "photographs",
    ) -> None:
        self._lines, self._quiet, self._closed = lines, quiet, False
        off = True if quiet else None  # None: off where `bar` is no terminal
        self._bar = tqdm(total=total, file=bar, disable=off, unit=f" {unit}", leave=False)

    def __enter__(self) -> "Console":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self._bar.close()

    def step(self, line: str | None) -> None:
        """Tell of one photograph more; of what has no line of its own, only count it."""
        self._bar.update()
        if line is not None:
            self.tell(line)

    def tell(self, *lines: str) -> None:
        """Write lines, above the bar where there is one; none where it is to be quiet."""
        if not self._quiet:
            self.answer(*lines)

    def answer(self, *lines: str) -> None:
        """Write lines in any case, unless nobody reads them any more."""
        if self._closed:
            return
        try:
            for line in lines:
                self._bar.write(line, file=self._lines)
            self._lines.flush()
        except BrokenPipeError:  # as with `| head`; the results count
            self._closed = True
            os.dup2(os.open(os.devnull, os.O_WRONLY), self._lines.fileno())
