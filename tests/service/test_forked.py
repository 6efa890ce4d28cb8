"""What a photograph does to the process of a worker, it does to no other."""

import asyncio
import os
import signal
import socket
import time
from dataclasses import dataclass, replace
from functools import partial
from types import SimpleNamespace

import pytest

from service import forked
from service import workers as module
from service.forked import Forked
from service.problems import Problem
from service.running import failure
from tests import waiting
from tests.service.started import is_there
from tests.service.test_workers import once, until, within

pytestmark = pytest.mark.skipif(not forked.ABLE, reason="processes are forked on Linux alone")


@dataclass(frozen=True)
class Deed:
    """Something done with a model, in a process whose number it returns."""

    served: object
    what: str = ""
    marks: str = ""

    @property
    def together(self):
        return id(self.served)

    @staticmethod
    def run(tasks):
        return [getattr(task, task.what or "tell")() for task in tasks]

    def tell(self):
        return os.getpid(), self.served.name

    def die(self):
        os.kill(os.getpid(), signal.SIGKILL)

    def die_once(self):
        if not os.path.exists(self.marks):  # noqa: PTH110
            open(self.marks, "w").close()
            self.die()
        return self.tell()

    def hang(self):
        time.sleep(600)

    def fail(self):
        raise ZeroDivisionError

    def refuse(self):
        return Problem(413, "large", "too large", file="a.jpg", fix="less", headers={"X": "1"})


@pytest.fixture
def served():
    return [SimpleNamespace(name="a")]


@pytest.fixture
def runner(served):
    made = Forked(lambda: served)
    yield made
    made.close()


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """Let the dead be replaced at once; a service waits a little, and longer if they die again."""
    monkeypatch.setattr(module, "_PAUSE", 0.05)
    monkeypatch.setattr(module, "_LONGEST_PAUSE", 0.1)


def does(runner, what="", **more):
    return runner.run([Deed(runner._serving()[0], what, **more)])[0]


def test_tasks_are_done_elsewhere_with_the_model_that_was_served(runner):
    pid, name = does(runner)
    assert (pid, name) == (runner.pid, "a")
    assert pid != os.getpid()
    assert does(runner)[0] == pid


def test_a_refusal_comes_back_as_it_was_made(runner, served):
    told, made = does(runner, "refuse"), Deed(served[0]).refuse()
    assert vars(told) == vars(made)
    assert does(runner, "fail").record() == failure().record()
    assert runner.is_alive


def test_whoever_is_served_later_is_known_to_another_process(runner, served):
    first = runner.pid
    served[0] = SimpleNamespace(name="b")
    assert does(runner) == (runner.pid, "b")
    assert not is_there(first)
    old = SimpleNamespace(name="old")  # asked before it was replaced
    assert runner.run([Deed(old)])[0][1] == "old"
    pid = runner.pid
    runner.tend()  # lets go of it
    assert runner.pid != pid
    assert list(runner._process.known) == [id(served[0])]
    runner.tend()
    assert does(runner)[1] == "b"


def test_it_holds_no_connection_of_the_service():
    client, server = socket.socketpair()
    runner = Forked(list)
    try:
        server.close()
        client.settimeout(waiting.PATIENCE)
        assert client.recv(1) == b""
    finally:
        runner.close()
        client.close()


def test_what_is_sent_to_the_group_of_processes_does_not_end_it(runner):
    does(runner)
    for number in (signal.SIGTERM, signal.SIGINT):
        os.kill(runner.pid, number)
    assert does(runner)[0] == runner.pid


def test_one_that_hangs_ends_with_the_service_all_the_same(runner, monkeypatch):
    monkeypatch.setattr(forked, "_ENDING", 0.05)
    pid = runner.pid
    runner._process.pipe.send((id(runner._serving()[0]), [Deed(None, "hang")]))
    runner.close()
    assert not is_there(pid)


def with_processes(test, served, **more):
    within(test, places=9, new_runner=partial(Forked, lambda: served), **more)


def test_a_process_that_is_killed_while_it_waits_is_missed_and_replaced(served):
    async def test(workers):
        await until(lambda: all(worker.runner for worker in workers._workers))
        first = workers._workers[0].runner
        os.kill(first.pid, signal.SIGKILL)
        waiting.until(lambda: workers.alive == 1)  # which keeps the loop from replacing it
        await until(lambda: workers.alive == 2)
        assert workers.restarts == 1
        assert await once(workers, Deed(served[0]))

    with_processes(test, served, number=2)


def test_the_work_of_one_that_is_killed_is_done_by_its_successor(served, tmp_path):
    async def test(workers):
        deed = Deed(served[0], "die_once", str(tmp_path / "died"))
        pid, _ = await once(workers, deed)
        assert pid == workers._workers[0].runner.pid
        assert workers.restarts == 1
        with pytest.raises(Problem) as given_up:
            await once(workers, replace(deed, what="die"))
        assert given_up.value.status == 500
        assert await once(workers, Deed(served[0]))
        assert workers.taken == 0

    with_processes(test, served)


def test_one_that_hangs_is_killed_and_replaced(served, monkeypatch):
    monkeypatch.setattr(module, "STUCK", 0.1)

    async def test(workers):
        hanging = asyncio.create_task(once(workers, Deed(served[0], "hang")))
        with pytest.raises(Problem) as given_up:
            await hanging
        assert given_up.value.status == 500
        monkeypatch.setattr(module, "STUCK", waiting.PATIENCE)  # and what works is none that hangs
        await until(lambda: workers.alive == 1)
        assert workers.restarts == module.TRIES
        assert await once(workers, Deed(served[0]))

    with_processes(test, served)


def test_nothing_is_left_of_workers_that_were_stopped(served):
    pids = []

    async def test(workers):
        await until(lambda: all(worker.runner for worker in workers._workers))
        pids.extend(worker.runner.pid for worker in workers._workers)

    with_processes(test, served, number=3)
    assert len(pids) == 3
    waiting.until(lambda: not any(map(is_there, pids)))
