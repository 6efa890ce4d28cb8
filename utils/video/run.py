"""What ``detect.py`` does with videos, cameras and streams: one after the other, each a folder."""

import contextlib
import glob
import logging
import time
from argparse import Namespace
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from utils.apply.console import Console
from utils.apply.faces import model_record
from utils.apply.rate import why_uncorrected
from utils.apply.sentences import does, of_a_face_each
from utils.errors import InputError, MaskDetectionError, brief
from utils.signals import undisturbed
from utils.video.address import is_address, is_camera, is_video, shown
from utils.video.alerts import Alert, Alerts, Condition
from utils.video.clock import Clock, periods, seconds, time_of
from utils.video.correction import Correction
from utils.video.files import VideoFile
from utils.video.frames import Part, Source
from utils.video.live import LiveSource
from utils.video.people import Person
from utils.video.receivers import Receivers, address, program
from utils.video.results import RATE, VideoResults, Wanted
from utils.video.tables import GrowingTable
from utils.video.watch import FEWEST, Model, Moment, Paced, watch

log = logging.getLogger(__name__)

PACE = 10.0
"""Frames a second of a video that are looked at by default: people are counted as well by them as
by more, and the answer does not hang on the machine."""

_ALERTS = ("alert", "source", "time", "since", "clock", "share", "people", "text")


@dataclass
class Done:
    """How it went.

    Attributes
    ----------
    whole
        Whether nothing was missed, and no receiver of alerts failed.
    folders
        Of the sources, in their order.
    """

    whole: bool = True
    folders: list[Path] = field(default_factory=list)


def sources_of(words: Sequence[str]) -> list[str]:
    """Return what words name, patterns replaced by the files they stand for.

    Raises
    ------
    InputError
        If some name photographs; or a pattern stands for nothing.
    """
    found = []
    for word in words:
        pattern = glob.has_magic(word) and not is_address(word) and not Path(word).exists()
        names = sorted(glob.glob(word, recursive=True)) if pattern else [word]  # noqa: PTH207
        if not names:
            raise InputError(f"{brief(word, 200)}: no file is of this pattern")
        found += names
    if others := [word for word in found if not is_video(word)]:
        raise InputError(
            f"{brief(others[0], 200)}: is no video, camera or address; look at photographs and "
            "videos one after the other"
        )
    return list(dict.fromkeys(found))


def watch_sources(
    args: Namespace, model: Model, folder: Path, consoles: Callable[[], Console]
) -> Done:
    """Watch everything that the command line names.

    Parameters
    ----------
    args
        As the parser of ``detect.py`` gives them.
    model
        What finds faces.
    folder
        Where results go; those of several sources into folders in it.
    consoles
        Makes what is told to a person; one a source.

    Raises
    ------
    InputError
        If an option or a source cannot be used.
    KeyboardInterrupt
        If it was interrupted; all that was seen is written.
    """
    conditions = [Condition.of(text) for text in args.alert]
    receivers = [program(words) for words in args.alert_run]
    receivers += [address(url) for url in args.alert_post]
    if receivers and not conditions:
        raise InputError("--alert-run, --alert-post: there is no --alert to tell of")
    names = sources_of(args.sources)
    done = Done()
    for number, name in enumerate(names, start=1):
        part = part_of(args, live=is_address(name) or is_camera(name))
        own = folder if len(names) == 1 else folder / f"{number:03d}-{stem_of(name)}"
        done.folders.append(own)
        alerts = [Alert(condition, args.alert_pause) for condition in conditions]
        told = Receivers(receivers)
        try:
            with consoles() as console, contextlib.closing(_open(name, part)) as source:
                done.whole &= _watch_one(source, args, model, own, console, alerts, told)
        except OSError as error:  # of a disk that is full: say which
            error.filename = error.filename or str(own)
            raise
        finally:
            told.close()
        done.whole &= not told.failed
    return done


