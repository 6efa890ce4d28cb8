"""What is done again and again from beside, and troubles that are told once."""

import logging
import threading
import time

from utils.tracking.beside import Beside, Troubles


def test_it_is_done_again_and_again_until_it_is_ended_and_what_was_begun_is_done():
    begun, done = threading.Semaphore(0), []

    def act() -> None:
        begun.release()
        time.sleep(0.05)
        done.append(1)

    beside = Beside(act, 0.001, "test")
    beside.begin()
    for _ in range(3):
        assert begun.acquire(timeout=120)
    beside.end(wait=True)
    times = len(done)
    assert times >= 3
    time.sleep(0.1)
    assert len(done) == times


def test_a_trouble_is_told_once_until_it_is_another_or_was_over(caplog):
    troubles = Troubles(logging.getLogger("test"))
    for about, word in (("a", "x"), ("a", "x"), ("b", "x"), ("a", "y"), ("a", "x")):
        troubles.tell(about, f"{about} stays", ValueError(word))
    troubles.over("a")
    troubles.over("none")
    troubles.tell("a", "a stays", ValueError("x"))
    told = [one.message for one in caplog.records]
    assert told == ["a stays: x", "b stays: x", "a stays: y", "a stays: x", "a stays: x"]
