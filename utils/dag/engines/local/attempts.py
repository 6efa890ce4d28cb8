"""The tries under way: waiting until one ends or runs out of time, and stopping them."""

import contextlib
import select
import socket
import time
from collections.abc import Iterator

from utils.dag.engines.console import Console
from utils.dag.engines.local.attempt import Attempt
from utils.dag.run_record import Outcome

_LOOK = 0.2
"""Seconds between two looks at the logs that the jobs write; some print a gigabyte a second."""


class Running(dict[str, Attempt]):
    """The tries under way, by the names of the jobs."""

    def __init__(self, console: Console) -> None:
        super().__init__()
        self._console = console

    def wait(self, wakeup: socket.socket) -> None:
        """Wait for a child's end or a signal, which `wakeup` tells, or a deadline, or a little."""
        deadlines = [each.deadline for each in self.values() if each.deadline is not None]
        limits = [max(0.0, min(deadlines) - time.monotonic())] if deadlines else []
        limits += [self._console.interval] if self._console.interval else []
        if select.select([wakeup], [], [], min([_LOOK, *limits]))[0]:
            wakeup.recv(4096)
        for attempt in self.values():
            attempt.log.bound()

    def stop(self, everything: bool) -> None:
        """Stop what has run out of time, or everything."""
        for name, attempt in self.items():
            overdue = attempt.deadline is not None and time.monotonic() >= attempt.deadline
            if everything or overdue:
                self._console.note(f"{name}: {'stopping' if everything else 'out of time'}")
                attempt.stop(overdue)

    def ended(self) -> Iterator[tuple[str, Attempt, Outcome]]:
        """Yield the tries that have ended; who takes one in removes it."""
        for name, attempt in list(self.items()):
            if outcome := attempt.poll():
                yield name, attempt, outcome

    def kill(self) -> None:
        """End them all at once."""
        for attempt in self.values():
            with contextlib.suppress(OSError):  # what made us do so is told, and not this
                attempt.kill()
