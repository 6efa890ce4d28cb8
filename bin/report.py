#!/usr/bin/env python3
"""Answer the question: the share of people properly masked, and a report of what it rests on."""

import argparse
import sys
from pathlib import Path

sys.path.append(
    str(Path(__file__).resolve().parent.parent)
)  # by hand; in a job utils.zip comes first

from utils.job import Help, InputPath, OutputPath, run


def parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=Help)
    for name, words in (
        ("--configuration", "options, versions and digests of the run"),
        ("--split", "split.json"),
        ("--training", "training.json"),
        ("--evaluation", "evaluation.json"),
    ):
        parser.add_argument(name, type=InputPath, required=True, help=words)
    for name, words in (
        ("--params", "best_hpo_params.json; absent, like the next one, in a run without search"),
        ("--study", "journal of the search"),
        ("--annotated", "a sample of the new photos that people annotated, if there is one"),
    ):
        parser.add_argument(name, type=InputPath, help=words)
    parser.add_argument(
        "--pictures",
        type=InputPath,
        nargs="+",
        required=True,
        help="PNG and JPEG files; the name of each says where it stands in the page",
    )
    for name, words in (
        ("--predictions", "predictions_<p>.json of every shard of photos"),
        ("--images", "shards of annotated photos"),
        ("--videos", "video_predictions_<p>.json of every job that watched videos"),
        ("--people-images", "shards of the pictures of people seen in videos"),
    ):
        parser.add_argument(name, type=InputPath, nargs="+", default=[], help=words)
    parser.add_argument("--clock", help="date and time at which each video began")
    parser.add_argument(
        "--compare", nargs=2, metavar="PERIOD", help="two periods of the videos, as 9:00-12:00"
    )
    parser.add_argument(
        "--fingerprints",
        type=InputPath,
        nargs="+",
        default=[],
        help="what new photos are recognised by, of every shard as predict writes it; to find "
        "bursts, which are as one observation",
    )
    parser.add_argument(
        "--groups",
        type=InputPath,
        help="where and when each new photo was taken, to compare places; absent if not told",
    )
    parser.add_argument("--seed", type=int, default=0, help="seed of the bootstrap interval")
    for name, words in (
        ("--report", "the page, to write (HTML)"),
        ("--prevalence", "the answer and its interval, to write (JSON)"),
    ):
        parser.add_argument(name, type=OutputPath, required=True, help=words)
    for name, words in (
        ("--table", "people on each photo, to write (text)"),
        ("--faces", "every box, one a row, to write (CSV)"),
        ("--picture", "the most telling annotated photo, to write (PNG)"),
        ("--people", "everybody seen in videos, to write (CSV)"),
        ("--timeline", "the share by minute of videos, to write (CSV)"),
        ("--timeline-picture", "the same as a picture, to write (PNG)"),
    ):
        parser.add_argument(name, type=OutputPath, help=words)
    parser.add_argument(
        "--shares",
        type=OutputPath,
        help="the shares by place and time, to write (PNG); with --groups",
    )
    return parser


def main(args: argparse.Namespace) -> None:
    from utils.analysis.report.write import ReportInputs, write_report

    moving = None
    if args.videos:
        from utils.analysis.evaluation import SCHEMA
        from utils.records import read_record
        from utils.video.clock import Clock, time_of
        from utils.video.predictions import read_watched
        from utils.video.reporting import moving_part

        evaluation = read_record(args.evaluation, SCHEMA)
        new = read_record(args.configuration).get("new_videos") or {}
        moving = moving_part(
            read_watched(args.videos, evaluation),
            args.people_images,
            evaluation,
            read_record(args.split),
            new.get("not_read", []),
            clock=Clock(time_of(args.clock)),
            compare=args.compare or (),
            people=args.people,
            timeline=args.timeline,
            picture=args.timeline_picture,
        )
    values = vars(args)
    inputs = ReportInputs(**{name: values[name] for name in ReportInputs.__dataclass_fields__})
    write_report(
        inputs,
        args.seed,
        page=args.report,
        table=args.table,
        faces=args.faces,
        picture=args.picture,
        prevalence=args.prevalence,
        shares=args.shares,
        moving=moving,
    )


if __name__ == "__main__":
    run(parser(), main)
