"""Break what runs on Spark again and again, and print what was lost: `make spark-faults`."""

import argparse
import sys
import tempfile
import time
from pathlib import Path

from data.painter.sample import draw_picture
from tests.spark import cluster
from utils.dataset.images import encode_jpeg
from utils.detector.names import IN_THE_BOX
from utils.records import read_record

EACH = 4
"""Photographs a batch of the stream."""


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    made = argparse.ArgumentParser(description=__doc__)
    made.add_argument("--times", type=int, default=10, help="kills of a stream's driver")
    made.add_argument("--only", choices=PARTS, help="one of the faults")
    made.add_argument("--seed", type=int, default=1)
    made.add_argument("--model", type=Path, default=IN_THE_BOX)
    return made


def main() -> int:
    """Break it in each way; return 1 if a photograph was lost or came twice."""
    args = parser().parse_args()
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name)
        album = scratch / "album"
        album.mkdir()
        drawn = [encode_jpeg(draw_picture(seed, [1, 2, 3]).image[::2, ::2]) for seed in range(8)]
        for number in range(EACH * (3 * args.times + 2)):
            (album / f"{number:03d}.jpg").write_bytes(drawn[number % len(drawn)])
        alone = scratch / "alone"
        words = (album, "--model", args.model, "--output", alone, "--no-pictures", "--quiet")
        if cluster.finished(cluster.plainly(*words, log=scratch / "alone.log")):
            sys.stderr.write((scratch / "alone.log").read_text())
            return 1
        right = [
            part(args, scratch, album, alone) for name, part in PARTS.items() if _asked(args, name)
        ]
    return 0 if all(right) else 1


def _asked(args: argparse.Namespace, name: str) -> bool:
    return args.only in (None, name)


def _worker(args: argparse.Namespace, scratch: Path, album: Path, alone: Path) -> bool:
    with cluster.standalone(scratch) as machines:
        cluster.lose_a_worker(machines, album, scratch / "batch", args.model)
    return told("a worker killed in mid-batch", scratch / "batch", alone)


def _cluster(args: argparse.Namespace, scratch: Path, album: Path, alone: Path) -> bool:
    out, log, began = scratch / "lost", scratch / "lost.log", time.monotonic()
    words = [album, "--model", args.model, "--output", out]
    code = cluster.lose_the_cluster(scratch, words, out, log)
    print(f"{_error(log)} (exit code {code}, {time.monotonic() - began:.0f} s in all)")
    return told("a cluster gone in mid-batch, and back", out, alone) and code == 2


def _silent(args: argparse.Namespace, scratch: Path, album: Path, alone: Path) -> bool:
    log, began = scratch / "silent.log", time.monotonic()
    words = [album, "--model", args.model, "--output", scratch / "silent"]
    code = cluster.ask_who_is_silent(words, log)
    print(f"a silent master: {_error(log)} (exit code {code}, {time.monotonic() - began:.0f} s)")
    return code == 2


def _error(log: Path) -> str:
    lines = log.read_text().splitlines()
    return next((line for line in lines if "error: " in line), "no error")


def _drivers(args: argparse.Namespace, scratch: Path, album: Path, alone: Path) -> bool:
    out = scratch / "stream"
    words = [album, "--stream", "--once", "--files-per-trigger", EACH]
    words += ["--model", args.model, "--output", out]
    began = time.monotonic()
    killed = cluster.kill_drivers(words, out, args.times, args.seed)
    last = cluster.detect("--master", "local[1]", *words, log=scratch / "stream.log")
    cluster.finished(last)
    seconds = time.monotonic() - began
    print(f"{killed.times} kills, {killed.within} of them within a batch, {seconds:.0f} s")
    return told("drivers of a stream killed", out, alone)


PARTS = {"worker": _worker, "cluster": _cluster, "silent": _silent, "drivers": _drivers}


def told(what: str, out: Path, alone: Path) -> bool:
    """Print what was lost, and what came twice; return whether that is nothing."""
    ours, right = (read_record(folder / "faces.json", 2) for folder in (out, alone))
    names = [photo["file"] for photo in ours["photos"]]
    lost = len({photo["file"] for photo in right["photos"]} - set(names))
    equal = (out / "faces.csv").read_bytes() == (alone / "faces.csv").read_bytes()
    faces = sum(len(photo["faces"]) for photo in ours["photos"])
    print(
        f"{what}: {len(names)} photographs, {faces} faces; lost {lost}, twice "
        f"{len(names) - len(set(names))}; rows {'equal' if equal else 'DIFFER'}"
    )
    return equal and not lost


if __name__ == "__main__":
    sys.exit(main())
