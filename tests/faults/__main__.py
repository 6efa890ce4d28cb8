"""Inject every fault at full count and print one table: ``python -m tests.faults``."""

import argparse
import importlib
import resource
import sys
import time
import traceback
from collections.abc import Sequence

from tests.faults.table import Row, print_table

KINDS = ("kills", "disk", "jobs", "checkpoints", "study", "archives", "service")
"""Modules of this folder, each with ``rows(quick)``, which raises where a promise is broken."""


def main(argv: Sequence[str] | None = None) -> int:
    """Return 0 if every promise was kept, else 1."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--only", nargs="+", choices=KINDS, default=KINDS, help="default: all")
    parser.add_argument("--quick", action="store_true", help="small counts, as in `make test`")
    args = parser.parse_args(argv)
    rows: list[Row] = []
    broken: list[str] = []
    begun = time.monotonic()
    for kind in args.only:
        start, used = time.monotonic(), processor_seconds()
        try:
            module = importlib.import_module(f"tests.faults.{kind}")
            for row in module.rows(args.quick):
                rows.append(row)
                print(f"{kind}: {row.injected}: {row.times} times", file=sys.stderr, flush=True)
        except Exception as error:  # noqa: BLE001 -- whatever it is: the other kinds are tried too
            traceback.print_exc()
            broken.append(f"{kind}: {type(error).__name__}: {error}")
        took = time.monotonic() - start, processor_seconds() - used
        print("{}: {:.0f} s, {:.0f} s of processors".format(kind, *took), file=sys.stderr)
    print_table(rows)
    faults, minutes = sum(row.times for row in rows), (time.monotonic() - begun) / 60
    print(f"\n{faults:,} faults of {len(rows)} kinds were injected in {minutes:.0f} minutes.")
    for promise in broken:
        print(f"BROKEN: {promise}")
    return 1 if broken else 0


def processor_seconds() -> float:
    """Return what this process and those that it waited for have used."""
    own, children = map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime


if __name__ == "__main__":
    sys.exit(main())
