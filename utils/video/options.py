"""The part of the command line of ``detect.py`` that is of videos, cameras and streams."""

import argparse
import math

from utils.apply.options import number, number_type

positive = number_type(float, lambda it: 0 < it < math.inf, "a number above 0")


def add_video_options(parser: argparse.ArgumentParser) -> None:
    """Add the options to a parser, as a group of their own."""
    add = parser.add_argument_group("videos, cameras and streams (docs/video.md)").add_argument
    add("--pace", type=positive, metavar="N", help="frames a second to look at (default: 10)")
    add("--every", type=number, default=1, metavar="N", help="look at each N-th frame only")
    add("--start", metavar="TIME", help="from 90, 1:30 or 0:01:30 on")
    add("--end", metavar="TIME", help="and to there; of a camera since it was opened")
    add("--limit", type=number, metavar="N", help="look at N frames at most")
    add("--clock", metavar="TIME", help="2026-03-01T09:00: when a video begins (cameras: now)")
    add(
        "--least-seconds",
        type=positive,
        default=0.5,
        metavar="S",
        help="who is seen for less does not count (default: %(default)s)",
    )
    add(
        "--compare",
        nargs=2,
        metavar="PERIOD",
        help="how the share differs between two, as 09:00-12:00 12:00-15:00",
    )
    add("--blur", action="store_true", help="hide every face in all that is written")
    add("--record", action="store_true", help="write an annotated video of a camera, too")
    add(
        "--alert",
        action="append",
        default=[],
        metavar="CONDITION",
        help="'share < 80 %% for 60 s', 'people > 20 for 10 s'; may be given several times",
    )
    add("--alert-run", action="append", default=[], metavar="COMMAND", help="run it with each")
    add("--alert-post", action="append", default=[], metavar="URL", help="post each to it, as JSON")
    add(
        "--alert-pause",
        type=positive,
        default=300.0,
        metavar="S",
        help="seconds between two of a condition, at least (default: %(default)s)",
    )
