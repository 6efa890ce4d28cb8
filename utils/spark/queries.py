"""The queries of a stream while they run: what they tell, and that nobody takes their folders."""

import contextlib
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from utils.errors import InputError, number_of
from utils.signals import undisturbed
from utils.spark.marks import log_of
from utils.spark.places import Place
from utils.spark.sources import is_stored, plain
from utils.spark.table import Table
from utils.spark.words import with_causes

if TYPE_CHECKING:
    from pyspark.sql import SparkSession
    from pyspark.sql.streaming import DataStreamWriter, StreamingQuery

ROWS = "rows"
"""Name of the query that looks at what comes; the others read what it has written."""

_POLL = 1.0  # seconds
_CRUMB = re.compile(r"\.+.+\.[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}(\.TID\d+)?\.tmp(\.crc)?")


@dataclass
class Queries:
    """Queries that run, where they write, and what they have told.

    An interruption waits until Spark has answered, because it would break the connection to Java:
    the next call on it, which is to stop a query, could fail, and leave the query running.

    Attributes
    ----------
    tell
        Gets a line a batch.
    late
        Whether files came too late for their window.
    whole
        The number in the checkpoint of the last files of which every one was come to.
    """

    spark: "SparkSession"
    table: Table
    place: Place
    checkpoint: str
    tell: Callable[[str], None]
    late: bool = False
    whole: int = -1
    _running: dict[str, "StreamingQuery"] = field(default_factory=dict)
    _seen: dict[str, int] = field(default_factory=dict)
    _there: set[str] = field(default_factory=set)

    def start(self, name: str, writer: "DataStreamWriter") -> None:
        """Start a query, with a checkpoint of its own."""
        if not is_stored(self.checkpoint):
            clear_crumbs(Path(self.checkpoint) / name)
        with undisturbed():
            writer = writer.option("checkpointLocation", f"{self.checkpoint}/{name}")
            self._running[name] = writer.queryName(name).start()

    def wait(self, until: Callable[[], bool] | None = None) -> None:
        """Wait until no query runs, or until something is so; an error ends it all.

        Raises
        ------
        InputError
            If a folder was removed that rows, or how far they came, were written to: Spark would
            make it again, and go on without what was in it.
        """
        over = False
        try:
            while not over:
                with undisturbed():
                    over = not any(query.isActive for query in self._running.values())
                    self._hear_all(_POLL if over else _POLL / len(self._running))
                    self.check()
                    over = over or bool(until and until())
        except Exception as error:
            self.check(missed="does not exist" in with_causes(error))
            raise
        self.check()

    def check(self, missed: bool = False) -> None:
        """Raise an `InputError` if a folder that was there is gone; `missed` if Spark says so."""
        self.place.check()
        folders = {"rows": log_of(self.table), "checkpoint": f"{self.checkpoint}/{ROWS}/offsets"}
        for what, folder in folders.items():
            if is_stored(folder):  # where each look costs
                continue
            if self.place.holds(folder):
                self._there.add(folder)
            elif folder in self._there or missed:
                raise InputError(
                    f"{folder}: was removed while the stream ran, and with it what it knew of its "
                    f"{what}; begin anew, in another --output"
                )

    @contextlib.contextmanager
    def all_stopped(self) -> Iterator[None]:
        """Stop all queries at the end."""
        try:
            yield
        finally:
            for query in self._running.values():
                with contextlib.suppress(Exception):  # Spark itself may have ended
                    query.stop()

    def arrived(self, until: int | None = None) -> set[str]:
        """Return the paths of all files that the stream has noted, as rows have them.

        Parameters
        ----------
        until
            The number of the last files, as `whole`; None for all of them.
        """
        address = f"{self.checkpoint}/{ROWS}/sources/0"
        if not self.place.holds(address):
            return set()
        lines = (row.value for row in self.spark.read.text(address).toLocalIterator())
        noted = (json.loads(line) for line in lines if line.startswith("{"))
        return {
            plain(unquote(one["path"])) for one in noted if until is None or one["batchId"] <= until
        }

    def _hear_all(self, seconds: float) -> None:
        for name, query in self._running.items():
            query.awaitTermination(seconds)  # raises what ended it
            self._hear(name, query)

    def _hear(self, name: str, query: "StreamingQuery") -> None:
        for progress in query.recentProgress:
            number = progress["batchId"]
            if number <= self._seen.get(name, -1):
                continue
            self._seen[name] = number
            for state in progress["stateOperators"]:
                self.late |= state.get("numRowsDroppedByWatermark", 0) > 0
            if name == ROWS and (count := progress["numInputRows"]):
                self.tell(f"batch {number}: {number_of(count, 'file')}")
            if name == ROWS:
                self.whole = max(self.whole, _number_of(progress["sources"][0]["endOffset"]))


def _number_of(offset: str | Mapping[str, Any] | None) -> int:
    """Return the number of the last files before an offset; -1 where none have come yet."""
    told = json.loads(offset) if isinstance(offset, str) else offset
    return int(told["logOffset"]) if told else -1


def clear_crumbs(checkpoint: Path) -> None:
    """Remove what a full disk has left of files that Spark could not write whole.

    Spark never does, and refuses for ever to start where there are some of its very first batch.
    """
    offsets = checkpoint / "offsets"
    noted = any(path.name.isdecimal() for path in offsets.glob("*"))
    for path in list(checkpoint.rglob(".*")):
        if _CRUMB.fullmatch(path.name) or (path.parent == offsets and not noted):
            path.unlink(missing_ok=True)
