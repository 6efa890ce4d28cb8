#!/usr/bin/env python3
"""Reading an annotated data set on the submit side: time a photograph and peak memory.

For 1,000 to 100,000 small photographs of four faces each, annotated in each format. Nothing is
packed; what is read is the header of each photograph and its annotation.
"""

import argparse
import multiprocessing
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parent.parent))

from utils.dataset.formats import coco, cvat, voc, yolo
from utils.dataset.formats.annotation import RawAnnotation
from utils.dataset.labels import CLASSES

PROJECT = Path(__file__).resolve().parent.parent
WIDTH, HEIGHT = 40, 30
FACES = RawAnnotation(
    (CLASSES[0], CLASSES[0], CLASSES[1], CLASSES[2]),
    ((1, 1, 9, 12), (10.5, 2, 18, 12.25), (20, 4, 27, 14), (30, 15, 38, 28)),
    (WIDTH, HEIGHT),
)


def main() -> None:
    argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    ).parse_args()
    head = f"{'CPU, ms each':>14}{'ms each':>10}{'peak, MiB':>12}"
    print(f"{'format':<8}{'photographs':>12}{head}")
    for count in (1_000, 10_000, 100_000):
        for format in ("voc", "yolo", "coco", "cvat"):
            with tempfile.TemporaryDirectory() as folder:
                # Elsewhere: memory that this process ever took would count as the reader's.
                writer = multiprocessing.Process(
                    target=write_dataset, args=(Path(folder), format, count)
                )
                writer.start()
                writer.join()
                cpu, clock, peak = read(Path(folder))
            times = f"{1000 * cpu / count:>14.2f}{1000 * clock / count:>10.2f}"
            print(f"{format:<8}{count:>12,}{times}{peak:>12.0f}", flush=True)


def write_dataset(folder: Path, format: str, count: int) -> None:
    """Write `count` photographs, all alike, with their annotations."""
    import numpy as np

    from utils.dataset.images import encode_jpeg

    photo = encode_jpeg(np.random.default_rng(0).integers(0, 255, (HEIGHT, WIDTH, 3), np.uint8))
    for name in ("images", "labels"):
        (folder / name).mkdir()
    stems = [f"{number:06}" for number in range(count)]
    for stem in stems:
        (folder / "images" / f"{stem}.jpg").write_bytes(photo)
    if format in ("coco", "cvat"):
        files = {f"{stem}.jpg": FACES for stem in stems}
        write, suffix = {"coco": (coco.write, "json"), "cvat": (cvat.write, "xml")}[format]
        (folder / f"annotations.{suffix}").write_bytes(write(files, CLASSES))
        return
    (folder / "classes.txt").write_text("\n".join(CLASSES))
    text = {
        "voc": voc.write("x.jpg", WIDTH, HEIGHT, FACES.names, FACES.boxes),
        "yolo": yolo.write(WIDTH, HEIGHT, FACES.names, FACES.boxes, CLASSES),
    }[format]
    for stem in stems:
        (folder / "labels" / f"{stem}{'.xml' if format == 'voc' else '.txt'}").write_bytes(text)


def read(folder: Path) -> tuple[float, float, float]:
    """Read a data set in a process of its own; return CPU seconds, seconds and peak MiB."""
    code = "import sys; from utils.dataset.intake.dataset import Dataset; Dataset(sys.argv[1])"
    start = time.perf_counter()
    process = subprocess.Popen([sys.executable, "-c", code, folder], cwd=PROJECT)
    _, status, usage = os.wait4(process.pid, 0)
    clock = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"reading {folder} failed")
    return usage.ru_utime + usage.ru_stime, clock, usage.ru_maxrss / 1024


if __name__ == "__main__":
    main()
