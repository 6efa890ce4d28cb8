"""From rows to the files of ``detect.py``: the same names, the same tables, the same rate."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from utils.analysis.prediction.looking import Unread
from utils.apply.console import Console
from utils.apply.rate import why_uncorrected
from utils.apply.results import Results
from utils.dataset.intake.photographs import NewPhotographs
from utils.errors import number_of
from utils.model_files import Model
from utils.records import write_atomically, write_record
from utils.spark.batch import key
from utils.spark.rows import DONE, OTHER, found_of, persons_of
from utils.spark.sources import OnDisk, Stored
from utils.spark.table import Table
from utils.video.correction import Correction
from utils.video.people import Person
from utils.video.rate import rate_record
from utils.video.run import stem_of

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

COMPARED = 20_000
"""Photographs that are compared with each other, at most: 1.2 GB of fingerprints on the driver."""

LINES = 1000
"""Photographs of which each has a line on the console, at most."""

_FOUND = ("path", "status", "reason", "width", "height", "taken", "looks", "compared", "resembles")


@dataclass
class Answer:
    """What came of it.

    Attributes
    ----------
    rate
        The record ``rate.json``.
    lines
        The same for a person.
    missed
        How much could not be looked at.
    done
        How much was.
    """

    rate: dict[str, Any]
    lines: list[str] = field(default_factory=list)
    missed: int = 0
    done: int = 0


def columns_of_found(fingerprints: bool) -> list[str]:
    """Return the columns that `utils.spark.rows.found_of` needs."""
    return [*_FOUND, "faces", "kind", *(["fingerprint"] if fingerprints else [])]


def plain_rows(rows: "DataFrame") -> Iterator[dict[str, Any]]:
    """Yield rows as plain values, without holding them all."""
    for row in rows.toLocalIterator(prefetchPartitions=True):
        yield row.asDict(recursive=True)


def of_photographs(
    rows: "DataFrame",
    model: Model,
    folder: Path,
    found: OnDisk | Stored,
    console: Console,
    unseen: str | None = None,
) -> Answer:
    """Write ``faces.json``, ``faces.csv`` and ``rate.json`` of all rows.

    Parameters
    ----------
    rows
        Of `utils.spark.rows.PHOTOGRAPHS`, at least `columns_of_found`.
    found
        What was to be looked at.
    unseen
        Why a photograph has no row, in words; None if it was not come to.
    """
    photographs = found.photographs if isinstance(found, OnDisk) else found
    named = _names(found)
    results = Results(folder, model, photographs, claimed=True)
    other: Counter[str] = Counter()
    loud = len(named) <= LINES
    for row in plain_rows(rows):
        name = named.pop(row["path"], None)
        if row["status"] == OTHER:  # counted where it was found by its first bytes, if it was
            other[row["kind"]] += name is not None
            continue
        if name is None:  # reached in another way, too, or looked at twice
            continue
        one = found_of(row, *name)
        line = results.add(one)
        console.step(line if loud or isinstance(one, Unread) else None)
    for _, file in named.values() if unseen else ():
        console.step(results.add(Unread(file, f"{file}: {unseen}")))
    for kind, count in other.items():
        if count:
            kinds = photographs.facts["not_read"]
            photographs.facts["not_read"] = {**kinds, kind: kinds.get(kind, 0) + count}
            photographs.facts["photos"] -= count
    rate = results.finish()
    missed = results.skipped + sum(photographs.facts["not_read"].values()) + rate["left"]
    return Answer(rate, results.closing(rate), missed, results.done)


def in_table(spark: "SparkSession", table: Table, more: Iterable[str] = ()) -> Stored:
    """Return the photographs that have rows, and `more`, as if they had been listed.

    Files of other kinds, which have rows, too, are counted.
    """
    paths, other = set(more), Counter()
    if table.is_there(spark):
        for row in table.read(spark).select("path", "status", "kind").toLocalIterator():
            if row.status == OTHER:
                other[row.kind] += 1
            else:
                paths.add(row.path)
    found = Stored(sorted(paths))
    found.facts["not_read"] = dict(sorted(other.items()))
    return found


def of_videos(
    rows: "DataFrame",
    model: Model,
    folder: Path,
    names: Mapping[str, str],
    console: Console,
    unseen: str | None = None,
) -> Answer:
    """Write the files of each video, and of all people in them ``rate.json``.

    Parameters
    ----------
    rows
        Of `utils.spark.rows.VIDEOS`.
    names
        The folder of each video, by its path in rows: "" for `folder` itself.
    unseen
        Why a video has no row, in words.
    """
    left, missed, cut = set(names), 0, 0
    people: dict[str, list[Person]] = {}
    for row in plain_rows(rows):
        if row["path"] not in left:
            continue
        left.remove(row["path"])
        if row["status"] != DONE:
            missed += 1
            console.step(f"{row['path']}: not read: {row['reason']}")
            continue
        cut += row["gaps"] > 0
        own = folder / names[row["path"]]
        own.mkdir(parents=True, exist_ok=True)
        for file, content in row["files"].items():
            write_atomically(own / file, bytes(content))
        people[row["path"]] = persons_of(row)
        seen = number_of(len(people[row["path"]]), "person", "people")
        gaps = f"; {number_of(row['gaps'], 'gap')}, told in its report" if row["gaps"] else ""
        console.step(f"{row['path']}: {seen} in {row['seconds']:.0f} s{gaps}")
    for path in sorted(left):
        console.step(f"{path}: not read: {unseen}")
    missed += len(left)
    everybody = [one for path in names for one in people.get(path, ())]
    record = rate_of_people(everybody, model)
    if all(names.values()):  # else it is that of the only one
        write_record(folder / "rate.json", record)
    lines = [f"Answer: {record['answer']}", f"Written to {folder}"]
    if missed:
        lines.insert(0, f"Not read: {number_of(missed, 'video')}")
    return Answer(record, lines, missed + cut, len(people))


def folders_of(paths: Iterable[str]) -> dict[str, str]:
    """Return the folder of each video as ``detect.py`` numbers them, by its path in rows."""
    numbered = {key(path): f"{n:03d}-{stem_of(path)}" for n, path in enumerate(paths, start=1)}
    return numbered if len(numbered) > 1 else dict.fromkeys(numbered, "")


def lasting_folders_of(paths: Iterable[str]) -> dict[str, str]:
    """Return folders of videos that stay the same whatever comes later."""
    digests = {path: hashlib.sha256(path.encode()).hexdigest()[:8] for path in paths}
    return {path: f"{stem_of(path)}-{digest}" for path, digest in digests.items()}


def rate_of_people(people: list[Person], model: Model) -> dict[str, Any]:
    """Return the rate of people of one video, or of several."""
    why = why_uncorrected(model)
    return rate_record(people, None if why else Correction.of(model.file.evaluation), why, [])


def _names(found: OnDisk | Stored) -> dict[str, tuple[str, str]]:
    """Return the name and the file of each photograph in results, by its path in rows."""
    if isinstance(found, Stored):
        return dict(zip(found.paths, zip(found.names(), found.files, strict=True), strict=True))
    photographs: NewPhotographs = found.photographs
    files = (file for file, _ in photographs.readers())
    named = zip(photographs.names(), files, strict=True)
    return dict(zip(map(key, found.places()), named, strict=True))
