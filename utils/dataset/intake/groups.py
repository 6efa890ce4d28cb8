"""Where and when new photographs were taken, and how much each counts: ``--groups``.

From a table (`utils.dataset.intake.group_table`), from the folders that the photographs lie in, or
from their EXIF times. The record travels to the report as a file: ``by`` (the kinds of place that
are told: site, camera, folder), ``period`` (the unit of time to count by, None without times),
``unknown`` (rows of other photographs), ``moved`` (times brought to another zone), and ``photos``:
for each file name its ``places`` by kind, ``time`` (ISO 8601, a date alone where no hour is told)
and ``weight``, None where it is not told.
"""

import os
import unicodedata
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

from utils.dataset.periods import MOST, fitting_unit, label, start_of
from utils.errors import InputError, number_of

_NAMED = 3
_DATES = ("%Y-%m-%d", "%Y_%m_%d", "%Y.%m.%d", "%Y%m%d")
_NO_FOLDER = "(no folder)"


def by_folder(photographs: Mapping[str, str]) -> dict[str, Any]:
    """Take the first folder in which the paths differ, for the place of each photograph.

    Folders that are all called by dates tell times, not places.

    Parameters
    ----------
    photographs
        As in `read_table`.

    Raises
    ------
    InputError
        If all lie in one folder, or in more than `MOST`.
    """
    folders = {name: plain(whole).split("/")[:-1] for name, whole in photographs.items()}
    common = len(os.path.commonprefix(list(folders.values())))
    own = {name: (parts[common:] or [_NO_FOLDER])[0] for name, parts in folders.items()}
    if len(set(own.values())) < 2:
        raise InputError(
            "--groups folders: all new photographs lie in one folder; sort them into a folder a "
            "place, or name a table: --groups FILE.csv"
        )
    days = {folder: _date(folder) for folder in own.values()}
    dated = all(days.values())
    photos = {
        name: {
            "places": {} if dated else {"folder": folder},
            "time": days[folder].isoformat() if dated else None,
            "weight": None,
        }
        for name, folder in own.items()
    }
    return group_record([] if dated else ["folder"], photos, "--groups folders")


def by_exif(times: Mapping[str, datetime | None]) -> dict[str, Any]:
    """Group photographs by their EXIF times (`utils.dataset.periods`).

    Raises
    ------
    InputError
        If no photograph has such a time.
    """
    if not any(times.values()):
        raise InputError(
            f"--groups exif: no EXIF time in any of {len(times):,} photographs, as where a "
            "messenger or an editor took it out; name a table with their times: --groups FILE.csv"
        )
    photos = {
        name: {"places": {}, "time": time.isoformat() if time else None, "weight": None}
        for name, time in times.items()
    }
    return group_record([], photos, "--groups exif")


def told_of_groups(record: Mapping[str, Any]) -> list[str]:
    """Return the lines that the console says of a record."""
    photos = record["photos"].values()
    counted = {kind: {one["places"][kind] for one in photos} for kind in record["by"]}
    told = [f"{len(places):,} by {kind}" for kind, places in counted.items()]
    if unit := record["period"]:
        times = [datetime.fromisoformat(one["time"]) for one in photos if one["time"]]
        told.append(f"{len({label(start_of(time, unit), unit) for time in times}):,} by {unit}")
    if any(one["weight"] is not None for one in photos):
        told.append("weights")
    lines = [f"Groups: {', '.join(told)}"]
    if unit and (without := sum(one["time"] is None for one in photos)):
        lines.append(f"No time told of {number_of(without, 'photograph')}: a group of their own")
    if moved := record["moved"]:
        lines.append(f"{number_of(moved, 'time')} brought to the zone of the others")
    if count := record["unknown"]:
        lines.append(f"{number_of(count, 'row')} of other photographs, left alone")
    return lines


def group_record(
    by: list[str],
    photos: dict[str, dict[str, Any]],
    where: object,
    *,
    unknown: int = 0,
    moved: int = 0,
) -> dict[str, Any]:
    """Return the record of photographs whose ``places``, ``time`` and ``weight`` are told.

    Raises
    ------
    InputError
        If there are more than `MOST` places of a kind; `where` says where they stand.
    """
    for kind in by:
        places = {one["places"][kind] for one in photos.values()}
        if len(places) > MOST:
            raise InputError(
                f"{where}: {len(places):,} by {kind}; {MOST} can be compared, so join some"
            )
    words = [one["time"] for one in photos.values() if one["time"]]
    times, clock = [datetime.fromisoformat(word) for word in words], all("T" in w for w in words)
    period = fitting_unit(times, clock) if times else None
    return {"by": by, "period": period, "photos": photos, "unknown": unknown, "moved": moved}


def plain(path: str) -> str:
    """Return a path as others may have written it: separators, and accents, in one way."""
    return unicodedata.normalize("NFC", path.replace("\\", "/"))


def _date(folder: str) -> date | None:
    for form in _DATES:
        try:
            return datetime.strptime(folder, form).date()
        except ValueError:
            continue
    return None


def some_of(names: Iterable[str]) -> str:
    """Return how many names there are, and the first of them."""
    names = list(names)
    more = ", ..." if len(names) > _NAMED else ""
    return f"{len(names):,} ({', '.join(names[:_NAMED])}{more})"
