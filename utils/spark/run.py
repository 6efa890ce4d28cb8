"""What ``detect.py --engine spark`` does."""

import shutil
import tempfile
from argparse import Namespace
from collections.abc import Callable
from pathlib import Path

from utils.apply.console import Console
from utils.apply.looking import Settings
from utils.dataset.intake.kinds import unread_photograph
from utils.detector.names import IN_THE_BOX
from utils.errors import InputError
from utils.model_files import MODEL_FILES
from utils.spark.answer import Answer
from utils.spark.call import DELTA, Call
from utils.spark.code import runs_from_a_zip
from utils.spark.pictures import PICTURES
from utils.spark.run_batch import run_photographs, run_videos
from utils.spark.run_stream import run_watched
from utils.spark.session import Cluster, conf_of, spark_session
from utils.spark.workers import Work
from utils.video.clock import time_of
from utils.video.run import part_of, require_finder

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
        call = Call(args, model, work, sinks, videos, consoles)
        made = run_watched if args.stream else run_videos if videos else run_photographs
        return made(call, lambda: spark_session(cluster, files))


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
