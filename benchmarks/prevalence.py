#!/usr/bin/env python3
"""The corrected rate where the truth is known: coverage, width and bias of every interval.

Photographs are generated as a detector would see them (`benchmarks/simulated_photos.py`). Every
repetition draws a test set and new photographs afresh; the intervals are those of the report, by
the same functions. In some tables the assumptions of the correction hold, in others they are broken
on purpose (marked below): there the coverage says what the interval is worth then.

Cells run on all cores; each is written to a file when it is done, so that an interrupted run goes
on where it was. A change of the estimate's source makes them new.
"""

import argparse
import hashlib
import json
import multiprocessing
import os
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import numpy as np

sys.path.append(str(Path(__file__).resolve().parent.parent))

from benchmarks.prevalence_cells import Cell, measure, tables

PROJECT = Path(__file__).resolve().parent.parent
BROKEN = ("crowding", "clutter", "size shift")
"""Tables in which new photographs are unlike the test photographs."""

UNASKED = ("priors",)
"""Tables that are printed only by name."""

TARGET = (0.94, 0.97)
SOURCES = (
    "benchmarks/prevalence_cells.py",
    "benchmarks/simulated_photos.py",
    "utils/metrics/bootstrap.py",
    "utils/metrics/ratios.py",
    *(f"utils/analysis/prevalence/{name}.py" for name in ("adjusted_counts", "draws", "intervals")),
    *(f"utils/analysis/prevalence/{name}.py" for name in ("annotated", "sampling")),
)

Measured = dict[str, float]


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(
        description=__doc__.splitlines()[0], formatter_class=argparse.ArgumentDefaultsHelpFormatter
    )
    made.add_argument("--repetitions", type=int, default=1000, help="of each cell")
    made.add_argument("--draws", type=int, default=1000, help="of each bootstrap")
    made.add_argument("--tables", nargs="+", choices=tables(), metavar="TABLE", help="only these")
    made.add_argument("--labels", action="store_true", help="count labels, not probabilities")
    made.add_argument("--processes", type=int, default=os.cpu_count(), help="at a time")
    made.add_argument("--seed", type=int, default=0)
    made.add_argument(
        "--finished",
        type=Path,
        default=PROJECT / "runs" / "benchmark-prevalence.jsonl",
        help="file of cells that are done",
    )
    made.add_argument("--quick", action="store_true", help="seconds, to see that it runs")
    return made


def main() -> None:
    args = parser().parse_args()
    start = time.perf_counter()
    chosen = {name: cells for name, cells in tables().items() if name not in UNASKED}
    if args.tables:
        chosen = {name: tables()[name] for name in args.tables}
    if args.quick:
        chosen = {name: cells[:2] for name, cells in chosen.items()}
        args.repetitions, args.draws = 20, 60
    if args.labels:
        chosen = {n: [Cell(**{**vars(c), "labels": True}) for c in cs] for n, cs in chosen.items()}
    known = _read(args.finished)
    keys = {cell: _key(cell, args) for cells in chosen.values() for cell in cells}
    waiting = [(cell, args.repetitions, args.draws, args.seed) for cell in keys]
    waiting = [job for job in waiting if keys[job[0]] not in known]
    for cell, measured in _run(waiting, args.processes):
        known[keys[cell]] = measured
        args.finished.parent.mkdir(parents=True, exist_ok=True)
        with args.finished.open("a") as file:
            file.write(json.dumps({"key": keys[cell], "measured": measured}) + "\n")
    print(f"{args.repetitions:,} repetitions a cell, {args.draws:,} draws; per cent")
    for name, cells in chosen.items():
        rows = [(cell, known[keys[cell]]) for cell in cells]
        if name == "priors":
            print_priors(rows)
        else:
            print_table(name, rows, args.repetitions)
    print(f"{len(waiting)} of {len(keys)} cells measured in {time.perf_counter() - start:.0f} s")


