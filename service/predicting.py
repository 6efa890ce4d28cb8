"""Photographs of one request go to the workers, and what was found comes back in their order."""

import asyncio
import time
from collections.abc import Awaitable, Sequence
from typing import TypeVar

from starlette.requests import Request

from service.bodies import Body
from service.looking import Found, Look
from service.problems import Problem
from service.running import Task
from service.state import Service
from service.workers import Lane

FURTHER = 1.0
"""Seconds that each photograph after the first adds to the deadline of a request."""

TOLD = 4
"""How often the bytes of a picture are in memory when it is told in JSON: its base64 is, twice."""

T = TypeVar("T")


class Gone(Exception):
    """The client left before there was an answer."""


async def look(service: Service, body: Body, tasks: Sequence[Look]) -> list[Found | Problem]:
    """Return what is found on photographs, or why one cannot be read, in their order.

    A request with several takes as many places as there are workers, and keeps each until its
    photographs are done. Pictures that are drawn are held with the body of the request.

    Raises
    ------
    Problem
        As `service.workers.Workers.admit`, `service.workers.Lane.run` and `Body.hold`.
    """
    results: list[Found | Problem] = [None] * len(tasks)  # type: ignore[list-item]
    left = iter(enumerate(tasks))
    deadline = deadline_of(service, len(tasks))

    async def along(lane: Lane) -> None:
        for number, task in left:
            found = results[number] = await _one(service, lane, task, deadline)
            if isinstance(found, Found) and found.picture is not None:
                body.hold(TOLD * len(found.picture))

    lanes = service.workers.admit(len(tasks))
    try:
        async with asyncio.TaskGroup() as group:
            for lane in lanes:
                group.create_task(along(lane))
    except ExceptionGroup as several:
        raise several.exceptions[0] from None
    finally:
        for lane in lanes:
            lane.close()
    return results


async def do(service: Service, task: Task, deadline: float) -> object:
    """Return the result of a task, for which there is one place."""
    (lane,) = service.workers.admit(1)
    try:
        result, _ = await lane.run(task, deadline)
        return result
    finally:
        lane.close()


def deadline_of(service: Service, photographs: int) -> float:
    """Return when a request of so many photographs is late, on the clock of the event loop."""
    seconds = service.settings.deadline + FURTHER * (photographs - 1)
    return asyncio.get_running_loop().time() + seconds


async def unless_gone(request: Request, work: Awaitable[T]) -> T:
    """Return what `work` gives; drop it where the client leaves meanwhile.

    Raises
    ------
    Gone
        If the client left.
    """
    doing = asyncio.ensure_future(work)
    leaving = asyncio.ensure_future(_leaves(request))
    try:
        await asyncio.wait({doing, leaving}, return_when=asyncio.FIRST_COMPLETED)
        if not doing.done():
            raise Gone
        return doing.result()
    finally:
        for task in (doing, leaving):
            if not task.done():
                task.cancel()
        await asyncio.gather(doing, leaving, return_exceptions=True)


async def _leaves(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


async def _one(service: Service, lane: Lane, task: Look, deadline: float) -> Found | Problem:
    start = time.perf_counter()
    try:
        found, waited = await lane.run(task, deadline)
    except Problem as problem:
        if problem.file is None:
            raise
        return problem  # of this photograph alone
    found.ms["wait"] = waited * 1000
    found.ms["total"] = (time.perf_counter() - start) * 1000
    service.metrics.looked(task.served, found, task.threshold)
    return found
