"""What an engine tells: a line a job, and on a terminal a live line."""

import os
import shutil
import time
from pathlib import Path
from typing import TextIO

from utils.dag.job_words import said
from utils.dag.run_record import Outcome
from utils.files import last_lines

_TAIL = 4096


class Console:
    """Tells what happens to `stream`; says nothing without one."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self.stream = stream
        self._live = stream is not None and stream.isatty() and _takes_escapes()
        self.interval = 1.0 if self._live else None
        """Seconds between calls of `tick`, or None if it need not be called."""
        self._total = self._ended = 0
        self._running: dict[str, tuple[float, Path]] = {}

    def begin(self, total: int, ended: int = 0) -> None:
        """Start counting: there are `total` jobs, of which `ended` are done."""
        self._total, self._ended = total, ended

    def started(self, name: str, log: Path) -> None:
        """Tell that a job runs, writing to `log`."""
        self._running[name] = (time.monotonic(), log)
        self.tick()

    def recalled(self, name: str) -> None:
        """Tell that a job's results were there already."""
        self._ended += 1
        self._line(f"{name:<28} unchanged, taken from the cache")

    def done(self, name: str, outcome: Outcome) -> None:
        """Tell that a job succeeded."""
        self._ended += 1
        self._running.pop(name, None)
        self._line(f"{name:<28} done {outcome.seconds:8.1f} s {outcome.peak_mib:8.0f} MiB")

    def failed(self, name: str, reason: str) -> None:
        """Tell that a job failed for good."""
        self._running.pop(name, None)
        self._line(f"{name:<28} FAILED: {reason}")

    def ended(self, name: str) -> None:
        """Take in that a job runs no more, however it ended."""
        self._running.pop(name, None)

    def note(self, text: str) -> None:
        """Tell something in passing."""
        self._line(text)

    def tick(self) -> None:
        """Renew the live line: what runs, for how long, and the last line of its log."""
        if not self._live:
            return
        now = time.monotonic()
        parts = [
            f"{name} {now - start:.0f} s {_last_line(log)}".rstrip()
            for name, (start, log) in self._running.items()
        ]
        self._write("\r\x1b[K" + _fitted(f"  running: {' | '.join(parts)}" if parts else ""))

    def end(self) -> None:
        """Remove the live line."""
        self._running.clear()
        if self._live:
            self._write("\r\x1b[K")

    def _line(self, text: str) -> None:
        clear = "\r\x1b[K" if self._live else ""
        count = f"[{self._ended:>3}/{self._total}] " if self._total else ""
        self._write(f"{clear}{count}{text}\n")
        self.tick()

    def _write(self, text: str) -> None:
        if self.stream is None:
            return
        try:
            self.stream.write(text)
            self.stream.flush()
        except OSError:  # nobody reads it any more, or its disk is full; the run goes on
            self.stream, self.interval, self._live = None, None, False


def _takes_escapes() -> bool:
    """Return whether the terminal understands escape codes, and its user wants any."""
    return os.environ.get("TERM", "dumb") not in ("", "dumb") and not os.environ.get("NO_COLOR")


def _last_line(log: Path) -> str:
    lines = last_lines(log, _TAIL, within=_TAIL)
    words = next((line for line in reversed(lines) if line.strip()), "---")
    if words.startswith("---"):  # the engine's own line: the job has not said anything yet
        return ""
    return f"({said(words).strip()[:70]})"


def _fitted(text: str) -> str:
    return text[: shutil.get_terminal_size().columns - 1]
