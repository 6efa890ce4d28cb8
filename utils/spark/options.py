"""The part of the command line of ``detect.py`` that is of Spark."""

import argparse
import re
from collections.abc import Mapping
from pathlib import Path

from utils.apply.options import number
from utils.errors import InputError, brief

ENGINES = ("here", "spark")
SINKS = ("parquet", "delta", "console", "pictures")
EVENT_TIMES = ("modified", "taken")

_NOT_HERE: Mapping[str, str] = {
    "jobs": "the master says how many: local[4]",
    "suggest": "name a folder of a sample without --engine spark",
    "predict_annotations": "look at the photographs without --engine spark",
    "show": "the workers have no screen",
    "alert": "alerts are of one camera",
    "alert_run": "alerts are of one camera",
    "alert_post": "alerts are of one camera",
    "compare": "compare in the windows of --stream",
    "record": "videos are not drawn on Spark",
    "blur": "videos are not drawn on Spark, and pictures show faces",
}
_STREAM_ONLY = (
    *("checkpoint", "files_per_trigger", "every_seconds"),
    *("window", "late", "event_time", "once"),
)
_SPAN = re.compile(r"\d+ (second|minute|hour|day)s?")


def add_spark_options(parser: argparse.ArgumentParser) -> None:
    """Add the options to a parser, as a group of their own."""
    add = parser.add_argument_group("on Spark (docs/spark.md)").add_argument
    add("--engine", choices=ENGINES, default="here", help="what does the work")
    add(
        "--master",
        metavar="URL",
        help="local[4], spark://host:7077, k8s://https://host:6443, yarn (default: that of "
        "spark-submit, or local[*])",
    )
    add("--conf", action="append", default=[], metavar="KEY=VALUE", help="of Spark, many times")
    add("--worker-python", metavar="PATH", help="Python of the workers (default: this one)")
    add(
        "--wait",
        type=number,
        default=120,
        metavar="S",
        help="seconds in which a cluster must answer and give an executor, and another when all "
        "are lost (default: %(default)s)",
    )
    add("--videos", action="store_true", help="the folders hold videos, not photographs")
    add(
        "--sink",
        action="append",
        choices=SINKS,
        help="where rows go, many times: parquet (default) or delta, besides console, pictures",
    )
    add("--stream", action="store_true", help="watch a folder that fills, until Ctrl-C")
    add("--once", action="store_true", help="of a stream: end when all that is there is done")
    add("--checkpoint", metavar="DIR", help="how far a stream came (default: in --output)")
    add(
        "--files-per-trigger",
        type=number,
        metavar="N",
        help="files a batch (default: 64, or 8 videos)",
    )
    add("--every-seconds", type=number, metavar="S", help="between two batches (default: 10)")
    add("--window", metavar="SPAN", help="'10 minutes' (default): the rate of a stream by these")
    add("--late", metavar="SPAN", help="how late a file may come (default: '10 minutes')")
    add(
        "--event-time",
        choices=EVENT_TIMES,
        help="when a photograph is from: its file (default), or its EXIF where that tells",
    )
    add(
        "--code",
        type=Path,
        metavar="ZIP",
        help="write our code for `spark-submit --py-files` and do nothing else",
    )


def check_spark_options(args: argparse.Namespace, given: argparse.Namespace) -> None:
    """Refuse what cannot be meant together.

    Parameters
    ----------
    args
        As they are.
    given
        As an empty command line gives them: what differs was asked for.

    Raises
    ------
    InputError
        It names the option and what to do.
    """

    def asked(name: str) -> bool:
        return getattr(args, name) != getattr(given, name)

    def spelled(name: str) -> str:
        return f"--{name.replace('_', '-')}"

    if args.engine != "spark":
        ours = ("master", "conf", "worker_python", "wait", "videos", "sink", "stream")
        if wrong := [name for name in (*ours, *_STREAM_ONLY) if asked(name)]:
            raise InputError(f"{spelled(wrong[0])}: is of Spark; add --engine spark")
        if isinstance(args.output, str):
            raise InputError(f"--output {brief(args.output)}: is an address; name a folder")
        return
    if wrong := [name for name in _NOT_HERE if asked(name)]:
        raise InputError(f"{spelled(wrong[0])}: cannot be had on Spark; {_NOT_HERE[wrong[0]]}")
    if not args.stream and (wrong := [name for name in _STREAM_ONLY if asked(name)]):
        raise InputError(f"{spelled(wrong[0])}: is of a stream; add --stream")
    sinks = set(args.sink or ())
    if {"parquet", "delta"} <= sinks:
        raise InputError("--sink: parquet and delta are two ways to keep the rows; choose one")
    if args.videos and "pictures" in sinks:
        raise InputError("--sink pictures: is of photographs; videos are not drawn on Spark")
    for name in ("window", "late"):
        text = getattr(args, name)
        if text is not None and not _SPAN.fullmatch(text):
            raise InputError(f"{spelled(name)} {brief(text)!r}: give it as '10 minutes'")
    for text in args.conf:
        if not re.fullmatch(r"spark\.[^=\s]+=.*", text, re.DOTALL):
            raise InputError(f"--conf {brief(text)!r}: give it as spark.executor.memory=4g")
