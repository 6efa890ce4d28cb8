"""How long a cluster is waited for: until it answers, gives an executor, and gives one again."""

import contextlib
import logging
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from utils.errors import InputError

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

_POLL = 5.0  # seconds
_GIVEN_UP = ("stopped SparkContext", "All masters are unresponsive", "Master removed our")


@dataclass(frozen=True)
class Patience:
    """How long a master is waited for.

    Attributes
    ----------
    master
        Its address; None where `spark-submit` knows it.
    seconds
        In which it must answer and give an executor, and in which it must give another one when
        all are lost.
    """

    master: str | None
    seconds: float

    @contextlib.contextmanager
    def answered(self) -> Iterator[None]:
        """End the start of a session that does not come: its Java is killed.

        Raises
        ------
        InputError
            If the master did not answer in time, or Spark itself gave it up (after a minute).
        """
        from pyspark import SparkContext

        ended = threading.Event()

        def end() -> None:
            if process := getattr(SparkContext._gateway, "proc", None):
                ended.set()
                process.kill()

        timer = threading.Timer(self.seconds, end)
        timer.daemon = True
        began = time.monotonic()
        if not _here(self.master or ""):
            timer.start()
        try:
            yield
        except Exception as error:
            if ended.is_set():
                SparkContext._gateway = SparkContext._jvm = None  # the next one starts anew
            elif not _given_up(error):
                raise
            raise InputError(
                f"--master {self.master}: what takes connections there did not answer as a master "
                f"of this version of Spark within {time.monotonic() - began:.0f} s, or sent us "
                "away; look at the address, its version and its log"
            ) from error
        finally:
            timer.cancel()

    def for_executor(self, spark: "SparkSession") -> None:
        """Wait until a cluster has given an executor.

        Raises
        ------
        InputError
            If it does not in time.
        """
        if _here(spark.sparkContext.master):
            return
        end = time.monotonic() + self.seconds
        while not _executors(spark):
            if time.monotonic() > end:
                raise InputError(
                    f"--master {spark.sparkContext.master}: no executor came within "
                    f"{self.seconds:.0f} s; look at the master's page, whether workers are there "
                    "and have the memory and cores that are asked for (--conf "
                    "spark.executor.memory=1g, spark.cores.max=2), or --wait longer"
                )
            time.sleep(0.2)

    @contextlib.contextmanager
    def kept(self, spark: "SparkSession") -> Iterator[None]:
        """End work for which no executor is there any more, because Spark would wait for ever.

        Raises
        ------
        InputError
            If that was so, or the cluster has ended Spark meanwhile.
        """
        master = spark.sparkContext.master
        over, lost = threading.Event(), threading.Event()

        def watch() -> None:
            since = time.monotonic()
            while not over.wait(_POLL):
                with contextlib.suppress(Exception):  # Spark itself has ended: that is told
                    if (
                        _executors(spark)
                        or not spark.sparkContext.statusTracker().getActiveJobsIds()
                    ):
                        since = time.monotonic()
                    elif time.monotonic() - since > self.seconds:
                        lost.set()
                        spark.sparkContext.cancelAllJobs()

        watcher = threading.Thread(target=watch, daemon=True)
        if not _here(master):
            watcher.start()
        try:
            yield
        except Exception as error:
            if lost.is_set():
                raise InputError(
                    f"--master {master}: no executor was left, and none came within "
                    f"{self.seconds:.0f} s; look whether the master and its workers run, and give "
                    "the same command again: it goes on where it stopped"
                ) from error
            if watcher.ident and _given_up(error):
                raise InputError(
                    f"--master {master}: the cluster has ended Spark; look at its log, and give "
                    "the same command again: it goes on where it stopped"
                ) from error
            raise
        finally:
            over.set()


@contextlib.contextmanager
def quiet_py4j() -> Iterator[None]:
    """Keep to itself what the bridge to Java logs when Java ends, with pages of calls."""
    log = logging.getLogger("py4j")
    before = log.level
    log.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        log.setLevel(before)


def _here(master: str) -> bool:
    """Return whether this machine is the master, which is not waited for."""
    return master.startswith("local")


def _executors(spark: "SparkSession") -> int:
    return spark.sparkContext._jsc.sc().getExecutorMemoryStatus().size() - 1  # one is the driver


def _given_up(error: BaseException | None) -> bool:
    """Return whether an error, or what it stands for, says that the cluster has ended Spark."""
    if error is None:
        return False
    return any(words in str(error) for words in _GIVEN_UP) or _given_up(error.__cause__)
