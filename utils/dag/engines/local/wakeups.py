"""Waking a waiting loop when a child process ends or the user interrupts."""

import contextlib
import signal
import socket
from collections.abc import Callable, Iterator

from utils.signals import handled


@contextlib.contextmanager
def wakeups(interrupt: Callable[[], None]) -> Iterator[socket.socket]:
    """Yield a socket that becomes readable when a child ends or the user interrupts."""
    ours, theirs = socket.socketpair()
    theirs.setblocking(False)
    handlers = {signal.SIGCHLD: lambda number, frame: None}
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:  # as by nohup
            handlers[number] = lambda number, frame: interrupt()
    with ours, theirs, handled(handlers):
        old_fd = signal.set_wakeup_fd(theirs.fileno(), warn_on_full_buffer=False)
        try:
            yield ours
        finally:
            signal.set_wakeup_fd(old_fd)
