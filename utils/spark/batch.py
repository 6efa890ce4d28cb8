"""All photographs, or videos, that there are, looked at once: rows in a table, part by part.

A part that is whole stays, whatever ends the batch later: who begins it again goes on after it.
"""

import itertools
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from utils.errors import InputError
from utils.spark.rows import NOT_READ, PHOTOGRAPHS, VIDEOS
from utils.spark.sources import OnDisk, Stored, read_files
from utils.spark.table import Table
from utils.spark.workers import Work, look_at, look_at_paths, watch_at

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

_LEFT = "place binary, path string, modificationTime timestamp, length long"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TASKS_A_CORE = 4

A_PART = 10_000
"""Photographs: minutes of a machine, that a full disk or a driver that is killed costs at most."""


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


def parts_of(photographs: int) -> int:
    """Return in how many parts so many photographs are looked at."""
    return -(-photographs // A_PART)


def look_at_disk(
    spark: "SparkSession",
    work: Work,
    found: OnDisk,
    table: Table,
    parts: int,
    check: Callable[[], None],
) -> None:
    """Write a row for every photograph of a disk that has none.

    Spark's own reader leaves out empty files and names that begin with ``_``, skips what it may not
    read, and knows no name that is not UTF-8: what has no row then is opened by its path.

    Parameters
    ----------
    parts
        In which it is done; the same number when it goes on.
    check
        Is called after each part, and raises what ends it all.
    """
    places = {key(path): path for path in found.places()}
    if found.roots:
        _look_in_parts(spark, work, read_files(spark, found.roots), table, parts, check)
    have = table.paths_of_parts(spark)
    left = [(shown, path) for shown, path in places.items() if shown not in have]
    for part, some in _numbered(spark, table, parts, left, A_PART):
        table.add(by_path(spark, some).mapInPandas(partial(look_at_paths, work), PHOTOGRAPHS), part)
        check()
    if left:
        _check_whole(spark, table, places)


def look_at_store(
    spark: "SparkSession",
    work: Work,
    found: Stored,
    words: Sequence[str],
    table: Table,
    parts: int,
    check: Callable[[], None],
) -> None:
    """Write a row for every photograph of a store that has none.

    What could not be fetched has a row, too. Where it goes on, what came meanwhile is looked at.
    """
    from pyspark.sql import functions as of

    frame, went_on = read_files(spark, words), bool(table.parts(spark))
    _look_in_parts(spark, work, frame, table, parts, check)
    address = of.col("_metadata.file_path")
    came = _without(spark, found, table) if went_on else []
    for part, paths in _numbered(spark, table, parts, came, A_PART):
        named = frame.where(of.col("path").isin(paths)).select(address.alias("address"))
        addresses = [row.address for row in named.collect()]
        some = frame.where(address.isin(addresses))
        table.add(some.mapInPandas(partial(look_at, work), PHOTOGRAPHS), part)
    for part, some in _numbered(spark, table, parts, _without(spark, found, table), A_PART):
        reason = "could not be fetched; look at its rights, and that it is not empty"
        rows = [(path, NOT_READ, f"{path}: {reason}") for path in some]
        short = spark.createDataFrame(rows, "path string, status string, reason string")
        table.add(_widened(spark, short), part)


def _without(spark: "SparkSession", found: Stored, table: Table) -> list[str]:
    have = table.paths_of_parts(spark)
    return [path for path in found.paths if path not in have]


def watch_videos(
    spark: "SparkSession",
    work: Work,
    paths: Sequence[str],
    table: Table,
    check: Callable[[], None],
) -> None:
    """Write a row for every video that has none, each a task of its own."""
    files, have = [(key(path), path) for path in paths], table.paths_of_parts(spark)
    left = [(shown, path) for shown, path in files if shown not in have]
    for part, some in _numbered(spark, table, 0, left, _videos_of_a_part(spark)):
        frame = by_path(spark, some, len(some)).drop("place")
        table.add(frame.mapInPandas(partial(watch_at, work), VIDEOS), part)
        check()
    _check_whole(spark, table, dict(files))


def _look_in_parts(
    spark: "SparkSession",
    work: Work,
    frame: "DataFrame",
    table: Table,
    parts: int,
    check: Callable[[], None],
) -> None:
    """Look at the parts of files that are not there yet."""
    done = table.parts(spark)
    for part in range(parts):
        if part in done:
            continue
        some = frame if parts == 1 else part_of(frame, part, parts)
        table.add(some.mapInPandas(partial(look_at, work), PHOTOGRAPHS), part)
        check()


def part_of(frame: "DataFrame", part: int, parts: int) -> "DataFrame":
    """Return the files of a part, dealt by a digest of their path.

    Spark knows paths before it opens anything, so that it opens no file of another part.
    """
    from pyspark.sql import functions as of

    return frame.where(of.pmod(of.xxhash64("_metadata.file_path"), of.lit(parts)) == part)


def _numbered(
    spark: "SparkSession", table: Table, parts: int, left: Sequence[Any], size: int
) -> Iterator[tuple[int, Sequence[Any]]]:
    """Yield what is left by parts, with numbers that no part has."""
    free = itertools.count(max({parts - 1, *table.parts(spark)}) + 1) if left else iter(())
    for part, first in zip(free, range(0, len(left), size), strict=False):
        yield part, left[first : first + size]


def _videos_of_a_part(spark: "SparkSession") -> int:
    return max(32, 8 * spark.sparkContext.defaultParallelism)


def _check_whole(spark: "SparkSession", table: Table, places: Mapping[str, str]) -> None:
    """Raise an `InputError` if a file has no row: workers wrote where the driver does not look."""
    lost = len(places.keys() - table.paths_of_parts(spark))
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
