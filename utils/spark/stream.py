"""A folder that fills, looked at as it does: every file once, whatever is killed meanwhile.

What a batch of files is, Spark writes into the checkpoint before it looks at them; which files of
rows belong to a batch it writes beside the rows, in one step, after them. A batch that was cut off
is looked at again, and its first rows are of no batch.
"""

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from utils.dataset.intake.kinds import IMAGE_SUFFIXES
from utils.errors import InputError, number_of
from utils.model_files import Model
from utils.records import parse_record, record_as_json
from utils.spark.batch import Table
from utils.spark.pictures import PICTURES, draw
from utils.spark.places import MARK, Place
from utils.spark.rows import SCHEMA_OF
from utils.spark.sources import LISTED, VIDEO_SUFFIXES, glob_of
from utils.spark.windows import Windows
from utils.spark.words import in_words
from utils.spark.workers import Work, look_at, watch_at

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession
    from pyspark.sql.streaming import DataStreamWriter, StreamingQuery

FOREVER = "36500d"
"""Age of a file from which it would be overlooked: Spark's own is a week before the newest."""

_POLL = 1.0  # seconds
_LOG_OF = {"parquet": "_spark_metadata", "delta": "_delta_log"}


@dataclass(frozen=True)
class Stream:
    """What is watched, and how.

    Attributes
    ----------
    root
        The folder, as Spark takes it.
    videos
        Whether it fills with videos.
    sinks
        Besides the table.
    files
        A batch.
    every
        Seconds between two batches.
    span, late
        Of windows, and how late a file may come.
    once
        Whether to end when all that is there is done.
    """

    root: str
    videos: bool = False
    sinks: tuple[str, ...] = ()
    files: int = 64
    every: int = 10
    span: str = "10 minutes"
    late: str = "10 minutes"
    once: bool = False


def check_mark(
    place: Place, stream: Stream, model: Model, event_time: str, checkpoint: str, table: Table
) -> None:
    """Leave a mark of what a stream is; one that goes on must be as it was.

    Raises
    ------
    InputError
        If it is another, the message names what differs; or if its checkpoint is gone, or is that
        of another: Spark would leave out what it takes to be done, and say nothing.
    """
    kept = ("root", "videos", "span", "late")
    now: dict[str, Any] = {key: value for key, value in asdict(stream).items() if key in kept}
    now |= {"model": model.digest, "threshold": float(model.threshold), "event_time": event_time}
    now |= {"checkpoint": checkpoint}
    path = place.folder / MARK
    begun = place.holds(f"{checkpoint}/rows/offsets")
    if path.is_file():
        before = parse_record(path.read_bytes(), path)
        if wrong := [key for key, value in now.items() if before.get(key, value) != value]:
            raise InputError(
                f"--output {place}: holds a stream whose {wrong[0]} is {before.get(wrong[0])}, "
                f"not {now[wrong[0]]}; go on with the same, or name another folder"
            )
        if not begun and place.holds(f"{table.address}/{_LOG_OF[table.kind]}"):
            raise InputError(
                f"{checkpoint}: is gone, which told what is done of the stream in --output "
                f"{place}; put it back, or begin anew in another folder"
            )
    elif begun:
        raise InputError(
            f"--checkpoint {checkpoint}: tells how far another stream came, whose rows are not in "
            f"--output {place}; name that one's, or a folder of its own"
        )
    place.write(MARK, record_as_json(now))


