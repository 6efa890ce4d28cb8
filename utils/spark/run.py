"""What ``detect.py --engine spark`` does."""

import shutil
import tempfile
from argparse import Namespace
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from utils.apply.console import Console
from utils.apply.looking import Settings
from utils.apply.sentences import of_a_face_each
from utils.dataset.intake.kinds import unread_photograph
from utils.dataset.intake.words import told_of_new
from utils.detector.names import IN_THE_BOX
from utils.errors import InputError, MaskDetectionError, number_of
from utils.model_files import MODEL_FILES, Model
from utils.records import record_as_json
from utils.spark.answer import (
    COMPARED,
    Answer,
    columns_of_found,
    folders_of,
    in_table,
    lasting_folders_of,
    of_photographs,
    of_videos,
)
from utils.spark.batch import Table, key, look_at_disk, look_at_store, stored, watch_videos
from utils.spark.code import runs_from_a_zip
from utils.spark.pictures import PICTURES, draw
from utils.spark.places import Place
from utils.spark.session import Cluster, conf_of, cores_of_a_task, has_class, spark_session
from utils.spark.sources import OnDisk, is_stored, on_disk, rooted, videos_of
from utils.spark.stream import Stream, check_mark, run_stream
from utils.spark.workers import Work
from utils.video.clock import time_of
from utils.video.run import part_of, require_finder

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

UNSEEN = (
    "Spark's stream left it out: it is empty, may not be read, or has a name that begins with _; "
    "mend that, and let it come again under another name"
)
DELTA = "io.delta.sql.DeltaSparkSessionExtension"
_OF_DELTA = {
    "spark.sql.extensions": DELTA,
    "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
}


def detect_on_spark(args: Namespace, consoles: Callable[[int | None], Console]) -> Answer:
    """Do what the command line says, on Spark.

    Parameters
    ----------
    args
        As the parser of ``detect.py`` gives them, and `check_spark_options` has let them pass.
    consoles
        Makes what is told to a person, of so many files; None where nobody knows.

    Raises
    ------
    InputError
        If an option, a source, Spark or its cluster cannot be used.
    KeyboardInterrupt
        If it was interrupted: of a stream all so far is written.
    """
    if not args.sources:
        raise InputError("no photographs are named; name some, or their folder")
    if args.output is None and runs_from_a_zip():
        raise InputError("--output: name a folder for the results; this code lies in a zip")
    settings = Settings(args.model, "cpu", args.threshold, False, args.faces)
    sinks = tuple(args.sink or ())
    if PICTURES in sinks and isinstance(args.output, str):
        raise InputError("--sink pictures: workers draw into a folder that they share, no store")
    model = settings.load()
    videos = args.videos or all(unread_photograph(word.lower()) == "video" for word in args.sources)
    if videos:
        require_finder(model, args.model)
    conf = conf_of(args.conf)
    if "delta" in sinks:
        conf = _OF_DELTA | conf
    quiet = args.quiet or args.json
    cluster = Cluster(args.master, conf, args.worker_python, args.wait, quiet)
    with tempfile.TemporaryDirectory() as scratch:
        files, names = _travelling(settings, Path(scratch))
        work = Work(
            *names,
            threshold=args.threshold,
            device=args.device,
            event_time=args.event_time or "modified",
            part=part_of(args),
            least_seconds=args.least_seconds,
            began=time_of(args.clock),
        )
        run = _Run(args, model, work, sinks, videos, consoles)
        made = run.stream if args.stream else run.videos if videos else run.photographs
        return made(lambda: spark_session(cluster, files))


