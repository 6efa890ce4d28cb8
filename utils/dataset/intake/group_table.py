"""A table that tells where and when new photographs were taken: ``--groups FILE.csv``."""

import csv
import io
import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from utils.dataset.intake.group_times import in_one_zone, read_time
from utils.dataset.intake.groups import group_record, plain, some_of
from utils.errors import InputError

COLUMNS = ("photograph", "site", "camera", "time", "weight")
PLACES = ("site", "camera")


def read_table(path: Path, photographs: Mapping[str, str]) -> dict[str, Any]:
    """Read a table with a column ``photograph`` and one or more of the others of `COLUMNS`.

    Parameters
    ----------
    photographs
        The whole path of each photograph by its file name, as results call it. The table may name
        it by that name, or by any end of the path that no other has.

    Raises
    ------
    InputError
        If the file is no such table, a row is wrong (its line is named), a photograph stands in it
        twice, or not at all.
    """
    rows, head = _rows(path)
    ends: dict[str, set[str]] = defaultdict(set)
    for name, whole in photographs.items():
        parts = plain(whole).split("/")
        for first in range(len(parts)):
            ends["/".join(parts[first:])].add(name)
        ends[plain(name)] = {name}
    told: dict[str, dict[str, Any]] = {}
    lines: dict[str, int] = {}
    unknown: list[str] = []
    for line, row in rows:
        given = plain(row["photograph"]).removeprefix("./")
        found = ends.get(given, set())
        if not found:
            unknown.append(row["photograph"])
            continue
        if len(found) > 1:
            raise InputError(
                f"{path}: line {line}: {given!r} may be {' or '.join(sorted(found)[:2])}; "
                "name it by its path"
            )
        [name] = found
        if name in told:
            raise InputError(f"{path}: line {line}: {name!r} stands on line {lines[name]}, too")
        told[name], lines[name] = _read_row(path, line, row), line
    if missing := sorted(photographs.keys() - told.keys()):
        others = f"; it names {some_of(unknown)} that were not given" if unknown else ""
        raise InputError(
            f"{path}: no row for {some_of(missing)} of {len(photographs):,} photographs{others}; "
            "add rows, with the names that predictions.txt shows"
        )
    times = {name: one["time"] for name, one in told.items() if one["time"]}
    if "time" in head and not times:
        raise InputError(f"{path}: column time is empty; fill it in, or leave it out")
    local, moved = in_one_zone({name: time for name, (time, _) in times.items()}, lines, path)
    for name, (_, clock) in times.items():
        told[name]["time"] = _written(local[name], clock)
    by = [name for name in PLACES if name in head]
    return group_record(by, told, path, unknown=len(unknown), moved=moved)


def _rows(path: Path) -> tuple[list[tuple[int, dict[str, str]]], list[str]]:
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise InputError(
            f"--groups {path}: {error.strerror}; takes a table .csv, folders or exif"
        ) from None
    except UnicodeDecodeError:
        raise InputError(f"{path}: is not UTF-8; save it as CSV in UTF-8") from None
    first = text.partition("\n")[0]
    comma = max(",;\t", key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=comma)
    try:
        head = [name.strip().lower() for name in next(reader, [])]
        _check_head(path, head)
        rows = []
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            if len(cells) != len(head):
                raise InputError(
                    f"{path}: line {reader.line_num} has {len(cells)} cells, the head {len(head)}"
                )
            told = dict(zip(head, map(str.strip, cells), strict=True))
            rows.append((reader.line_num, told))
    except csv.Error as error:
        raise InputError(f"{path}: line {reader.line_num}: {error}; save it as CSV") from None
    return rows, head


def _check_head(path: Path, head: Sequence[str]) -> None:
    takes = f"takes photograph and one or more of {', '.join(COLUMNS[1:])}"
    if "photograph" not in head or len(set(head) & set(COLUMNS)) < 2:
        raise InputError(f"{path}: line 1 names the columns {', '.join(head)!a}; {takes}")
    for name in COLUMNS:
        if head.count(name) > 1:
            raise InputError(f"{path}: line 1 names the column {name} twice; {takes}")


def _read_row(path: Path, line: int, row: dict[str, str]) -> dict[str, Any]:
    where = f"{path}: line {line}"
    places = {name: row[name] for name in PLACES if name in row}
    if not all(places.values()):
        raise InputError(f"{where}: site or camera is empty; give each photograph one")
    if not all(place.isprintable() for place in places.values()):
        raise InputError(f"{where}: a site or camera has characters that break tables")
    return {
        "places": places,
        "time": read_time(where, row["time"]) if "time" in row else None,
        "weight": _weight(where, row["weight"]) if "weight" in row else None,
    }


def _written(time: datetime, clock: bool) -> str:
    return time.isoformat() if clock else time.date().isoformat()


def _weight(where: str, word: str) -> float:
    try:
        weight = float(word)
    except ValueError:
        weight = math.nan
    if not 0 < weight < math.inf:
        raise InputError(f"{where}: weight is {word!a}; takes a number above 0")
    return weight
