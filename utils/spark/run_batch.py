"""A batch from its command line to its answer; one that was ended in the middle goes on."""

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from utils.apply.console import Console
from utils.apply.sentences import of_a_face_each
from utils.dataset.intake.words import told_of_new
from utils.errors import InputError, number_of
from utils.spark.answer import (
    COMPARED,
    Answer,
    columns_of_found,
    folders_of,
    of_photographs,
    of_videos,
)
from utils.spark.batch import look_at_disk, look_at_store, parts_of, stored, watch_videos
from utils.spark.call import Call
from utils.spark.marks import BATCH, mark_batch
from utils.spark.pictures import PICTURES, draw
from utils.spark.places import Place
from utils.spark.sources import OnDisk, is_stored, on_disk, videos_of
from utils.spark.table import Table

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

Session = Callable[[], AbstractContextManager["SparkSession"]]

_OF_VIDEOS = ("pace", "every", "start", "end", "limit", "clock", "least_seconds")


def run_photographs(call: Call, session: Session) -> Answer:
    """Look at all photographs that there are."""
    words = call.args.sources
    far = [is_stored(word) for word in words]
    if any(far) != all(far):
        raise InputError("name folders of a disk, or of a store, one after the other")
    found = None if all(far) else OnDisk.of(words)
    with (
        Place(call.args.output, [Path(word) for word in words if found], BATCH) as place,
        session() as spark,
        call.errors_told(place),
    ):
        place.open(spark)
        listed = found or stored(spark, words)
        facts = listed.photographs.facts if found else listed.facts
        if not facts["photos"]:
            raise InputError(f"{', '.join(words)}: there is no photograph in it")
        compared = facts["photos"] <= COMPARED
        work, table = call.ready(spark, compared), call.table(spark, place)
        with call.consoles(facts["photos"]) as console, _interruption_told(call, place, console):
            console.tell(*told_of_new(facts), *of_a_face_each(call.model))
            parts = _begun(call, spark, place, table, parts_of(facts["photos"]), console)
            if found:
                look_at_disk(spark, work, found, table, parts, place.check)
            else:
                look_at_store(spark, work, listed, words, table, parts, place.check)
            kept = table.read(spark).select(columns_of_found(compared))
            answer = of_photographs(kept, call.model, place.folder, listed, console)
            _also(call, spark, table, place, console)
            return call.told(answer, place, console)


def run_videos(call: Call, session: Session) -> Answer:
    """Watch all videos that there are."""
    paths = videos_of(call.args.sources)
    with (
        Place(call.args.output, [Path(word) for word in call.args.sources], BATCH) as place,
        session() as spark,
        call.errors_told(place),
        call.consoles(len(paths)) as console,
        _interruption_told(call, place, console),
    ):
        place.open(spark)
        table = call.table(spark, place)
        console.tell(f"Videos: {len(paths):,}")
        _begun(call, spark, place, table, 0, console)
        watch_videos(spark, call.ready(spark), paths, table, place.check)
        rows = table.read(spark).select(
            "path", "status", "reason", "seconds", "gaps", "persons", "files"
        )
        answer = of_videos(rows, call.model, place.folder, folders_of(paths), console)
        return call.told(answer, place, console)


@contextmanager
def _interruption_told(call: Call, place: Place, console: Console) -> Iterator[None]:
    try:
        yield
    except KeyboardInterrupt:
        console.tell(f"Interrupted: the same command{call.named(place)} goes on where it stopped.")
        raise


def _begun(
    call: Call, spark: "SparkSession", place: Place, table: Table, parts: int, console: Console
) -> int:
    """Leave the mark of the batch, or go on with one; return in how many parts it is done."""
    args = call.args
    words = [word if is_stored(word) else os.path.abspath(on_disk(word)) for word in args.sources]  # noqa: PTH100 (links stay as they were named)
    now: dict[str, Any] = {"sources": words, "videos": call.videos, "table": table.kind}
    now |= call.judged_by()
    now |= {name: str(getattr(args, name)) for name in (_OF_VIDEOS if call.videos else ())}
    begun = mark_batch(place, now, parts, new=not table.parts(spark))
    if begun is None:
        return parts
    rows = table.read(spark).count()
    console.tell(f"Goes on: rows of {number_of(rows, 'file')} are there")
    return begun


def _also(call: Call, spark: "SparkSession", table: Table, place: Place, console: Console) -> None:
    """Fill the sinks besides the table."""
    rows = table.read(spark)
    if "console" in call.sinks:
        shown = rows.select("path", "status", "people").orderBy("path").limit(20)
        console.answer(*(f"{row.path} {row.status} {row.people}" for row in shown.collect()))
    if PICTURES in call.sinks:
        drawn, gone = draw(spark, rows, place.folder / PICTURES)
        gone_told = f"; {gone:,} were gone, or had changed" if gone else ""
        console.tell(f"Drawn: {number_of(drawn, 'photograph')}{gone_told}")
