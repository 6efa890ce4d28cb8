"""Jobs are taken in turn, those of a kind together; who leaves the queue is not taken."""

import threading
from dataclasses import dataclass

import pytest

from service import waiting as module
from service.waiting import Job, Queue


@dataclass
class Work:
    name: str
    together: str = "all"


def job(name: str, together: str = "all") -> Job:
    return Job(Work(name, together), None)  # nobody waits for what it gives


@pytest.fixture
def queue(monkeypatch) -> Queue:
    monkeypatch.setattr(module, "PAUSE", 0.01)
    return Queue()


def taken(queue: Queue, most: int = 1) -> list[str]:
    return [one.task.name for one in queue.take(most)]


def test_the_first_is_taken_with_those_of_its_kind_up_to_the_most(queue):
    for name, kind in (("a", "x"), ("b", "y"), ("c", "x"), ("d", "x")):
        queue.put(job(name, kind))
    assert taken(queue, 2) == ["a", "c"]
    assert taken(queue, 2) == ["b"], "the next in turn is of another kind"
    assert taken(queue, 2) == ["d"]
    assert taken(queue, 2) == [], "nothing comes for a while"


def test_work_that_is_handed_on_is_the_next(queue):
    queue.put(job("a"))
    queue.put(job("b"), first=True)
    assert taken(queue) == ["b"]


def test_who_leaves_is_not_taken_and_who_was_taken_cannot_leave(queue):
    first, second = job("a"), job("b")
    queue.put(first)
    queue.put(second)
    assert queue.discard(first) and not queue.discard(first)
    assert taken(queue) == ["b"] and not queue.discard(second)
    assert len(queue) == 0


def test_a_closed_queue_gives_nothing_and_wakes_who_waits(queue, monkeypatch):
    monkeypatch.setattr(module, "PAUSE", 60)
    found = []
    thread = threading.Thread(target=lambda: found.append(queue.take(1)))
    thread.start()
    queue.close()
    thread.join(10)
    queue.put(job("late"))
    assert found == [None] and queue.take(1) is None
