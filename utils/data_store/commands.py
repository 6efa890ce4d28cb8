"""What ``python workflow.py data ...`` does, and tells."""

import json
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import Any

from utils.dag.status_tables import table
from utils.data_store.checking import check
from utils.data_store.differences import compare
from utils.data_store.kept import Version
from utils.data_store.opened import choices_of, told_of_adding
from utils.data_store.operands import opened
from utils.data_store.store import Added, DataStore
from utils.data_store.words import checked_name
from utils.data_store.words_of_differences import told as told_of_differences
from utils.data_store.words_of_differences import told_of_twins
from utils.dataset.intake.dataset import Dataset
from utils.dataset.intake.words import told as told_of_data
from utils.dataset.intake.writing import pack_annotated
from utils.errors import InputError, number_of
from utils.records import short
from utils.tracking.recorded import RecordedRun, default_folder, find_runs
from utils.tracking.table import rows_of, table_of, usual_options

SCHEMA = 1
"""Schema of what ``--json`` prints."""

PAGE = Path("differences.html")

_NAMED = 5  # photographs that cannot be read


def add(words: Sequence[str], given: dict[str, Any]) -> tuple[str, int]:
    """Read data, and keep them as the newest version of a data set."""
    name, path = _exactly(words, "add", "NAME PATH")
    checked_name(name)
    store = DataStore.at(given.get("store"))
    with Dataset(Path(path), choices_of(given)) as dataset:
        added = store.add(name, dataset, str(Path(path).resolve()))
        lines = [*told_of_data(dataset.facts, None)[1:], *told_of_twins(added.twins)]
    if given.get("json"):
        told = {"was_there": added.was_there, "written": added.written}
        twins = [list(names) for names in added.twins]
        return _json(added=_plain(added.version), **told, twins_annotated_otherwise=twins)
    return "\n".join([*lines, *_told_of_added(added, store)]), 0


def show_list(words: Sequence[str], given: dict[str, Any]) -> tuple[str, int]:
    """List versions, the newest first."""
    store = DataStore.at(given.get("store"))
    if len(words) > 1:
        raise InputError("data list: takes the name of one data set, or nothing")
    if words:
        store.find(checked_name(words[0]))
    versions = [one for one in store.versions() if not words or one.name == words[0]]
    if given.get("json"):
        return _json(versions=[_plain(one) for one in reversed(versions)])
    newest = {one.name: one.version for one in versions}
    rows = [
        [
            one.name,
            short(one.version),
            "latest" if newest[one.name] == one.version else "",
            _when(one),
            f"{one.photos:,}",
            f"{sum(one.faces.values()):,}",
            _mib(one.size),
            one.source,
        ]
        for one in reversed(versions)
    ]
    head = ["name", "version", "", "added", "photographs", "faces", "MiB", "from"]
    lines = table(head, rows) if rows else [f"No data sets at {store.place.address}"]
    lines += [
        f"{why}; `python workflow.py data verify` tells more" for why in store.damaged.values()
    ]
    return "\n".join(lines), 0


def show(words: Sequence[str], given: dict[str, Any]) -> tuple[str, int]:
    """Tell of a version, and of the runs that learnt from it."""
    if not words:
        raise InputError("data show: name a version, as in `workflow.py data show masks@latest`")
    store = DataStore.at(given.get("store"))
    version = store.find(words[0])
    folders = [Path(word) for word in words[1:]]
    runs = [one for one in _runs(folders) if one.data_version == version.version]
    rows = rows_of(runs)
    if given.get("json"):
        return _json(version=_plain(version), runs=rows)
    counts = ", ".join(f"{count:,} {name}" for name, count in version.faces.items() if count)
    lines = [
        f"{version}: {number_of(version.photos, 'photograph')} ({_mib(version.size)} MiB), "
        f"{counts or 'no face'}",
        f"version: {version.version}",
        f"added: {_when(version)}, from {version.source}",
    ]
    if version.came_on:
        sides = ", ".join(f"{side} {count:,}" for side, count in version.came_on.items())
        lines.append(f"comes split: {sides} (--split given keeps them)")
    names = sorted({str(one) for one in store.versions() if one.version == version.version})
    if others := [name for name in names if name != str(version)]:
        lines.append(f"the same as {', '.join(others)}")
    try:
        mended = told_of_adding(version)
    except InputError as error:
        mended = [str(error)]
    try:
        mended += told_of_twins(store.manifest(version).twins())
    except InputError as error:
        mended.append(str(error))
    lines += ["", *mended, ""]
    where = ", ".join(map(str, folders)) or str(default_folder())
    none = f"No run in {where} learnt from it"
    lines.append(table_of(rows, usual_options(runs)) if rows else none)
    return "\n".join(lines), 0


