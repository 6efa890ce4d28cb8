"""All photographs, or videos, that there are, looked at once: rows in a table."""

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from utils.errors import InputError
from utils.spark.rows import NOT_READ, PHOTOGRAPHS, VIDEOS
from utils.spark.sources import OnDisk, Stored, read_files
from utils.spark.workers import Work, look_at, look_at_paths, watch_at

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

_LEFT = "place binary, path string, modificationTime timestamp, length long"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TASKS_A_CORE = 4


@dataclass(frozen=True)
class Table:
    """Rows that Spark keeps: where, and how (``parquet``, ``delta``)."""

    address: str
    kind: str = "parquet"

    def add(self, rows: "DataFrame") -> None:
        """Write rows, besides those that are there: all of them, or none."""
        rows.write.format(self.kind).mode("append").save(self.address)

    def read(self, spark: "SparkSession") -> "DataFrame":
        """Return what was written."""
        return spark.read.format(self.kind).load(self.address)

    def is_there(self, spark: "SparkSession") -> bool:
        """Return whether anything was written."""
        from pyspark.errors import AnalysisException

        try:
            self.read(spark)
        except AnalysisException:  # no folder, or no file in it that tells the columns
            return False
        return True

    def paths(self, spark: "SparkSession") -> set[str]:
        """Return the paths of the files that have a row; none where there is no table yet."""
        if not self.is_there(spark):
            return set()
        return {row.path for row in self.read(spark).select("path").toLocalIterator()}


def key(path: str) -> str:
    """Return what a path is called in rows, which are UTF-8: itself, unless it is none."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def stored(spark: "SparkSession", words: Sequence[str]) -> Stored:
    """List the photographs of a store.

    Parameters
    ----------
    words
        Addresses of folders, files and patterns.
    """
    listed = read_files(spark, words).select("path")
    paths = sorted({row.path for row in listed.toLocalIterator()})
    files = 0
    for word in words:
        path = spark._jvm.org.apache.hadoop.fs.Path(word)
        files_of = path.getFileSystem(spark._jsc.hadoopConfiguration())
        for status in files_of.globStatus(path) or ():
            files += files_of.getContentSummary(status.getPath()).getFileCount()
    return Stored(paths, max(0, files - len(paths)))


def look_at_disk(spark: "SparkSession", work: Work, found: OnDisk, table: Table) -> None:
    """Write a row for every photograph of a disk.

    Spark's own reader leaves out empty files and names that begin with ``_``, skips what it may not
    read, and knows no name that is not UTF-8: what has no row then is opened by its path.
    """
    places = {key(path): path for path in found.places()}
    have: set[str] = set()
    if found.roots:
        frame = read_files(spark, found.roots)
        table.add(frame.mapInPandas(partial(look_at, work), PHOTOGRAPHS))
        have = table.paths(spark)
    left = [(shown, path) for shown, path in places.items() if shown not in have]
    if left:
        frame = by_path(spark, left)
        table.add(frame.mapInPandas(partial(look_at_paths, work), PHOTOGRAPHS))
        _check_whole(spark, table, places)


def look_at_store(
    spark: "SparkSession", work: Work, found: Stored, words: Sequence[str], table: Table
) -> None:
    """Write a row for every photograph of a store; one that could not be fetched has one, too."""
    frame = read_files(spark, words)
    table.add(frame.mapInPandas(partial(look_at, work), PHOTOGRAPHS))
    have = table.paths(spark)
    left = [path for path in found.paths if path not in have]
    if left:
        reason = "could not be fetched; look at its rights, and that it is not empty"
        rows = [(path, NOT_READ, f"{path}: {reason}") for path in left]
        short = spark.createDataFrame(rows, "path string, status string, reason string")
        table.add(_widened(spark, short))


def watch_videos(spark: "SparkSession", work: Work, paths: Sequence[str], table: Table) -> None:
    """Write a row for every video, each a task of its own."""
    files = [(key(path), path) for path in paths]
    frame = by_path(spark, files, len(paths)).drop("place")
    table.add(frame.mapInPandas(partial(watch_at, work), VIDEOS))
    _check_whole(spark, table, dict(files))


def _check_whole(spark: "SparkSession", table: Table, places: Mapping[str, str]) -> None:
    """Raise an `InputError` if a file has no row: workers wrote where the driver does not look."""
    lost = len(places.keys() - table.paths(spark))
    if lost:
        raise InputError(
            f"{table.address}: the rows of {lost:,} of {len(places):,} files are not there; "
            "--output must be a folder that driver and workers share, or one of a store"
        )


def by_path(
    spark: "SparkSession", files: Sequence[tuple[str, str]], tasks: int | None = None
) -> "DataFrame":
    """Return files of this machine as rows without their content.

    Parameters
    ----------
    files
        What each is called in rows, and its path.
    tasks
        How many tasks share them.
    """
    most = _TASKS_A_CORE * spark.sparkContext.defaultParallelism
    rows = spark.sparkContext.parallelize(list(_stated(files)), tasks or min(len(files), most))
    return spark.createDataFrame(rows, _LEFT)


def _stated(files: Iterable[tuple[str, str]]) -> Iterable[tuple[Any, ...]]:
    for shown, path in files:
        try:
            status = os.stat(path)  # noqa: PTH116 (bytes that are no UTF-8, too)
        except OSError:
            yield bytearray(os.fsencode(path)), shown, _EPOCH, 0
        else:
            time = datetime.fromtimestamp(status.st_mtime, UTC)
            yield bytearray(os.fsencode(path)), shown, time, status.st_size


def _widened(spark: "SparkSession", rows: "DataFrame") -> "DataFrame":
    """Return rows with all columns of `PHOTOGRAPHS`, empty where there was none."""
    from pyspark.sql import functions as of

    whole = spark.createDataFrame([], PHOTOGRAPHS).schema
    columns = [
        of.col(one.name)
        if one.name in rows.columns
        else of.lit(None).cast(one.dataType).alias(one.name)
        for one in whole
    ]
    return rows.select(*columns)
