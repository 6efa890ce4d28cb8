"""The queue is bounded, work is done once, the dead are replaced, and the late leave."""

import asyncio
import threading
import time
from dataclasses import dataclass, field

import pytest

from service import workers as module
from service.problems import Problem
from service.running import Here
from service.workers import TRIES, Workers
from tests import waiting
from tests.service.fakes import dead_stay_dead
from tests.waiting import PATIENCE


@dataclass(eq=False)
class Work:
    """Notes that it was done, and waits to be let go."""

    name: str = ""
    together: str = "all"
    may_go: threading.Event = field(default_factory=threading.Event)
    kills: int = 0
    raises: bool = False
    done: list[list["Work"]] = field(default_factory=list)

    @staticmethod
    def run(tasks):
        for task in tasks:
            task.done.append(tasks)
            if task.kills:
                task.kills -= 1
                raise SystemExit
            if task.raises:
                raise ZeroDivisionError
            assert task.may_go.wait(PATIENCE)
        return [task.name for task in tasks]

    @classmethod
    def at_once(cls, name: str = "", **more) -> "Work":
        work = cls(name, **more)
        work.may_go.set()
        return work


def within(test, number=1, places=3, **more):
    """Run a test of workers in an event loop."""

    async def run():
        workers = Workers(number, places, **more)
        workers.start()
        try:
            return await test(workers)
        finally:
            await workers.stop()

    return asyncio.run(run())


def soon(seconds: float) -> float:
    return asyncio.get_running_loop().time() + seconds


async def once(workers, work, seconds=PATIENCE):
    (lane,) = workers.admit(1)
    try:
        return (await lane.run(work, soon(seconds)))[0]
    finally:
        lane.close()


async def until(true):
    end = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < end
        await asyncio.sleep(0.01)


def test_work_is_done_and_the_place_given_back():
    async def test(workers):
        assert await once(workers, Work.at_once("a")) == "a"
        assert workers.taken == 0

    within(test)


def test_who_finds_no_place_is_refused_at_once_and_told_when_to_come_back():
    async def test(workers):
        lanes = [workers.admit(1)[0] for _ in range(3)]
        with pytest.raises(Problem) as refused:
            workers.admit(1)
        assert refused.value.status == 429
        assert refused.value.headers["Retry-After"] == "1"
        lanes.pop().close()
        assert len(workers.admit(1)) == 1

    within(test)


def test_the_late_leave_the_queue_and_are_never_done():
    async def test(workers):
        first, late = Work(), Work.at_once()
        running = asyncio.create_task(once(workers, first))
        await until(lambda: first.done)
        with pytest.raises(Problem) as problem:
            await once(workers, late, 0.05)
        assert problem.value.status == 504
        assert len(workers.queue) == 0
        assert workers.taken == 1
        first.may_go.set()
        await running
        assert await once(workers, Work.at_once("next")) == "next"
        assert not late.done

    within(test)


def test_a_place_stays_taken_while_a_thread_works_for_one_who_left():
    async def test(workers):
        for seconds in (0.05, 0.5, 5, 50):  # until the thread was not too slow to begin with it
            slow = Work()
            with pytest.raises(Problem):
                await once(workers, slow, seconds)
            if workers.taken:
                break
        assert workers.taken == 1
        slow.may_go.set()
        await until(lambda: workers.taken == 0)

    within(test)


def test_the_work_of_a_thread_that_dies_is_done_by_its_successor():
    async def test(workers):
        work = Work.at_once("a", kills=1)
        assert await once(workers, work) == "a"
        assert len(work.done) == 2
        await until(lambda: workers.alive == 1)
        assert workers.restarts == 1

    within(test)


def test_work_that_kills_again_and_again_is_given_up_and_harms_no_other():
    async def test(workers):
        deadly = Work.at_once(kills=9)
        with pytest.raises(Problem) as problem:
            await once(workers, deadly)
        assert problem.value.status == 500
        assert len(deadly.done) == TRIES
        assert await once(workers, Work.at_once("b")) == "b"
        assert workers.taken == 0

    within(test)


def test_the_dead_are_missed_until_they_are_replaced():
    async def test(workers):
        with dead_stay_dead(workers):
            running = asyncio.create_task(once(workers, Work.at_once("a", kills=1)))
            await until(lambda: workers.alive == 0)
            assert not running.done()
        await until(lambda: workers.alive == 1)
        assert await running == "a"

    within(test)


def test_a_thread_that_hangs_is_seen(monkeypatch):
    async def test(workers):
        monkeypatch.setattr(module, "STUCK", 0.05)
        slow = Work()
        running = asyncio.create_task(once(workers, slow))
        await until(lambda: workers.hung == 1)
        assert workers.alive == 1
        slow.may_go.set()
        await running
        await until(lambda: workers.hung == 0)

    within(test, number=2)


def test_an_error_is_the_answer_of_its_own_work_alone():
    async def test(workers):
        first = Work()
        running = asyncio.create_task(once(workers, first))
        await until(lambda: first.done)
        bad, good = Work.at_once(raises=True), Work.at_once("good")
        both = asyncio.gather(once(workers, bad), once(workers, good), return_exceptions=True)
        await until(lambda: len(workers.queue) == 2)
        first.may_go.set()
        problem, told = await both
        assert (problem.status, told) == (500, "good")
        assert good.done[0] == [bad, good] or len(good.done) == 1
        await running

    within(test, batch=8)


def test_what_waits_together_is_done_in_one_call_of_its_kind():
    async def test(workers):
        first = Work()
        running = [asyncio.create_task(once(workers, first))]
        await until(lambda: first.done)
        works = [Work.at_once(str(k), together="ab"[k % 2]) for k in range(6)]
        running += [asyncio.create_task(once(workers, work)) for work in works]
        await until(lambda: len(workers.queue) == 6)
        first.may_go.set()
        assert (await asyncio.gather(*running))[1:] == list("012345")
        assert works[0].done == [[works[0], works[2]]]
        assert works[1].done == [[works[1], works[3]]]
        assert works[4].done == [[works[4]]]

    within(test, places=7, batch=2)


@dataclass(eq=False)
class Noted(Here):
    """A runner that notes whether it is closed."""

    closed: bool = False

    def close(self):
        self.closed = True


def test_every_worker_has_a_runner_of_its_own_and_closes_it():
    made = []

    async def test(workers):
        await until(lambda: len(made) == 3)

    within(test, number=3, new_runner=lambda: made.append(Noted()) or made[-1])
    waiting.until(lambda: all(one.closed for one in made))


def test_failures_in_a_row_are_counted():
    async def test(workers):
        for _ in range(3):
            with pytest.raises(Problem):
                await once(workers, Work.at_once(raises=True))
        assert workers.failures == 3
        await once(workers, Work.at_once())
        assert workers.failures == 0

    within(test)
