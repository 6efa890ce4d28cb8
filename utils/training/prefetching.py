"""Doing the next piece of work in a thread while the present one is used."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


def ahead(work: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[Result]:
    """Yield ``work(item)`` for each of `items`, in order, computing one result ahead.

    What `work` raises is raised where its result would have been yielded.
    """
    waiting = iter(items)
    with ThreadPoolExecutor(1, thread_name_prefix="ahead") as thread:
        begun = [thread.submit(work, item) for item in islice(waiting, 1)]
        while begun:
            result = begun.pop().result()
            begun = [thread.submit(work, item) for item in islice(waiting, 1)]
            yield result
