"""Whether a store holds what its versions are made of, bit for bit, and nothing else."""

from collections.abc import Iterable, Mapping
from contextlib import nullcontext, suppress
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from utils.data_store.kept import Version
from utils.data_store.layout import (
    ASIDE,
    MARK,
    SCHEMA,
    manifest_file,
    mark_of,
    object_digest,
    object_file,
)
from utils.data_store.store import DataStore
from utils.errors import InputError, number_of

_NAMED = 20
"""How many of each kind of trouble the text names; ``--json`` names all."""


@dataclass
class Checked:
    """What was found.

    Attributes
    ----------
    photos, size
        Photographs that were read, and their bytes.
    damaged, missing
        Photographs that are not what they should be, or not there: the file in the store, and who
        holds it: ``{"version", "photograph"}``.
    records
        Other files that are damaged or missing, by name: what is wrong.
    spare
        Files that no version holds, and their bytes.
    aside
        Where damaged files were moved to.
    """

    versions: int = 0
    photos: int = 0
    size: int = 0
    damaged: dict[str, list[dict[str, str]]] = field(default_factory=dict)
    missing: dict[str, list[dict[str, str]]] = field(default_factory=dict)
    records: dict[str, str] = field(default_factory=dict)
    spare: dict[str, int] = field(default_factory=dict)
    aside: list[str] = field(default_factory=list)

    @property
    def is_whole(self) -> bool:
        """Whether every version can be read, bit for bit."""
        return not (self.damaged or self.missing or self.records)

    def as_record(self) -> dict[str, Any]:
        """Return plain values."""
        return {"whole": self.is_whole, **self.__dict__}

    def told(self) -> str:
        """Return it as text."""
        mib = self.size / 2**20
        lines = [
            f"{number_of(self.versions, 'version')}, {number_of(self.photos, 'photograph')} "
            f"({mib:,.1f} MiB) read"
        ]
        for what, found in (("damaged", self.damaged), ("missing", self.missing)):
            for file, holders in list(found.items())[:_NAMED]:
                names = (f"{one['photograph']} of {one['version']}" for one in holders)
                held = ", ".join(names) or "of no version"
                lines.append(f"{what}: {file}: {held}")
            if len(found) > _NAMED:
                lines.append(f"and {len(found) - _NAMED:,} more {what} (--json names all)")
        lines += [f"{file}: {what}" for file, what in list(self.records.items())[:_NAMED]]
        if len(self.records) > _NAMED:
            lines.append(f"and {len(self.records) - _NAMED:,} more files (--json names all)")
        if self.spare:
            lines.append(
                f"spare: {number_of(len(self.spare), 'file')} ({sum(self.spare.values()):,} bytes) "
                "that no version holds: left by a removal or an addition that was cut off, or "
                "being added; `python workflow.py data remove` without a name frees them"
            )
        if self.aside:
            lines.append(f"Moved to {ASIDE}/: {number_of(len(self.aside), 'file')}")
        if self.is_whole:
            lines.append("Every version is there, bit for bit")
        else:
            first = (
                ""
                if self.aside or not (self.damaged or self.records)
                else (
                    "`python workflow.py data verify --set-aside` moves what is damaged out of the "
                    "way; "
                )
            )
            lines.append(
                f"To put back what is lost: {first}`python workflow.py data add NAME PATH` with "
                "the same photographs writes what is missing"
            )
        return "\n".join(lines)


def check(store: DataStore, words: Iterable[str] = (), set_aside: bool = False) -> Checked:
    """Read all that versions hold and compare it with its digests.

    Parameters
    ----------
    words
        Versions to look at; none: the whole store, and what lies in it besides.
    set_aside
        Move what is damaged out of the way, so that the next who adds it writes it anew.

    Raises
    ------
    InputError
        If a word names no version, or the store cannot be read.
    """
    with store.place.removing() if set_aside else nullcontext():
        found = Checked()
        versions = _chosen(store, words)
        found.versions = len(versions)
        there = store.place.sizes()
        held = _held(store, versions, there, found)
        for digest, holders in held.items():
            _look_at(store, object_file(digest), digest, holders, found)
        if not list(words):
            _look_at_others(store, held, there, found)
        _leave_out_what_was_removed(store, found)
        if set_aside:
            for name in [*found.damaged, *(name for name in found.records if name in there)]:
                store.place.move(name, f"{ASIDE}/{name.replace('/', '-')}")
                found.aside.append(name)
    return found


def _chosen(store: DataStore, words: Iterable[str]) -> list[Version]:
    chosen: dict[tuple[str, str], Version] = {}
    for word in words:
        newest = store.find(word)
        several = [newest] if "@" in word else store.versions()
        chosen |= {(one.name, one.version): one for one in several if one.name == newest.name}
    return list(chosen.values()) or store.versions()


def _held(
    store: DataStore, versions: Iterable[Version], there: Mapping[str, int], found: Checked
) -> dict[str, list[dict[str, str]]]:
    """Return who holds each photograph, by its digest; lists that cannot be read are told."""
    held: dict[str, list[dict[str, str]]] = {}
    for version in versions:
        name = manifest_file(version.manifest)
        try:
            manifest = store.manifest(version)
        except InputError:
            what = "damaged" if name in there else "missing"
            found.records[name] = f"{what}: the photographs of {version}"
            continue
        for photo in manifest.photos:
            holder = {"version": str(version), "photograph": photo.filename}
            held.setdefault(photo.digest, []).append(holder)
    return held


def _look_at(
    store: DataStore, file: str, digest: str, holders: list[dict[str, str]], found: Checked
) -> None:
    try:
        data = store.place.read(file)
    except FileNotFoundError:
        found.missing[file] = holders
        return
    found.photos += 1
    found.size += len(data)
    if sha256(data).hexdigest() != digest:
        found.damaged[file] = holders


def _look_at_others(
    store: DataStore,
    held: Mapping[str, list[dict[str, str]]],
    there: Mapping[str, int],
    found: Checked,
) -> None:
    """Look at what is there besides the photographs that versions hold."""
    files = store.files()
    found.records |= {name: why.removeprefix(f"{name}: ") for name, why in store.damaged.items()}
    known = {MARK, *files, *map(object_file, held), *found.records}
    known |= {manifest_file(one.manifest) for one in files.values()}
    if there and (MARK not in there or store.place.read(MARK) != mark_of(SCHEMA)):
        found.records[MARK] = "damaged" if MARK in there else "missing"
    for name, size in there.items():
        if name in known:
            continue
        found.spare[name] = size
        if digest := object_digest(name):
            with suppress(FileNotFoundError):  # removed meanwhile
                if sha256(store.place.read(name)).hexdigest() != digest:
                    found.damaged[name] = []


def _leave_out_what_was_removed(store: DataStore, found: Checked) -> None:
    """Take back what was missed of versions that somebody removed meanwhile."""
    there = {str(one) for one in store.versions()}
    for file, holders in list(found.missing.items()):
        found.missing[file] = [one for one in holders if one["version"] in there]
        if not found.missing[file]:
            del found.missing[file]
