"""A folder that fills, looked at as it does: every file once, whatever is killed meanwhile.

What a batch of files is, Spark writes into the checkpoint before it looks at them; which files of
rows belong to a batch it writes beside the rows, in one step, after them. A batch that was cut off
is looked at again, and its first rows are of no batch.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from utils.dataset.intake.kinds import IMAGE_SUFFIXES
from utils.model_files import Model
from utils.signals import undisturbed
from utils.spark.pictures import PICTURES, draw
from utils.spark.queries import ROWS, Queries
from utils.spark.rows import SCHEMA_OF
from utils.spark.sources import LISTED, VIDEO_SUFFIXES, glob_of
from utils.spark.table import Table
from utils.spark.windows import Windows
from utils.spark.words import in_words
from utils.spark.workers import Work, look_at, watch_at

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession
    from pyspark.sql.streaming import DataStreamWriter

FOREVER = "36500d"
"""Age of a file from which it would be overlooked: Spark's own is a week before the newest."""


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


def run_stream(stream: Stream, work: Work, model: Model, queries: Queries) -> None:
    """Look at what comes until it is interrupted, or once at all there is.

    Parameters
    ----------
    queries
        Where they write; none runs yet.

    Raises
    ------
    KeyboardInterrupt
        If it was interrupted; all that is in the table is whole.
    """
    spark, table, place = queries.spark, queries.table, queries.place
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
    with in_words(), queries.all_stopped():
        queries.start(ROWS, _trigger(rows, stream))
        queries.wait(until=None if stream.once else lambda: table.is_there(spark))
        with undisturbed():
            if table.is_there(spark):  # those that follow read it
                for name, query in later.items():
                    queries.start(name, _trigger(query(), stream))
        queries.wait()


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