def run_stream(
    spark: "SparkSession",
    stream: Stream,
    work: Work,
    model: Model,
    place: Place,
    table: Table,
    checkpoint: str,
    tell: Callable[[str], None],
) -> bool:
    """Look at what comes until it is interrupted, or once at all there is.

    Parameters
    ----------
    tell
        Gets a line a batch.

    Returns
    -------
    Whether files came too late for their window.

    Raises
    ------
    KeyboardInterrupt
        If it was interrupted; all that is in the table is whole.
    """
    windows = Windows(spark, table, place, model, stream.videos)
    later: dict[str, Callable[[], DataStreamWriter]] = {
        "windows": lambda: windows.query(stream.span, stream.late)
    }
    if "pictures" in stream.sinks:
        later[PICTURES] = lambda: _read(spark, stream, table).writeStream.foreachBatch(
            lambda batch, _: draw(spark, batch, place.folder / PICTURES) and None
        )
    if "console" in stream.sinks:
        later["console"] = lambda: _shown(_read(spark, stream, table))
    rows = _rows(spark, stream, work).writeStream.format(table.kind).option("path", table.address)
    watched = _Watched(tell, checkpoint)
    with in_words(), watched.all_stopped():
        watched.start("rows", _trigger(rows, stream))
        watched.wait(until=None if stream.once else lambda: table.is_there(spark))
        if table.is_there(spark):  # those that follow read it
            for name, query in later.items():
                watched.start(name, _trigger(query(), stream))
            watched.wait()
    return watched.late


class _Watched:
    """Queries that run, and what they tell."""

    def __init__(self, tell: Callable[[str], None], checkpoint: str) -> None:
        self._tell, self._checkpoint = tell, checkpoint
        self._queries: dict[str, StreamingQuery] = {}
        self._seen: dict[str, int] = {}
        self.late = False

    def start(self, name: str, writer: "DataStreamWriter") -> None:
        """Start a query, with a checkpoint of its own."""
        writer = writer.option("checkpointLocation", f"{self._checkpoint}/{name}")
        self._queries[name] = writer.queryName(name).start()

    def wait(self, until: Callable[[], bool] | None = None) -> None:
        """Wait until no query runs, or until something is so; an error ends it all."""
        while any(query.isActive for query in self._queries.values()):
            for name, query in self._queries.items():
                query.awaitTermination(_POLL / len(self._queries))  # raises what ended it
                self._hear(name, query)
            if until and until():
                return
        for name, query in self._queries.items():
            query.awaitTermination(_POLL)
            self._hear(name, query)

    @contextlib.contextmanager
    def all_stopped(self) -> Iterator[None]:
        """Stop all queries at the end."""
        try:
            yield
        finally:
            for query in self._queries.values():
                with contextlib.suppress(Exception):  # Spark itself may have ended
                    query.stop()

    def _hear(self, name: str, query: "StreamingQuery") -> None:
        for progress in query.recentProgress:
            number = progress["batchId"]
            if number <= self._seen.get(name, -1):
                continue
            self._seen[name] = number
            for state in progress["stateOperators"]:
                self.late |= state.get("numRowsDroppedByWatermark", 0) > 0
            if name == "rows" and (count := progress["numInputRows"]):
                self._tell(f"batch {number}: {number_of(count, 'file')}")


def _trigger(writer: "DataStreamWriter", stream: Stream) -> "DataStreamWriter":
    if stream.once:
        return writer.trigger(availableNow=True)
    return writer.trigger(processingTime=f"{stream.every} seconds")


def _rows(spark: "SparkSession", stream: Stream, work: Work) -> "DataFrame":
    reader = spark.readStream.format("binaryFile").schema(LISTED)
    reader = reader.option("recursiveFileLookup", "true").option("maxFileAge", FOREVER)
    suffixes = VIDEO_SUFFIXES if stream.videos else IMAGE_SUFFIXES
    reader = reader.option("pathGlobFilter", glob_of(suffixes))
    files = reader.option("maxFilesPerTrigger", stream.files).load(stream.root)
    schema = SCHEMA_OF[stream.videos]
    if stream.videos:
        each = files.drop("content").repartition(stream.files)  # of paths: a task a video
        return each.mapInPandas(partial(watch_at, work), schema)
    return files.mapInPandas(partial(look_at, work), schema)


def _shown(rows: "DataFrame") -> "DataStreamWriter":
    told = rows.select("path", "status", "people", "event_time")
    return told.writeStream.format("console").option("truncate", "false")


def _read(spark: "SparkSession", stream: Stream, table: Table) -> "DataFrame":
    return spark.readStream.schema(SCHEMA_OF[stream.videos]).format(table.kind).load(table.address)
