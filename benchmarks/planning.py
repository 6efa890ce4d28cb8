#!/usr/bin/env python3
"""Describing the workflow: time and memory of ``workflow.py --dry-run`` as a process.

For the bundled sample, and for 1,000 to 100,000 new photographs of 4 KiB. Packing and hashing them
is part of it, so a plain copy of the same files by `shutil` stands beside it for comparison.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent


def main() -> None:
    argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    ).parse_args()
    print(f"{'new photographs':<18}{'plan, s':>10}{'peak, MiB':>12}{'plain copy, s':>16}")
    with tempfile.TemporaryDirectory() as scratch:
        seconds, peak = plan(Path(scratch) / "sample")
        print(f"{'bundled sample':<18}{seconds:>10.2f}{peak:>12.0f}{'':>16}")
        for count in (1_000, 10_000, 100_000):
            photos = write_photos(Path(scratch) / f"photos{count}", count)
            seconds, peak = plan(Path(scratch) / f"run{count}", "--predict", str(photos))
            start = time.perf_counter()
            shutil.copytree(photos, Path(scratch) / "copy")
            copied = time.perf_counter() - start
            print(f"{count:<18,}{seconds:>10.2f}{peak:>12.0f}{copied:>16.2f}")
            shutil.rmtree(Path(scratch) / "copy")
            shutil.rmtree(photos)


def plan(folder: Path, *options: str) -> tuple[float, float]:
    """Plan a run without executing it; return seconds and peak memory in MiB."""
    command = [sys.executable, "workflow.py", "--dry-run", "--run-dir", str(folder), *options]
    start = time.perf_counter()
    process = subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"planning failed: {' '.join(command)}")
    return time.perf_counter() - start, usage.ru_maxrss / 1024


def write_photos(folder: Path, count: int) -> Path:
    """Write files that look like photographs to the planner, which does not decode them."""
    folder.mkdir()
    for number in range(count):
        (folder / f"photo{number:06}.jpg").write_bytes(number.to_bytes(8, "big") * 512)
    return folder


if __name__ == "__main__":
    main()
