"""Looking at something every few seconds from beside, and telling once what keeps one from it."""

import logging
import threading
from collections.abc import Callable


class Beside:
    """Does something again and again in a thread of its own, until it is ended.

    Parameters
    ----------
    act
        What is done; it tells of its troubles itself.
    interval
        Seconds before each time.
    name
        Of the thread.
    """

    def __init__(self, act: Callable[[], object], interval: float, name: str) -> None:
        self._act, self._interval = act, interval
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._repeat, daemon=True, name=name)

    def begin(self) -> None:
        """Begin; the first time comes after an interval."""
        self._thread.start()

    def end(self, wait: bool = False) -> None:
        """Begin no more; with `wait`, return when what was begun is done."""
        self._ended.set()
        if wait:
            self._thread.join()

    def _repeat(self) -> None:
        while not self._ended.wait(self._interval):
            self._act()


class Troubles:
    """What goes wrong again and again, each told once until it is over.

    Parameters
    ----------
    log
        Which warns of it.
    """

    def __init__(self, log: logging.Logger) -> None:
        self._log = log
        self._told: dict[str, str] = {}

    def tell(self, about: str, words: str, trouble: Exception) -> None:
        """Warn of a trouble about something, unless it was the last that there was about it."""
        if self._told.get(about) != str(trouble):
            self._log.warning("%s: %s", words, trouble)
        self._told[about] = str(trouble)

    def over(self, about: str) -> None:
        """Forget what was told about something: there is no trouble now."""
        self._told.pop(about, None)
