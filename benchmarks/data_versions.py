#!/usr/bin/env python3
"""What versions of data take: adding 10,000 photographs, one more, the same again, and comparing.

Photographs are of 640 x 480 pixels and 48 KiB, each another, with four faces in VOC files. Each
action is a process of its own, as `python workflow.py data ...` is, with its start.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

sys.path.append(str(Path(__file__).resolve().parent.parent))

from utils.dataset.formats import voc
from utils.dataset.images import encode_jpeg
from utils.dataset.labels import CLASSES

PROJECT = Path(__file__).resolve().parent.parent
WIDTH, HEIGHT, BYTES = 640, 480, 48 * 1024
NAMES = (CLASSES[0], CLASSES[0], CLASSES[1], CLASSES[2])


def parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--photographs", type=int, default=10_000, metavar="N")
    return parser


def main() -> None:
    count = parser().parse_args().photographs
    with tempfile.TemporaryDirectory() as folder:
        data, store, page = (
            Path(folder) / "data",
            Path(folder) / "store",
            Path(folder) / "page.html",
        )
        for number in range(count):
            write_photograph(data, number)
        print(f"{'of ' + format(count, ',') + ' photographs':<34}{'s':>8}{'CPU s':>8}{'MiB':>7}")
        tell("add them", "add", "faces", data, store=store)
        tell("add the same again", "add", "faces", data, store=store)
        write_photograph(data, count)
        tell("add one more", "add", "faces", data, store=store)
        for number in range(0, count, max(1, count // 100)):
            write_annotation(data, number, shift=3)
        tell("add, 100 of them annotated anew", "add", "faces", data, store=store)
        first, _, last = versions(store)
        tell("diff of two versions, with page", "diff", first, last, "--output", page, store=store)
        tell("show", "show", last, store=store)
        tell("verify", "verify", store=store)
        tell("remove a version", "remove", first, store=store)
        size = sum(path.stat().st_size for path in store.rglob("*") if path.is_file())
        photos = (count + 1) * BYTES
        print(f"The store takes {100 * (size / photos - 1):.1f} % more than the photographs")


def write_photograph(data: Path, number: int) -> None:
    """Write a photograph that is like no other in its bytes, and its annotation."""
    path = data / "images" / f"{number:06}.jpg"
    path.parent.mkdir(parents=True, exist_ok=True)
    told = os.urandom(2**15)  # a comment, which a decoder passes over
    comment = b"\xff\xfe" + (len(told) + 2).to_bytes(2, "big") + told
    photo = PHOTO[:2] + comment + PHOTO[2:]
    path.write_bytes(photo + bytes(BYTES - len(photo)))
    write_annotation(data, number)


def write_annotation(data: Path, number: int, shift: int = 0) -> None:
    """Write four faces."""
    path = data / "annotations" / f"{number:06}.xml"
    path.parent.mkdir(parents=True, exist_ok=True)
    boxes = [(100 * n + shift, 50, 100 * n + 60, 130) for n in range(4)]
    path.write_bytes(voc.write("x.jpg", WIDTH, HEIGHT, NAMES, boxes))


def versions(store: Path) -> list[str]:
    """Return the names of the versions, the oldest first."""
    from utils.data_store.store import DataStore

    return [str(one) for one in DataStore.at(str(store)).versions()]


def tell(what: str, *words: object, store: Path) -> None:
    """Do it in a process of its own; print seconds, CPU seconds and peak memory."""
    command = [sys.executable, "workflow.py", "data", *map(str, words), "--store", str(store)]
    start = time.perf_counter()
    process = subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    clock = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"{what} failed")
    cpu = usage.ru_utime + usage.ru_stime
    print(f"{what:<34}{clock:>8.1f}{cpu:>8.1f}{usage.ru_maxrss / 1024:>7.0f}", flush=True)


SMOOTH = np.linspace(0, 255, WIDTH * HEIGHT * 3).reshape(HEIGHT, WIDTH, 3).astype(np.uint8)
PHOTO = encode_jpeg(SMOOTH)

if __name__ == "__main__":
    main()
