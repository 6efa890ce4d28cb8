#!/usr/bin/env python3
"""Watch new videos: find the faces, follow people, judge each of them once."""

import argparse
import sys
from pathlib import Path

sys.path.append(
    str(Path(__file__).resolve().parent.parent)
)  # by hand; in a job utils.zip comes first

from utils.job import Help, InputPath, OutputPath, run, stop_flag


def parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=Help)
    parser.add_argument("--model", type=InputPath, required=True, help="trained model file")
    parser.add_argument(
        "--videos", type=InputPath, nargs="+", required=True, help="video files, sorted by name"
    )
    parser.add_argument(
        "--listed", type=InputPath, required=True, help="what each video is called (JSON)"
    )
    parser.add_argument("--rate", type=float, help="frames a second to look at (default: all)")
    parser.add_argument("--every", type=int, default=1, help="look at each so many-th frame only")
    parser.add_argument(
        "--least-seconds", type=float, default=0.5, help="who is seen for less does not count"
    )
    parser.add_argument("--blur", action="store_true", help="hide faces on all that is shown")
    parser.add_argument("--clock", help="date and time at which each video began")
    parser.add_argument(
        "--predictions", type=OutputPath, required=True, help="who was seen when, to write (JSON)"
    )
    parser.add_argument(
        "--faces", type=OutputPath, required=True, help="every box of every frame, to write (CSV)"
    )
    parser.add_argument(
        "--images", type=OutputPath, required=True, help="shard of people's pictures to write"
    )
    parser.add_argument(
        "--annotated", type=OutputPath, nargs="+", default=[], help="annotated videos, to write"
    )
    parser.add_argument(
        "--checkpoint", type=Path, required=True, help="how far it is; gone on with if there"
    )
    parser.add_argument(
        "--recording", type=Path, help="of annotated videos, besides the checkpoint"
    )
    parser.add_argument(
        "--checkpoint-minutes",
        type=float,
        metavar="MIN",
        help="exit with 85 at the end of a segment after so long, to go on where the engine likes",
    )
    parser.add_argument(
        "--segment", type=float, default=30.0, metavar="S", help="seconds between two checkpoints"
    )
    return parser


def main(args: argparse.Namespace) -> None:
    stop = stop_flag()
    import av  # noqa: F401 (where it is not installed, another node may have it: no bad input)

    from utils.model_files import load_file
    from utils.video.shard import Looking, Outputs, watch_shard

    watch_shard(
        load_file(args.model),
        args.videos,
        args.listed,
        Looking(
            args.rate, args.every, args.least_seconds, args.blur, args.clock, bool(args.annotated)
        ),
        Outputs(args.predictions, args.faces, args.images, args.annotated),
        args.checkpoint,
        stop,
        args.checkpoint_minutes,
        args.segment,
        args.recording,
    )


if __name__ == "__main__":
    run(parser(), main)
