"""The rate of a stream by windows of time: each once, when nothing more can come into it."""

import csv
import io
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from utils.apply.collected import Collected
from utils.dataset.labels import CLASSES
from utils.model_files import Model
from utils.records import parse_record, record_as_json
from utils.spark.answer import columns_of_found, plain_rows, rate_of_people
from utils.spark.places import Place
from utils.spark.rows import DONE, OTHER, SCHEMA_OF, found_of, persons_of
from utils.spark.table import Table

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession
    from pyspark.sql.streaming import DataStreamWriter

WINDOWS, TABLE = "windows", "windows.csv"
COLUMNS = (
    *("start", "end", "files", "not_read", "people", *CLASSES),
    *("share_found", "share", "low", "high"),
)


@dataclass
class Windows:
    """Writes a record a window, and a table of them all.

    Attributes
    ----------
    table
        The rows that a stream has written.
    place
        Where the records go.
    videos
        Whether the rows are of videos.
    """

    spark: "SparkSession"
    table: Table
    place: Place
    model: Model
    videos: bool = False

    def query(self, span: str, late: str) -> "DataStreamWriter":
        """Return the query that counts rows by window, and writes those that are over.

        A window is over when the newest event is later than its end by `late`; what comes still
        later is in the rows, and in the answer for the whole, but in no window.
        """
        from pyspark.sql import functions as of

        rows = self.spark.readStream.schema(SCHEMA_OF[self.videos]).format(self.table.kind)
        rows = rows.load(self.table.address).withWatermark("event_time", late)
        counted = (
            rows.where(f"status != '{OTHER}'")
            .groupBy(of.window("event_time", span))
            .agg(
                of.count("*").alias("files"),
                of.sum((of.col("status") != DONE).cast("long")).alias("not_read"),
                *(
                    of.coalesce(of.sum(name), of.lit(0)).alias(name)
                    for name in ("people", *CLASSES)
                ),
            )
        )
        flat = counted.select("window.start", "window.end", "files", "not_read", "people", *CLASSES)
        return flat.writeStream.outputMode("append").foreachBatch(self.write)

    def write(self, windows: "DataFrame", number: int) -> None:
        """Write the records of windows that are over, and the table of all; again, if need be."""
        over = sorted(windows.collect(), key=lambda row: row.start)
        for row in over:
            record = self.record(row.asDict())
            name = f"{WINDOWS}/{row.start:%Y%m%dT%H%M%S}.json"
            self.place.write(name, record_as_json(record))
        if over:
            self.place.write(TABLE, self.as_table())

    def record(self, counts: dict[str, Any]) -> dict[str, Any]:
        """Return the rate of a window, with what was counted in it when it was over."""
        start, end = counts["start"], counts["end"]
        rows = self.table.read(self.spark).where(
            f"event_time >= timestamp'{start}' and event_time < timestamp'{end}'"
        )
        made = _of_videos if self.videos else _of_photographs
        told = {key: value for key, value in counts.items() if not isinstance(value, datetime)}
        ends = {"start": start.isoformat(), "end": end.isoformat()}
        return {**ends, "counted": told, "rate": made(rows, self.model)}

    def as_table(self) -> bytes:
        """Return all windows so far as a table."""
        text = io.StringIO(newline="")
        writer = csv.writer(text)
        writer.writerow(COLUMNS)
        for path in sorted((self.place.folder / WINDOWS).glob("*.json")):
            record = parse_record(path.read_bytes(), path)
            counted, rate = record["counted"], record["rate"]
            share = rate.get("properly_masked", rate)
            low, high = share["interval"] or (None, None)
            numbers = [counted[name] for name in ("files", "not_read", "people", *CLASSES)]
            shares = (share["raw_share"], share["share"], low, high)
            cells = ["" if value is None else f"{value:.4f}" for value in shares]
            writer.writerow([record["start"], record["end"], *numbers, *cells])
        return text.getvalue().encode()


def _of_photographs(rows: "DataFrame", model: Model) -> dict[str, Any]:
    collected = Collected(model)
    for row in plain_rows(rows.where(f"status != '{OTHER}'").select(columns_of_found(True))):
        collected.add(found_of(row, row["path"], row["path"]))
    return collected.rate(collected.predictions())


def _of_videos(rows: "DataFrame", model: Model) -> dict[str, Any]:
    kept = plain_rows(rows.where(f"status = '{DONE}'").orderBy("path").select("persons"))
    return rate_of_people([person for row in kept for person in persons_of(row)], model)
