"""What a worker does its tasks with: itself (`Here`), or a process (`service.forked`)."""

import logging
from collections.abc import Callable, Hashable, Sequence
from typing import Any, Protocol

from service.models import Served
from service.problems import Problem

FAILED = "failed"
"""Why an answer is one that nobody foresaw."""

log = logging.getLogger(__name__)


class Task(Protocol):
    """What a worker does.

    Attributes
    ----------
    served
        The model that it is done with.
    together
        Tasks of which this is equal can be done in one call.
    """

    @property
    def served(self) -> Served: ...

    @property
    def together(self) -> Hashable: ...

    @staticmethod
    def run(tasks: Sequence[Any]) -> list[Any]:
        """Return the result of each, or the exception that is its result."""
        ...


class Runner(Protocol):
    """What runs the tasks of one worker."""

    @property
    def is_alive(self) -> bool:
        """Whether it can run a task."""
        ...

    def run(self, tasks: Sequence[Task]) -> list[Any]:
        """Return the result of each task, or the exception that it raised.

        Raises
        ------
        SystemExit
            If it died of them.
        """
        ...

    def tend(self) -> None:
        """Do what is to be done between tasks; `SystemExit` if it died meanwhile."""
        ...

    def kill(self) -> None:
        """End what hangs, where that can be done from without."""
        ...

    def close(self) -> None:
        """Let go of all that it holds."""
        ...


class Here:
    """Runs tasks in the thread that asks for it."""

    is_alive = True

    def run(self, tasks: Sequence[Task]) -> list[Any]:
        """As `Runner.run`."""
        return results(tasks)

    def tend(self) -> None:
        """Nothing is to be done."""

    def kill(self) -> None:
        """A thread cannot be ended from without: it is told of instead."""

    def close(self) -> None:
        """It holds nothing."""


NewRunner = Callable[[], Runner]


def results(tasks: Sequence[Task]) -> list[Any]:
    """Return the result of each task, or the exception that it raised; one harms no other."""
    try:
        return type(tasks[0]).run(tasks)
    except Exception:
        log.exception("a task failed")
        if len(tasks) == 1:
            return [failure()]
        return [result for task in tasks for result in results([task])]


def failure() -> Problem:
    """Return what is answered where something went wrong that nobody foresaw."""
    return Problem(500, FAILED, "this could not be done; the log of the service has more")
