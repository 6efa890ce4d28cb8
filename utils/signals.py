"""Signals that interrupt, where they may not."""

import contextlib
import signal
import threading
from collections.abc import Iterator
from types import FrameType


@contextlib.contextmanager
def kept_from_children(number: int) -> Iterator[None]:
    """Start processes that a signal never reaches, from their first moment on.

    A process that ignores it by itself does so only once its Python has started. Here the signal is
    held back meanwhile; processes that are started by this thread inherit that, and keep it.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {number})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextlib.contextmanager
def undisturbed() -> Iterator[None]:
    """Hold signals back that would interrupt, until what must not be cut in two is whole.

    Elsewhere than in the main thread none interrupts.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    came: list[tuple[int, FrameType | None]] = []
    signals = (signal.SIGINT, signal.SIGTERM)
    before = [signal.signal(number, lambda *told: came.append(told)) for number in signals]
    try:
        yield
    finally:
        for number, handler in zip(signals, before, strict=True):
            signal.signal(number, handler)
    for number, frame in came[:1]:
        handler = signal.getsignal(number)
        if callable(handler):
            handler(number, frame)
        else:
            signal.raise_signal(number)