def _watch_one(
    source: Source,
    args: Namespace,
    model: Model,
    folder: Path,
    console: Console,
    alerts: list[Alert],
    receivers: Receivers,
) -> bool:
    """Watch one source; return whether nothing of it was missed."""
    clock = _clock(args.clock, source)
    why = why_uncorrected(model)
    correction = None if why else Correction.of(model.file.evaluation)
    compare = periods(args.compare or (), clock)
    pictures = not args.no_pictures
    wanted = Wanted(
        video=pictures and (args.record or not source.live),
        pictures=pictures,
        least_seconds=args.least_seconds,
        compare=compare,
    )
    record = {**model_record(model), "threshold": float(model.threshold)}
    results = VideoResults(folder, source, record, correction, why, wanted, clock)
    watcher = Alerts(alerts, source.name, clock, args.least_seconds)
    paced = Paced(model, lambda rate: console.tell(*_pace(rate, source)))
    table = GrowingTable(results.folder.open("alerts.csv"), _ALERTS) if alerts else None
    interrupted = None
    try:
        for moment in watch(source, paced, pictures, args.blur):
            with undisturbed():
                first = len(results.people) + 1
                for number, person in enumerate(results.add(moment), start=first):
                    console.tell(_line(person, number, clock, correction))
                _alert(watcher, moment, table, receivers, console)
            console.step(None)
    except KeyboardInterrupt as error:
        interrupted = error
        console.tell("Interrupted: what was seen so far is written.")
    except (OSError, MaskDetectionError):  # what was seen so far is not lost
        with contextlib.suppress(OSError, MaskDetectionError):
            results.finish()
        raise
    answer = results.finish()
    if table:
        table.close()
    as_json = (folder / RATE).read_text("utf-8").splitlines()
    console.answer(*(as_json if args.json else results.closing(answer)))
    if interrupted:
        raise interrupted
    return not source.gaps


def _alert(
    watcher: Alerts,
    moment: Moment,
    table: GrowingTable | None,
    receivers: Receivers,
    console: Console,
) -> None:
    if moment.final:
        return
    for record in watcher.update(moment):
        console.tell(f"ALERT {record['text']}")
        table.add([[record[name] for name in _ALERTS]])
        receivers.tell(record)


def _open(name: str, part: Part) -> Source:
    if is_address(name) or (is_camera(name) and not Path(name).is_file()):
        return LiveSource(name, part)
    return VideoFile(Path(name), part)


def part_of(args: Namespace, live: bool = False) -> Part:
    """Return which frames the command line asks for; of what is live, all that come."""
    return Part(
        every=args.every,
        start=seconds(args.start) if args.start else 0.0,
        end=seconds(args.end) if args.end else None,
        limit=args.limit,
        rate=args.pace or (None if live or args.every > 1 else PACE),
    )


def require_finder(model: Model, named: object) -> None:
    """Raise an `InputError` if a model, of that name, judges faces and finds none."""
    if of_a_face_each(model):
        raise InputError(
            f"--model {named}: is a classifier, and frames are no faces; name what finds "
            "them, as --faces centerface"
        )


def _clock(began: str | None, source: Source) -> Clock:
    if began is None and source.live:
        began = time.strftime("%Y-%m-%dT%H:%M:%S")
    return Clock(time_of(began))


def _pace(rate: float, source: Source) -> list[str]:
    lines = [f"{source.name}: this model looks at {rate:.1f} frames a second here"]
    if source.live and rate < FEWEST:
        lines.append(
            f"Below {FEWEST:.0f} frames a second people are lost and counted twice: use a faster "
            "model, a GPU, or record and look later."
        )
    return lines


def _line(person: Person, number: int, clock: Clock, correction: Correction | None) -> str:
    absent = correction.absent if correction else []
    sure = 100 * float(person.shares.max())
    return (
        f"{clock.told(person.first)} to {clock.told(person.last)} person {number} "
        f"{does(person.title, 1, absent)} ({sure:.0f} %)"
    )


def stem_of(name: str) -> str:
    """Return what to call the folder of a source."""
    text = Path(shown(name).partition("?")[0]).stem if not is_address(name) else shown(name)
    kept = "".join(char if char.isalnum() or char in "-_" else "-" for char in text)
    return kept.strip("-")[:60] or "source"
