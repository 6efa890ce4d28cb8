"""Signals that interrupt, where they may not."""

import contextlib
import signal
from collections.abc import Iterator
from types import FrameType


@contextlib.contextmanager
def undisturbed() -> Iterator[None]:
    """Hold signals back that would interrupt, until what must not be cut in two is whole."""
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