def print_table(name: str, rows: list[tuple[Cell, Measured]], repetitions: int) -> None:
    """Print a line for each cell, and how many cover as they say."""
    broken = " (the assumptions do not hold)" if name in BROKEN else ""
    print(f"\n{name}{broken}")
    print(
        f"{'rate':>5} {'detector':<9}{'test':>5}{'new':>6} {'':<17}{'place':>6}{'width':>7}"
        f"{'here':>7}{'width':>7}{'people':>8}{'width':>7}{'open':>6}"
        f"{'raw bias':>10}{'bias':>8}{'+-':>6}"
    )
    for cell, told in rows:
        what = ""
        if cell.burst > 1:
            what = "bursts, grouped" if cell.grouped else "bursts, not told"
        if cell.stay:
            what = f"stay for {cell.stay}"
        if cell.annotated:
            scene = "crowds" if cell.scene.hidden else "farther" if any(cell.scene.harder) else ""
            what = f"{cell.annotated} seen {scene}"
        people = [told.get(f"people{which}") for which in ("", "_width", "_open")]
        covered, wide, ends = (f"{100 * one:.1f}" if one is not None else "-" for one in people)
        print(
            f"{100 * cell.rate:>4.0f}% {cell.detector:<9}{cell.test:>5}{cell.new:>6} {what:<17}"
            f"{100 * told['coverage']:>6.1f}{100 * told['width']:>7.1f}{100 * told['here']:>7.1f}"
            f"{100 * told['here_width']:>7.1f}{covered:>8}{wide:>7}{ends:>6}"
            f"{100 * told['raw_bias']:>10.2f}{100 * told['bias']:>8.2f}{100 * told['error']:>6.2f}",
            flush=True,
        )
    error = 2 * np.sqrt(0.95 * 0.05 / repetitions)
    for key in ("coverage", "here", "people"):
        values = np.array([told[key] for _, told in rows if key in told])
        if len(values):
            near = (values >= TARGET[0] - error) & (values <= TARGET[1] + error)
            title = {"coverage": "place"}.get(key, key)
            print(
                f"  {title}: {near.sum()} of {len(values)} cells within 94 to 97 % and twice the "
                f"Monte Carlo error; least {100 * values.min():.1f}, mean "
                f"{100 * values.mean():.1f}, most {100 * values.max():.1f}"
            )


def print_priors(rows: list[tuple[Cell, Measured]]) -> None:
    """Print a line for each pair of sizes, over all detectors and rates, and one for each prior."""
    told: dict[float, dict[tuple[int, int], list[Measured]]] = {}
    for cell, measured in rows:
        by_size = told.setdefault(cell.events, {})
        by_size.setdefault((cell.test, cell.new), []).append(measured)
    print(f"\n{'place':<11}" + "".join(f"{f'Gamma({events:g})':>20}" for events in told))
    print(f"{'test':>5}{'new':>6}" + f"{'mean least width':>20}" * len(told))
    for size in next(iter(told.values())):
        line = ""
        for by_size in told.values():
            cells = [(100 * one["coverage"], 100 * one["width"]) for one in by_size[size]]
            covered, wide = np.transpose(cells)
            line += f"{covered.mean():>9.1f}{covered.min():>6.1f}{wide.mean():>5.1f}"
        print(f"{size[0]:>5}{size[1]:>6}{line}")
    for events, by_size in told.items():
        every = [one for cells in by_size.values() for one in cells]
        covered = np.array([one["coverage"] for one in every])
        wide = np.mean([one["width"] for one in every])
        print(
            f"Gamma({events:g}): {(covered < 0.93).sum()} of {len(covered)} cells below 93 %, "
            f"{(covered > 0.97).sum()} above 97 %; mean coverage {100 * covered.mean():.1f} %, "
            f"mean width {100 * wide:.1f}"
        )


def _run(jobs: list[tuple], processes: int) -> Iterator[tuple[Cell, Measured]]:
    """Yield cells with what was measured as they are done."""
    if processes == 1 or len(jobs) < 2:
        yield from map(_one, jobs)
        return
    with multiprocessing.get_context("spawn").Pool(processes) as pool:
        yield from pool.imap_unordered(_one, jobs)


def _one(job: tuple) -> tuple[Cell, Measured]:
    return job[0], measure(*job)


def _key(cell: Cell, args: argparse.Namespace) -> str:
    """Return what a cell's numbers depend on."""
    sources = hashlib.sha256(b"".join((PROJECT / name).read_bytes() for name in SOURCES))
    asked = [asdict(cell), args.repetitions, args.draws, args.seed, sources.hexdigest()[:16]]
    return json.dumps(asked, sort_keys=True)


def _read(path: Path) -> dict[str, Measured]:
    """Return the cells that are done; a last line cut short by an interruption is no cell."""
    result = {}
    for line in path.read_text().splitlines() if path.exists() else []:
        try:
            row = json.loads(line)
        except json.JSONDecodeError:
            continue
        result[row["key"]] = row["measured"]
    return result


if __name__ == "__main__":
    main()
