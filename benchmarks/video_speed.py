#!/usr/bin/env python3
"""How fast videos are watched, stage by stage; and whether memory stays flat over an hour.

Drawn people are filmed at 30 frames a second, of which `--pace` are looked at by the model in the
box, as `detect.py` does: decoded, faces found, tracked, judged, drawn, encoded. Prints frames that
are looked at a second, of each stage by itself and of all together, and how many times faster than
real time that is. Then an hour of video (the same film again and again) is watched at a frame a
second, and the memory of the process is printed every ten minutes.
"""

import argparse
import os
import sys
import tempfile
import time as clock
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from fractions import Fraction
from pathlib import Path
from typing import Any
from unittest import mock

import cv2
import scipy.optimize  # noqa: F401 (else its import is part of the first frame's time)
import torch

sys.path.append(str(Path(__file__).resolve().parent.parent))

from benchmarks.common import machine
from data.painter.films import frame_times, write_film
from data.painter.moving import compose_scene
from utils.models import load_model
from utils.video import results, watch
from utils.video.annotated import AnnotatedVideo
from utils.video.clock import Clock
from utils.video.files import VideoFile
from utils.video.frames import Part
from utils.video.people import People
from utils.video.results import VideoResults, Wanted
from utils.video.tracks import Tracker

STAGES = ("decode", "find", "track", "judge", "draw", "encode")
RATE = 30.0
_PACKETS = 7.5  # frames a second of the hour