class _Run:
    """One call: the same steps for what is there, and for what comes."""

    def __init__(
        self,
        args: Namespace,
        model: Model,
        work: Work,
        sinks: Sequence[str],
        of_videos_: bool,
        consoles: Callable[[int | None], Console],
    ) -> None:
        self._args, self._model, self._work, self._sinks = args, model, work, sinks
        self._videos, self._consoles = of_videos_, consoles

    def photographs(self, session: Callable) -> Answer:
        """Look at all photographs that there are."""
        words = self._args.sources
        far = [is_stored(word) for word in words]
        if any(far) != all(far):
            raise InputError("name folders of a disk, or of a store, one after the other")
        found = None if all(far) else OnDisk.of(words)
        place = Place(self._args.output, [Path(word) for word in words if found])
        with session() as spark:
            place.open(spark)
            listed = found or stored(spark, words)
            facts = listed.photographs.facts if found else listed.facts
            if not facts["photos"]:
                raise InputError(f"{', '.join(words)}: there is no photograph in it")
            compared = facts["photos"] <= COMPARED
            work, table = self._ready(spark, compared), self._table(spark, place)
            with self._consoles(facts["photos"]) as console:
                console.tell(*told_of_new(facts), *of_a_face_each(self._model))
                if found:
                    look_at_disk(spark, work, found, table)
                else:
                    look_at_store(spark, work, listed, words, table)
                rows = table.read(spark)
                kept = rows.select(columns_of_found(compared))
                answer = of_photographs(kept, self._model, place.folder, listed, console)
                self._also(spark, table, place, console)
                return self._told(answer, place, console)

    def videos(self, session: Callable) -> Answer:
        """Watch all videos that there are."""
        paths = videos_of(self._args.sources)
        place = Place(self._args.output, [Path(word) for word in self._args.sources])
        with session() as spark, self._consoles(len(paths)) as console:
            place.open(spark)
            table = self._table(spark, place, "videos")
            console.tell(f"Videos: {len(paths):,}")
            watch_videos(spark, self._ready(spark), paths, table)
            rows = table.read(spark).select(
                "path", "status", "reason", "seconds", "gaps", "persons", "files"
            )
            answer = of_videos(rows, self._model, place.folder, folders_of(paths), console)
            return self._told(answer, place, console)

    def stream(self, session: Callable) -> Answer:
        """Watch a folder that fills."""
        args = self._args
        if len(args.sources) != 1:
            raise InputError("--stream: watches one folder; name one")
        if args.output is None:
            raise InputError("--stream: name its --output, so that it can go on in it")
        (word,) = args.sources
        stream = Stream(
            rooted(word),
            self._videos,
            tuple(self._sinks),
            files=args.files_per_trigger or (8 if self._videos else 64),
            every=args.every_seconds or 10,
            span=args.window or "10 minutes",
            late=args.late or "10 minutes",
            once=args.once,
        )
        place = Place(args.output, [] if is_stored(word) else [Path(word)], goes_on=True)
        with session() as spark, self._consoles(None) as console:
            place.open(spark, goes_on=True)
            table = self._table(spark, place, "videos" if self._videos else "faces")
            checkpoint = _whole(args.checkpoint) or place.table("checkpoint")
            event_time = self._work.event_time
            check_mark(place, stream, self._model, event_time, checkpoint, table)
            work = self._ready(spark)
            told = (spark, stream, work, self._model, place, table, checkpoint, console.tell)
            try:
                late = run_stream(*told)
            except KeyboardInterrupt:
                console.tell("Interrupted: what was looked at so far is written.")
                with_rows = self._stream_answer(spark, word, table, place, console, whole=False)
                self._told(with_rows, place, console)
                raise
            if late:
                console.tell("Files came too late for their windows, and are in none of them.")
            answer = self._stream_answer(spark, word, table, place, console, whole=True)
            return self._told(answer, place, console)

    def _stream_answer(
        self,
        spark: "SparkSession",
        word: str,
        table: Table,
        place: Place,
        console: Console,
        whole: bool,
    ) -> Answer:
        """Return the answer for all rows so far; `whole` if all that was there should have one."""
        listed = [] if is_stored(word) or not whole else _listed(word, self._videos)
        if self._videos:
            paths = sorted(table.paths(spark) | set(listed))
            if not paths:
                return Answer({}, ["Nothing has come yet."])
            names = lasting_folders_of(paths)
            return of_videos(table.read(spark), self._model, place.folder, names, console)
        found = in_table(spark, table, listed)
        if not found.paths:
            return Answer({}, ["Nothing has come yet."])
        compared = len(found.paths) <= COMPARED
        kept = table.read(spark).select(columns_of_found(compared))
        unseen = UNSEEN if whole else None
        return of_photographs(kept, self._model, place.folder, found, console, unseen)

    def _ready(self, spark: "SparkSession", fingerprints: bool = True) -> Work:
        """Return the work with what is known once there is Spark."""
        given = vars(self._work) | {"threads": cores_of_a_task(spark), "fingerprints": fingerprints}
        return Work(**given)

    def _table(self, spark: "SparkSession", place: Place, name: str = "faces") -> Table:
        kind = "delta" if "delta" in self._sinks else "parquet"
        if kind == "delta" and not has_class(spark, DELTA):
            raise InputError(
                "--sink delta: Delta Lake is not in the jars of this Spark; name its package, "
                "--conf spark.jars.packages=io.delta:delta-spark_2.13:VERSION, or leave it to "
                "parquet (docs/spark.md)"
            )
        return Table(place.table(f"{name}.{kind}"), kind)

    def _also(self, spark: "SparkSession", table: Table, place: Place, console: Console) -> None:
        """Fill the sinks besides the table, of a batch."""
        rows = table.read(spark)
        if "console" in self._sinks:
            shown = rows.select("path", "status", "people").orderBy("path").limit(20)
            console.answer(*(f"{row.path} {row.status} {row.people}" for row in shown.collect()))
        if PICTURES in self._sinks:
            drawn, gone = draw(spark, rows, place.folder / PICTURES)
            gone_told = f"; {gone:,} were gone, or had changed" if gone else ""
            console.tell(f"Drawn: {number_of(drawn, 'photograph')}{gone_told}")

    def _told(self, answer: Answer, place: Place, console: Console) -> Answer:
        """Send what was written where it belongs, and tell the answer."""
        place.send()
        lines = [line.replace(str(place.folder), str(place)) for line in answer.lines]
        if self._args.json and answer.rate:
            lines = record_as_json(answer.rate).decode().splitlines()
        console.answer(*lines)
        place.close()
        return answer


def _travelling(settings: Settings, scratch: Path) -> tuple[list[Path], tuple[str, str | None]]:
    """Return copies of the model's files under plain names, and what the workers call them."""
    files = [scratch / "model.pth"]
    shutil.copyfile(settings.model or IN_THE_BOX, files[0])
    faces = settings.faces
    if faces and faces.endswith(MODEL_FILES):
        files.append(scratch / "faces.pth")
        shutil.copyfile(faces, files[1])
        faces = files[1].name
    elif faces and faces.partition(":")[0] == "detector":
        raise InputError("--faces detector: name the file of a detector, which workers do not have")
    return files, (files[0].name, faces)


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
