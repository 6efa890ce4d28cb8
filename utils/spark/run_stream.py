"""A stream from its command line to its answer."""

from pathlib import Path

from utils.apply.console import Console
from utils.errors import InputError, MaskDetectionError
from utils.spark.answer import (
    COMPARED,
    Answer,
    columns_of_found,
    in_table,
    lasting_folders_of,
    of_photographs,
    of_videos,
)
from utils.spark.batch import key
from utils.spark.call import Call
from utils.spark.marks import STREAM, mark_stream
from utils.spark.places import Place
from utils.spark.queries import Queries
from utils.spark.run_batch import Session
from utils.spark.sources import OnDisk, is_stored, on_disk, rooted, videos_of
from utils.spark.stream import Stream, run_stream

UNSEEN = (
    "Spark's stream left it out: it is empty, may not be read, has a name that begins with _, or "
    "was gone before it was come to; mend that, and let it come again under another name"
)


def run_watched(call: Call, session: Session) -> Answer:
    """Watch a folder that fills."""
    args = call.args
    if len(args.sources) != 1:
        raise InputError("--stream: watches one folder; name one")
    if args.output is None:
        raise InputError("--stream: name its --output, so that it can go on in it")
    (word,) = args.sources
    stream = Stream(
        rooted(word),
        call.videos,
        call.sinks,
        files=args.files_per_trigger or (8 if call.videos else 64),
        every=args.every_seconds or 10,
        span=args.window or "10 minutes",
        late=args.late or "10 minutes",
        once=args.once,
    )
    with Place(args.output, [] if is_stored(word) else [Path(word)], STREAM) as place:
        checkpoint = _whole(args.checkpoint) or place.table("checkpoint")
        elsewhere = {} if is_stored(checkpoint) else {"--checkpoint": checkpoint}
        with (
            session() as spark,
            call.errors_told(place, elsewhere),
            call.consoles(None) as console,
        ):
            place.open(spark)
            table = call.table(spark, place)
            now = {name: getattr(stream, name) for name in ("root", "videos", "span", "late")}
            now |= {**call.judged_by(), "event_time": call.work.event_time}
            mark_stream(place, now, checkpoint, table)
            queries = Queries(spark, table, place, checkpoint, console.tell)
            work = call.ready(spark)
            try:
                run_stream(stream, work, call.model, queries)
            except KeyboardInterrupt:
                console.tell("Interrupted: what was looked at so far is written.")
                call.told(_answer(call, queries, word, console, False), place, console)
                raise
            if queries.late:
                console.tell("Files came too late for their windows, and are in none of them.")
            answer = _answer(call, queries, word, console, True)
            return call.told(answer, place, console)


def _answer(call: Call, queries: Queries, word: str, console: Console, whole: bool) -> Answer:
    """Return the answer for all rows so far; `whole` if all that was there should have one."""
    spark, table, place = queries.spark, queries.table, queries.place
    listed = [] if is_stored(word) or not whole else _listed(word, call.videos)
    noted = queries.arrived(None if whole else queries.whole)
    if call.videos:
        paths = sorted(table.paths(spark) | noted | set(listed))
        if not paths:
            return Answer({}, ["Nothing has come yet."])
        names, rows = lasting_folders_of(paths), table.read(spark)
        return of_videos(rows, call.model, place.folder, names, console, UNSEEN)
    found = in_table(spark, table, {*listed, *noted})
    if not found.paths:
        return Answer({}, ["Nothing has come yet."])
    compared = len(found.paths) <= COMPARED
    kept = table.read(spark).select(columns_of_found(compared))
    return of_photographs(kept, call.model, place.folder, found, console, UNSEEN)


def _whole(checkpoint: str | None) -> str | None:
    """Return where a checkpoint is, whatever folder it is named from the next time."""
    if not checkpoint or is_stored(checkpoint):
        return checkpoint
    return str(Path(on_disk(checkpoint)).absolute())


def _listed(word: str, videos: bool) -> list[str]:
    """Return the paths in rows of what is in a folder of a disk; none where there is nothing."""
    try:
        paths = videos_of([word]) if videos else OnDisk.of([word]).places()
    except MaskDetectionError:
        return []
    return [key(path) for path in paths]
