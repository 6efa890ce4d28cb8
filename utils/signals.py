"""Signals: what handles them for a while, and where they may not interrupt."""

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator, Mapping
from types import FrameType


@contextlib.contextmanager
def handled(handlers: Mapping[int, Callable[[int, FrameType | None], None]]) -> Iterator[None]:
    """Handle signals, by their numbers, as told; each is handled as before afterwards.

    That holds whatever a handler raises while others are set or put back. In other threads than
    the main one, which alone may change that, nothing changes.
    """
    with contextlib.ExitStack() as stack:
        if threading.current_thread() is threading.main_thread():
            for number, handler in handlers.items():
                stack.callback(signal.signal, number, signal.getsignal(number))
                signal.signal(number, handler)
        yield


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
    came: list[tuple[int, FrameType | None]] = []
    signals = (signal.SIGINT, signal.SIGTERM)
    with handled(dict.fromkeys(signals, lambda *told: came.append(told))):
        yield
    for number, frame in came[:1]:
        handler = signal.getsignal(number)
        if callable(handler):
            handler(number, frame)
        else:
            signal.raise_signal(number)
