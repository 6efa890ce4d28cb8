"""Where and when new photographs were taken, and how much each counts: ``--groups``.

From a table (CSV), from the folders that the photographs lie in, or from their EXIF times. The
record travels to the report as a file: ``by`` (what places are) and ``photos``, for each file name
its ``place``, ``time`` (ISO 8601) and ``weight``, each None where it is not told.
"""

import csv
import io
import math
import os
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from utils.errors import InputError

COLUMNS = ("photograph", "site", "camera", "time", "weight")
MOST = 60
"""Places that are compared, each with each other."""

_NAMED = 3


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
        parts = whole.replace("\\", "/").split("/")
        for first in range(len(parts)):
            ends["/".join(parts[first:])].add(name)
        ends[name] = {name}
    told: dict[str, dict[str, Any]] = {}
    lines: dict[str, int] = {}
    unknown: list[str] = []
    for line, row in rows:
        given = row["photograph"].replace("\\", "/").removeprefix("./")
        found = ends.get(given, set())
        if not found:
            unknown.append(given)
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
        others = f"; it names {_some(unknown)} that were not given" if unknown else ""
        raise InputError(
            f"{path}: no row for {_some(missing)} of {len(photographs):,} photographs{others}; "
            "add rows, with the names that predictions.txt shows"
        )
    places = [name for name in ("site", "camera") if name in head]
    by = " and ".join(places) or ("time" if "time" in head else "")
    record = {"by": by, "photos": told, "unknown": len(unknown)}
    return _checked(record if places or not by else _by_time(record), path)


def by_folder(photographs: Mapping[str, str]) -> dict[str, Any]:
    """Take the first folder in which the paths differ, for the place of each photograph.

    Parameters
    ----------
    photographs
        As in `read_table`.

    Raises
    ------
    InputError
        If all lie in one folder, or in more than `MOST`.
    """
    folders = {name: whole.split("/")[:-1] for name, whole in photographs.items()}
    common = len(os.path.commonprefix(list(folders.values())))
    photos = {
        name: {"place": (parts[common:] or ["."])[0], "time": None, "weight": None}
        for name, parts in folders.items()
    }
    if len({one["place"] for one in photos.values()}) < 2:
        raise InputError(
            "--groups folders: all new photographs lie in one folder; sort them into a folder a "
            "place, or name a table: --groups FILE.csv"
        )
    return _checked({"by": "folder", "photos": photos, "unknown": 0}, "--groups folders")


def by_exif(times: Mapping[str, datetime | None]) -> dict[str, Any]:
    """Group photographs by their EXIF times: by hour within a day, else by day, or by month.

    Raises
    ------
    InputError
        If photographs have no such time.
    """
    if missing := sorted(name for name, time in times.items() if time is None):
        raise InputError(
            f"--groups exif: no EXIF time in {_some(missing)} of {len(times):,} photographs; "
            "name a table with their times: --groups FILE.csv"
        )
    photos = {
        name: {"place": None, "time": time.isoformat() if time else None, "weight": None}
        for name, time in times.items()
    }
    return _by_time({"by": "time", "photos": photos, "unknown": 0})


def told_of_groups(record: Mapping[str, Any]) -> str:
    """Return the line that the console says of a record."""
    places = {one["place"] for one in record["photos"].values()} - {None}
    told = f"{len(places):,} by {record['by']}" if record["by"] else "none, weights only"
    count = record["unknown"]
    more = f"; {count:,} {'row' if count == 1 else 'rows'} of other photographs" if count else ""
    return f"Groups: {told}{more}"


def _by_time(record: dict[str, Any]) -> dict[str, Any]:
    """Call the hour, day or month of each photograph its place."""
    photos = record["photos"]
    for by, length in (("hour", 13), ("day", 10), ("month", 7)):
        labels = {name: one["time"][:length].replace("T", " ") for name, one in photos.items()}
        days = {one["time"][:10] for one in photos.values()}
        fits = len(set(labels.values())) <= MOST and (by != "hour" or len(days) == 1)
        if fits or by == "month":
            break
    for name, label in labels.items():
        photos[name]["place"] = f"{label}:00" if by == "hour" else label
    return {**record, "by": by}


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
    places = [row[name] for name in ("site", "camera") if name in row]
    if not all(places):
        raise InputError(f"{where}: site or camera is empty; give each photograph one")
    if not all(place.isprintable() for place in places):
        raise InputError(f"{where}: a site or camera has characters that break tables")
    return {
        "place": " / ".join(places) or None,
        "time": _time(where, row["time"]) if "time" in row else None,
        "weight": _weight(where, row["weight"]) if "weight" in row else None,
    }


def _time(where: str, word: str) -> str:
    for read in (datetime.fromisoformat, lambda text: datetime.strptime(text, "%Y:%m:%d %H:%M:%S")):
        try:
            return read(word).replace(tzinfo=None).isoformat()
        except ValueError:
            continue
    raise InputError(f"{where}: time is {word!r}; write it as 2024-05-31 14:30")


def _weight(where: str, word: str) -> float:
    try:
        weight = float(word)
    except ValueError:
        weight = math.nan
    if not 0 < weight < math.inf:
        raise InputError(f"{where}: weight is {word!r}; takes a number above 0")
    return weight


def _checked(record: dict[str, Any], where: object) -> dict[str, Any]:
    places = {one["place"] for one in record["photos"].values()}
    if len(places) > MOST:
        raise InputError(f"{where}: {len(places):,} places; {MOST} can be compared, so join some")
    return record


def _some(names: Iterable[str]) -> str:
    names = list(names)
    more = ", ..." if len(names) > _NAMED else ""
    return f"{len(names):,} ({', '.join(names[:_NAMED])}{more})"