def main(argv: Sequence[str] | None = None) -> None:
    """Film, watch, and print the tables."""
    args = parser().parse_args(argv)
    model = load_model(args.model, "cpu")
    there = sorted(os.sched_getaffinity(0))
    with tempfile.TemporaryDirectory() as scratch:
        films = {}
        for size in args.sizes:
            films[size] = Path(scratch) / f"{size}.mkv"
            filmed(films[size], size, args.seconds, RATE, args.people)
        print(f"{machine()}\n{model.arch}, {args.people} people, {args.pace:g} frames a second\n")
        head = ("size", "cores", *STAGES, "all together", "times real time")
        print(f"| {' | '.join(head)} |\n|{'---|' * len(head)}")
        for size, film in films.items():
            for cores in [one for one in args.cores if one <= len(there)]:
                os.sched_setaffinity(0, there[:cores])
                torch.set_num_threads(cores)
                cv2.setNumThreads(cores)
                spent, frames, whole = timed(film, model, args.pace, Path(scratch) / "out")
                cells = [f"{frames / max(spent[stage], 1e-9):.0f}" for stage in STAGES]
                cells += [f"{frames / whole:.1f}", f"{args.seconds / whole:.1f}"]
                print(f"| {size} | {cores} | {' | '.join(cells)} |", flush=True)
        os.sched_setaffinity(0, there)
        if args.minutes:
            hour = Path(scratch) / "hour.mkv"
            repeated(hour, Path(scratch) / "part.mkv", args.minutes * 60, args.people)
            print("\n| minutes watched | people | memory, MB |\n|---|---|---|")
            for minute, people, memory in remembered(hour, model, Path(scratch) / "hour"):
                print(f"| {minute} | {people:,} | {memory:.0f} |", flush=True)


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    sizes = ["640x360", "1280x720", "1920x1080"]
    parser.add_argument("--sizes", nargs="+", default=sizes, metavar="WxH")
    parser.add_argument("--cores", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--seconds", type=float, default=12.0, help="of each film")
    parser.add_argument("--people", type=int, default=12, help="in each film")
    parser.add_argument("--pace", type=float, default=7.5, help="frames a second looked at")
    parser.add_argument("--minutes", type=float, default=60.0, help="of the long video; 0 for none")
    parser.add_argument("--model", type=Path, help="model file (default: the one in the box)")
    return parser


def filmed(path: Path, size: str, seconds: float, rate: float, people: int) -> None:
    """Film people who walk, of faces of 20 to 70 pixels on 640 x 360."""
    width, height = (int(side) for side in size.split("x"))
    scene = compose_scene(1, people, seconds, (width, height), widths=(0.03, 0.11))
    write_film(path, scene, frame_times(seconds, rate))


def timed(film: Path, model: Any, pace: float, folder: Path) -> tuple[Counter, int, float]:
    """Watch a film; return the seconds of each stage, the frames, and the seconds in all."""
    spent: Counter = Counter()
    frames = 0
    with closing(VideoFile(film, Part(rate=pace))) as video, measured(spent, model, video):
        model.predict([next(VideoFile(film, Part(limit=1)).frames()).image])  # warms up
        spent.clear()
        began = clock.perf_counter()
        written = written_to(folder, video)
        for moment in watch.watch(video, model):
            written.add(moment)
            frames += not moment.final
        whole = clock.perf_counter() - began
        written.finish()
    return spent, frames, whole


def written_to(folder: Path, video: VideoFile, film: bool = True) -> VideoResults:
    """Return what writes as `detect.py` does."""
    record = {"arch": "", "digest": "0" * 64, "threshold": 0.5}
    return VideoResults(folder, video, record, None, "it is measured", Wanted(video=film), Clock())


@contextmanager
def measured(spent: Counter, model: Any, video: VideoFile) -> Iterator[None]:
    """Let the seconds of each stage be added to `spent`."""

    def of(stage: str, call: Callable) -> Callable:
        def timed_call(*args: Any, **others: Any) -> Any:
            began = clock.perf_counter()
            try:
                return call(*args, **others)
            finally:
                spent[stage] += clock.perf_counter() - began

        return timed_call

    frames = video.frames

    def decoded() -> Iterator[Any]:
        following = of("decode", lambda source: next(source, None))
        source = frames()
        while (frame := following(source)) is not None:
            yield frame

    with (
        mock.patch.object(video, "frames", decoded),
        mock.patch.object(model, "predict", of("find", model.predict)),
        mock.patch.object(watch, "looks_of", of("track", watch.looks_of)),
        mock.patch.object(Tracker, "update", of("track", Tracker.update)),
        mock.patch.object(People, "add", of("judge", People.add)),
        mock.patch.object(results, "drawn", of("draw", results.drawn)),
        mock.patch.object(AnnotatedVideo, "add", of("encode", AnnotatedVideo.add)),
    ):
        yield


def repeated(path: Path, part: Path, seconds: float, people: int) -> None:
    """Make a long film: a short one again and again, without encoding it anew."""
    import av

    lasts = 40.0
    filmed(part, "640x360", lasts, _PACKETS, people)
    with av.open(path, "w") as made, av.open(part) as first:
        stream = made.add_stream_from_template(first.streams.video[0])
        for turn in range(max(1, round(seconds / lasts))):
            with av.open(part) as again:
                source = again.streams.video[0]
                shift = round(turn * lasts / source.time_base)
                for packet in again.demux(source):
                    if packet.pts is None:
                        continue
                    packet.pts, packet.dts = packet.pts + shift, packet.dts + shift
                    packet.time_base, packet.stream = Fraction(source.time_base), stream
                    made.mux(packet)


def remembered(film: Path, model: Any, folder: Path) -> Iterator[tuple[int, int, float]]:
    """Watch a long film; yield minutes, people who left, and megabytes, every ten minutes."""
    told = 0
    with closing(VideoFile(film, Part(rate=1.0))) as video:
        written = written_to(folder, video)
        for moment in watch.watch(video, model):
            written.add(moment)
            minute = int(moment.frame.time // 60)
            if minute >= told or moment.final:
                yield minute, len(written.people), resident()
                told = minute + (1 if told == 0 else 10)
        written.finish()


def resident() -> float:
    """Return the megabytes of memory that this process holds."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


if __name__ == "__main__":
    main()
