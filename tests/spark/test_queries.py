"""Queries of a stream are stopped, whenever it is interrupted."""

import os
import signal
import time

import pytest

from utils.signals import handled
from utils.spark.queries import Queries


class Writer:
    """A query that has begun in Spark before the call that starts it comes back."""

    def __init__(self, interrupted: bool) -> None:
        self.interrupted, self.runs = interrupted, False

    def option(self, name: str, value: str) -> "Writer":
        return self

    def queryName(self, name: str) -> "Writer":
        return self

    def start(self) -> "Writer":
        self.runs = True
        if self.interrupted:
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(0.2)
        return self

    def stop(self) -> None:
        self.runs = False


class Asked:
    """A query that is interrupted while Spark answers what it was asked."""

    isActive, recentProgress = True, ()

    def __init__(self) -> None:
        self.asked = self.answered = 0

    def awaitTermination(self, seconds: float) -> None:
        self.asked += 1
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(0.1)
        self.answered += 1


def test_a_query_is_stopped_that_was_interrupted_while_it_began():
    """Spark goes on with it, and would refuse a query of that name from then on."""
    queries = Queries(None, None, None, "s3a://store/checkpoint", print)
    writers = {"rows": Writer(False), "windows": Writer(True)}
    with (
        handled({signal.SIGINT: signal.default_int_handler}),
        pytest.raises(KeyboardInterrupt),
        queries.all_stopped(),
    ):
        for name, writer in writers.items():
            queries.start(name, writer)
    assert not any(writer.runs for writer in writers.values())


def test_an_interruption_waits_until_spark_has_answered(monkeypatch):
    """It would break the connection to Java, and the call after it, which stops the query."""
    queries, query = Queries(None, None, None, "s3a://store/checkpoint", print), Asked()
    monkeypatch.setattr(queries, "check", lambda missed=False: None)
    queries._running["rows"] = query
    with (
        handled({signal.SIGTERM: signal.default_int_handler}),
        pytest.raises(KeyboardInterrupt),
    ):
        queries.wait()
    assert query.asked == query.answered == 1
