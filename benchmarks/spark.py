#!/usr/bin/env python3
"""What Spark costs: photographs a second beside plain Python, a worker's memory, and the answer.

1. The same photographs looked at by one core of plain Python, by Spark on one core (`local[1]`) and
   on two (`local[2]`), in turn; the model is loaded before the clock runs, starting is told apart.
   Also what a Python worker holds in memory at most.
2. The memory of Python workers over many photographs, small ones and a quick network.
3. The seconds from rows to faces.csv, faces.json and rate.json, for more and more rows.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from itertools import cycle, islice
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parent.parent))

from pyspark.sql import SparkSession

from benchmarks.common import machine, parser
from benchmarks.python_workers import Watcher
from benchmarks.rows_made_up import write_rows
from data.painter.sample import draw_picture
from utils.apply.collected import Collected
from utils.apply.console import Console
from utils.apply.looking import Settings, look_at
from utils.apply.sources import find_sources
from utils.dataset.images import encode_jpeg
from utils.dataset.intake.kinds import is_photograph
from utils.detector.names import IN_THE_BOX
from utils.networks.model_file import write_model
from utils.spark import workers
from utils.spark.answer import columns_of_found, of_photographs
from utils.spark.rows import DONE, PHOTOGRAPHS
from utils.spark.session import Cluster, spark_session
from utils.spark.sources import Stored, escaped, read_files
from utils.spark.table import Table
from utils.spark.workers import Work

QUICK = {"photos": 24, "rounds": 1, "memory": 200, "rows": 2000}
PARTS = ("throughput", "memory", "aggregation")
WARM = 32
"""Photographs that are looked at before the clock runs."""

SIDE = 64
"""Pixels that the quick network of the second part sees."""


def options() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    made = parser(__doc__)
    made.set_defaults(photos=600, rounds=2)
    made.add_argument("--only", choices=PARTS, help="one of the three parts")
    made.add_argument("--memory", type=int, default=10_000, help="photographs of the second part")
    made.add_argument("--rows", type=int, default=100_000, help="rows of the third")
    made.add_argument("--plain", type=Path, help=argparse.SUPPRESS)  # the plain process itself
    return made


def main() -> None:
    """Measure, and print three tables."""
    args = options().parse_args()
    if args.plain:
        print(json.dumps(plain(args.plain)))
        return
    if args.quick:
        vars(args).update(QUICK)
    print(machine())
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name)
        parts = (args.only,) if args.only else PARTS
        if "throughput" in parts:
            folder = photographs(args.data, args.photos, scratch / "photographs")
            warm = photographs(args.data, min(WARM, args.photos), scratch / "warm")
            throughput(folder, warm, args.rounds)
        if "memory" in parts:
            memory(args.memory, scratch)
        if "aggregation" in parts:
            aggregation(args.rows, scratch)


def photographs(data: Path, count: int, folder: Path) -> Path:
    """Fill a folder with so many photographs of a data set, each as often as that takes."""
    found = sorted(path for path in data.rglob("*") if is_photograph(path.name))
    if not found:
        sys.exit(f"{data}: there are no photographs in this folder")
    folder.mkdir()
    for number, path in enumerate(islice(cycle(found), count)):
        (folder / f"{number:06d}{path.suffix}").write_bytes(path.read_bytes())
    return folder


def plain(folder: Path) -> float:
    """Return photographs a second of this process, on one thread."""
    import cv2
    import torch

    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    settings = Settings(device="cpu", pictures=False)
    model = settings.load()
    with find_sources([str(folder)]).open() as found:
        for _ in islice(look_at(found, model, settings), 8):
            pass  # warm
        collected = Collected(model)
        began = time.perf_counter()
        for one in look_at(found, model, settings):
            collected.add(one)
        return collected.done / (time.perf_counter() - began)


@contextmanager
def session(master: str, model: Path) -> Iterator[SparkSession]:
    """Yield Spark with the model brought along as ``model.pth``."""
    conf = {"spark.driver.memory": "1g", "spark.executorEnv.OMP_NUM_THREADS": "1"}
    with tempfile.TemporaryDirectory() as name:
        copy = Path(name) / "model.pth"
        copy.write_bytes(model.read_bytes())
        with spark_session(Cluster(master, conf), [copy]) as spark:
            yield spark


def on_spark(spark: SparkSession, folder: Path, rows: Path, fingerprints: bool = True) -> float:
    """Look at a folder as a batch does; return the seconds."""
    work = Work("model.pth", device="cpu", fingerprints=fingerprints)
    frame = read_files(spark, [escaped(str(folder))])
    began = time.perf_counter()
    Table(str(rows)).add(frame.mapInPandas(partial(workers.look_at, work), PHOTOGRAPHS))
    return time.perf_counter() - began


def throughput(folder: Path, warm: Path, rounds: int) -> None:
    """Print the first table."""
    count = len(list(folder.iterdir()))
    rates: dict[str, list[float]] = {"plain Python": [], "local[1]": [], "local[2]": []}
    starts: dict[str, list[float]] = {"local[1]": [], "local[2]": []}
    held: dict[str, int] = {}
    alone = [sys.executable, __file__, "--plain", str(folder)]
    for number in range(rounds):
        done = subprocess.run(
            alone, env=os.environ | {"OMP_NUM_THREADS": "1"}, capture_output=True, check=True
        )
        rates["plain Python"].append(json.loads(done.stdout))
        for master, told in starts.items():
            began = time.perf_counter()
            with session(master, IN_THE_BOX) as spark, Watcher(2).watching() as watcher:
                rows = folder.with_name(f"rows-{master[6:-1]}-{number}")
                on_spark(spark, warm, rows.with_name(f"{rows.name}-warm"))
                told.append(time.perf_counter() - began)
                seconds = on_spark(spark, folder, rows)
                if Table(str(rows)).read(spark).where(f"status = '{DONE}'").count() != count:
                    sys.exit(f"{folder}: there are photographs that cannot be read; leave them out")
            rates[master].append(count / seconds)
            held[master] = max(held.get(master, 0), watcher.at(0, 1))
    print(f"\n{count} photographs, median of {rounds} rounds:\n")
    started = f"session, model and first {len(list(warm.iterdir()))}, s"
    print(f"| | photographs a second | of plain Python | {started} | MB a worker, at most |")
    print("|---|---|---|---|---|")
    base = statistics.median(rates["plain Python"])
    for name, values in rates.items():
        rate = statistics.median(values)
        start = f"{statistics.median(starts[name]):.1f}" if name in starts else ""
        print(f"| {name} | {rate:.1f} | {rate / base:.2f} | {start} | {held.get(name, '')} |")


def memory(count: int, scratch: Path) -> None:
    """Print the second table: a quick network on small photographs."""
    folder = scratch / "many"
    folder.mkdir()
    drawn = [encode_jpeg(draw_picture(seed, [1, 2]).image[::4, ::4]) for seed in range(50)]
    for number in range(count):
        (folder / f"{number:06d}.jpg").write_bytes(drawn[number % len(drawn)])
    model = Settings(device="cpu").load()
    write_model(scratch / "quick.pth", replace(model.file, image_size=SIDE, fingerprints=None))
    with session("local[2]", scratch / "quick.pth") as spark:
        with Watcher().watching() as watcher:
            seconds = on_spark(spark, folder, scratch / "many-rows")
        rows = Table(str(scratch / "many-rows")).read(spark).count()
    print(f"\n{rows:,} photographs in {seconds:.0f} s on local[2], MB of the largest worker:\n")
    stretches = ((0.1, 0.2), (0.45, 0.55), (0.9, 1.0))
    print(f"| {' | '.join(f'{100 * a:.0f} to {100 * b:.0f} %' for a, b in stretches)} |")
    print(f"|{'---|' * len(stretches)}")
    print(f"| {' | '.join(str(watcher.at(*stretch)) for stretch in stretches)} |")


def aggregation(count: int, scratch: Path) -> None:
    """Print the third table: a quarter, half and all of the rows."""
    model = Settings(device="cpu").load()
    print("\n| rows | seconds | ms a row |\n|---|---|---|")
    with session("local[1]", IN_THE_BOX) as spark:
        for rows in (100, count // 4, count // 2, count):
            table = Table(str(scratch / f"rows-{rows}"))
            write_rows(rows, Path(table.address))
            seconds = timed(lambda t=table, n=rows: answered(spark, t, n, scratch, model))
            if rows == 100:  # warm
                continue
            print(f"| {rows:,} | {seconds:.1f} | {1000 * seconds / rows:.2f} |")


def timed(work: Callable[[], None]) -> float:
    """Return the seconds that something takes."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def answered(spark: SparkSession, table: Table, count: int, scratch: Path, model: object) -> None:
    """Write the files of an answer."""
    found = Stored([f"/many/{number:07d}.jpg" for number in range(count)])
    rows = table.read(spark).select(columns_of_found(False))
    folder = scratch / f"answer-{count}"
    folder.mkdir()
    with Console(sys.stdout, sys.stderr, None, quiet=True) as console:
        answer = of_photographs(rows, model, folder, found, console)
    if (answer.done, answer.missed) != (count, 0):
        sys.exit(f"{answer.done} of {count} rows are in the answer")


if __name__ == "__main__":
    main()
