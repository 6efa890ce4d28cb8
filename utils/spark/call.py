"""One call of ``detect.py --engine spark``: what a batch and a stream have in common."""

import os
from argparse import Namespace
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from utils.apply.console import Console
from utils.errors import InputError
from utils.model_files import Model
from utils.records import record_as_json
from utils.spark.answer import Answer
from utils.spark.full_disk import full_disk_told, local_folder
from utils.spark.marks import BATCH
from utils.spark.places import Place
from utils.spark.session import conf_of, cores_of_a_task, has_class
from utils.spark.table import Table
from utils.spark.workers import Work

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

DELTA = "io.delta.sql.DeltaSparkSessionExtension"


@dataclass(frozen=True)
class Call:
    """What is asked for, and what does it.

    Attributes
    ----------
    args
        The command line.
    sinks
        Besides the table, and of what kind that is.
    videos
        Whether it is of videos.
    consoles
        Makes what is told to a person, of so many files; None where nobody knows.
    """

    args: Namespace
    model: Model
    work: Work
    sinks: tuple[str, ...]
    videos: bool
    consoles: Callable[[int | None], Console]

    def ready(self, spark: "SparkSession", fingerprints: bool = True) -> Work:
        """Return the work with what is known once there is Spark."""
        return replace(self.work, threads=cores_of_a_task(spark), fingerprints=fingerprints)

    def table(self, spark: "SparkSession", place: Place) -> Table:
        """Return the table that the rows go to.

        Raises
        ------
        InputError
            If Spark lacks what writes it.
        """
        kind = "delta" if "delta" in self.sinks else "parquet"
        if kind == "delta" and not has_class(spark, DELTA):
            raise InputError(
                "--sink delta: Delta Lake is not in the jars of this Spark; name its package, "
                "--conf spark.jars.packages=io.delta:delta-spark_2.13:VERSION, or leave it to "
                "parquet (docs/spark.md)"
            )
        return Table(place.table(f"{'videos' if self.videos else 'faces'}.{kind}"), kind)

    def judged_by(self) -> dict[str, Any]:
        """Return what must be the same for rows to be of one answer."""
        threshold, faces = float(self.model.threshold), self.args.faces
        return {"model": self.model.digest, "threshold": threshold, "faces": faces}

    @contextmanager
    def errors_told(self, place: Place, more: Mapping[str, str] | None = None) -> Iterator[None]:
        """Say of a folder or disk that results are written to what is wrong with it.

        Parameters
        ----------
        more
            What is written to besides, by the option that names it.
        """
        folders = {} if place.stored else {"--output": place.folder.absolute()}
        folders |= {
            **(more or {}),
            "spark.local.dir": local_folder(conf_of(self.args.conf), os.environ),
        }
        with full_disk_told(folders, self.named(place)):
            try:
                yield
            except Exception:
                place.check()
                raise

    def named(self, place: Place) -> str:
        """Return what the same command needs besides to go on in a place."""
        return "" if self.args.output else f" with --output {place}"

    def told(self, answer: Answer, place: Place, console: Console) -> Answer:
        """Send what was written where it belongs, and tell the answer."""
        place.send()
        place.remove(BATCH)
        lines = [line.replace(str(place.folder), str(place)) for line in answer.lines]
        if self.args.json and answer.rate:
            lines = record_as_json(answer.rate).decode().splitlines()
        console.answer(*lines)
        return answer