def diff(words: Sequence[str], given: dict[str, Any]) -> tuple[str, int]:
    """Compare two versions, or data in folders and archives; write the page."""
    first, second = _exactly(words, "diff", "A B, each a version or a path")
    page = given.get("output", PAGE)
    store, choices = DataStore.at(given.get("store")), choices_of(given)
    with ExitStack() as both:
        before, after = (
            both.enter_context(opened(word, store, choices)) for word in (first, second)
        )
        differences = compare(before.manifest, after.manifest)
        from utils.data_store.page import write_page  # it needs NumPy

        unread = write_page(differences, before, after, page)
        versions = [before.manifest.version, after.manifest.version]
    if given.get("json"):
        names = [before.name, after.name]
        told = differences.as_record()
        return _json(names=names, versions=versions, **told, unread=unread, page=str(page))
    lines = [told_of_differences(differences, before.name, after.name), ""]
    if unread:
        reasons = list(dict.fromkeys(unread.values()))  # of a file that both hold there is one
        lines.append(f"Not shown: {number_of(len(reasons), 'photograph')} that cannot be read")
        lines += [f"  {why}" for why in reasons[:_NAMED]]
        if len(reasons) > _NAMED:
            lines.append(f"  and {len(reasons) - _NAMED} more (--json names all)")
    return "\n".join([*lines, f"Page: {page}"]), 0


def verify(words: Sequence[str], given: dict[str, Any]) -> tuple[str, int]:
    """Read all that versions hold and compare it with its digests; 1 where something is lost."""
    found = check(DataStore.at(given.get("store")), words, bool(given.get("set_aside")))
    text = _json(**found.as_record())[0] if given.get("json") else found.told()
    return text, 0 if found.is_whole else 1


def remove(words: Sequence[str], given: dict[str, Any]) -> tuple[str, int]:
    """Remove versions, and the photographs that no other version holds."""
    store = DataStore.at(given.get("store"))
    removed = store.remove(words)
    if given.get("json"):
        told = {"photographs": removed.photos, "freed": removed.freed, "kept": removed.kept}
        return _json(removed=[_plain(one) for one in removed.versions], **told)
    lines = [f"{one}: removed" for one in removed.versions]
    if removed.kept:
        lines.append(
            f"Nothing is freed, because it cannot be told what other versions hold: {removed.kept}"
        )
    else:
        lines.append(
            f"Freed: {number_of(removed.photos, 'photograph')} that no version holds, "
            f"{_mib(removed.freed)} MiB in all"
        )
    return "\n".join(lines), 0


def get(words: Sequence[str], given: dict[str, Any]) -> tuple[str, int]:
    """Write a version as an archive of photographs with VOC annotations."""
    word, file = _exactly(words, "get", "NAME@VERSION FILE.tar")
    path, store = Path(file), DataStore.at(given.get("store"))
    if path.suffix != ".tar" or path.exists():
        why = "exists" if path.exists() else "is no name of a .tar"
        raise InputError(f"{path}: {why}; name a new file .tar")
    if not path.absolute().parent.is_dir():
        raise InputError(f"{path}: there is no folder {path.parent}; make it")
    version = store.find(word)
    manifest = store.manifest(version)
    photos = ((one.filename, store.photograph(one), one.raw) for one in manifest.photos)
    pack_annotated(path, photos, manifest.came_on())
    return f"{version}: {number_of(version.photos, 'photograph')} with VOC files in {path}", 0


ACTIONS = {
    "add": add,
    "list": show_list,
    "show": show,
    "diff": diff,
    "verify": verify,
    "remove": remove,
    "get": get,
}
"""What there is, by the word after ``data``: each returns text and the exit code."""


def _told_of_added(added: Added, store: DataStore) -> list[str]:
    one = added.version
    shared = added.version.photos - added.written
    lines = [
        f"{one}: {number_of(one.photos, 'photograph')} ({_mib(one.size)} MiB), "
        f"{number_of(sum(one.faces.values()), 'face')}; "
        f"{'is there already' if added.was_there else 'added'}: {added.written:,} written "
        f"({_mib(added.written_bytes)} MiB), {shared:,} shared with others",
    ]
    if added.names_differ:
        lines.append("Other file names: the version keeps those that it was first added with")
    return [*lines, f"Learn from it with: python workflow.py --data {one}{_store_word(store)}"]


def _store_word(store: DataStore) -> str:
    same = store.place.address == DataStore.at(None).place.address
    return "" if same else f" --store {store.place.address}"


def _runs(folders: Sequence[Path]) -> list[RecordedRun]:
    if not folders and not default_folder().exists():
        return []
    return find_runs(folders or [default_folder()])


def _exactly(words: Sequence[str], action: str, takes: str) -> Sequence[str]:
    if len(words) != 2:
        raise InputError(f"data {action}: takes {takes}; found {number_of(len(words), 'word')}")
    return words


def _when(version: Version) -> str:
    day, time = version.added[:8], version.added[9:13]
    return f"{day[:4]}-{day[4:6]}-{day[6:]} {time[:2]}:{time[2:]}Z"


def _mib(size: int) -> str:
    return f"{size / 2**20:,.1f}"


def _plain(version: Version) -> dict[str, Any]:
    return {"called": str(version), **asdict(version)}


def _json(**record: Any) -> tuple[str, int]:
    return json.dumps({"schema": SCHEMA, **record}, indent=1, ensure_ascii=False), 0
