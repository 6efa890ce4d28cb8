"""The store: photographs by content, lists of them, and the names of versions.

``objects/``
    Photographs, each under its SHA-256, once whatever versions share it.
``manifests/``
    Lists of photographs with their faces (`utils.data_store.manifest`), each under its SHA-256.
``names/``
    A small file for each version of each data set (`utils.data_store.kept`).

A version is there once its name is, which is written last; it is gone once its name is, which is
removed first. So a process that ends at any moment leaves a valid store, and at most files that no
version holds, which the next to add the same data uses, or the next removal frees.
"""

import json
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any, Protocol

from utils.data_store.kept import NAMES, Version
from utils.data_store.manifest import KeptPhoto, Manifest, faces_of, kept_photo
from utils.data_store.places import Place, place_of
from utils.data_store.words import Wanted, checked_name, short, wanted
from utils.dataset.formats.annotation import RawAnnotation
from utils.errors import InputError, brief, nearest, number_of

OBJECTS, MANIFESTS = "objects", "manifests"
MARK = "store.json"
WHAT = b'{"what": "versions of annotated photographs", "schema": 1}\n'
"""The content of `MARK`, by which a store is known."""

_TIME = "%Y%m%dT%H%M%S.%fZ"


class NoSuchVersion(InputError):
    """A store holds no version of that name."""


class Readable(Protocol):
    """An annotated data set that was read: see `utils.dataset.intake.dataset.Dataset`."""

    facts: dict[str, Any]
    came_on: Mapping[str, str]

    def annotated(self) -> Iterable[tuple[str, bytes, RawAnnotation]]:
        """Yield file name, bytes and faces of the photographs."""


@dataclass(frozen=True)
class Added:
    """What became of an addition: the version, whether it was there, and the photographs written.

    `names_differ`: it was there, with other names of photographs, which stay as they are.
    """

    version: Version
    was_there: bool
    written: int
    written_bytes: int
    names_differ: bool = False


@dataclass(frozen=True)
class Removed:
    """What became of a removal: versions, photographs, and bytes that are free now.

    `kept` says why nothing was freed, if so.
    """

    versions: tuple[Version, ...]
    photos: int
    freed: int
    kept: str = ""


class DataStore:
    """Versions of data sets at a place.

    Attributes
    ----------
    place
        Where it lies.
    damaged
        Files that should tell of versions and cannot be read, with the reason; known once
        `versions` was called.

    Raises
    ------
    InputError
        If the place cannot be used, or holds something else than a store.
    """

    def __init__(self, place: Place) -> None:
        self.place = place
        self.damaged: dict[str, str] = {}

    @staticmethod
    def at(address: str | None) -> "DataStore":
        """Return the store at an address; by default the environment's, or the project's own."""
        return DataStore(place_of(address))

    def versions(self) -> list[Version]:
        """Return the versions of all data sets, the oldest first."""
        return list(self.files().values())

    def files(self) -> dict[str, Version]:
        """Return the versions of all data sets, the oldest first, by their files."""
        files = self._files()
        last = set({(one.name, one.version): file for file, one in files.items()}.values())
        return {file: one for file, one in files.items() if file in last}

    def find(self, word: str | Wanted) -> Version:
        """Return the version that a word names: ``masks``, ``masks@latest``, ``masks@1f2e3d``.

        Raises
        ------
        NoSuchVersion
            If there is none.
        InputError
            If a word is none of these, or there are several.
        """
        want = wanted(word) if isinstance(word, str) else word
        known = self.versions()
        mine = [one for one in known if one.name == want.name]
        if not mine:
            names = {one.name for one in known}
            raise NoSuchVersion(f"{want}: {self._no_name(want.name, names)}")
        if want.digits is None:
            return mine[-1]
        matching = [one for one in mine if one.version.startswith(want.digits)]
        if len(matching) > 1:
            told = ", ".join(str(one) for one in matching[-5:])
            raise InputError(f"{want}: names {len(matching)} versions ({told}); give more digits")
        if not matching:
            told = ", ".join(short(one.version) for one in mine[-5:])
            more = f", the last of {len(mine)}" if len(mine) > 5 else ""
            raise NoSuchVersion(
                f"{want}: no such version at {self.place.address}: it was removed, or never there; "
                f"{want.name} has {told}{more}"
            )
        return matching[0]

    def manifest(self, version: Version) -> Manifest:
        """Return what a version holds.

        Raises
        ------
        InputError
            If the list of it is gone or damaged.
        """
        name = manifest_file(version.manifest)
        try:
            data = self.place.read(name)
        except FileNotFoundError:
            raise InputError(f"{version}: {self._lost(name, 'is gone')}") from None
        if sha256(data).hexdigest() != version.manifest:
            raise InputError(f"{version}: {self._lost(name, 'is damaged')}")
        return Manifest.from_bytes(data, f"{self.place.address}/{name}")

    def photograph(self, photo: KeptPhoto) -> bytes:
        """Return the bytes of a photograph.

        Raises
        ------
        InputError
            If it is gone or damaged.
        """
        name = object_file(photo.digest)
        try:
            data = self.place.read(name)
        except FileNotFoundError:
            raise InputError(f"{photo.filename}: {self._lost(name, 'is gone')}") from None
        if sha256(data).hexdigest() != photo.digest:
            raise InputError(f"{photo.filename}: {self._lost(name, 'is damaged')}")
        return data

    def add(self, name: str, dataset: Readable, source: str) -> Added:
        """Add what was read as the newest version of a data set.

        Photographs that are there already, whatever versions hold them, are not written again.

        Parameters
        ----------
        name
            Of the data set.
        source
            What it was read from, in words.

        Raises
        ------
        InputError
            If the name cannot be one, or the place cannot be written to. What was written until
            then is used by the next addition of these data.
        """
        checked_name(name)
        self._check_mark(to_write=True)
        with self.place.adding():
            self._write_mark()
            there = self.place.sizes(OBJECTS)
            photos, written, size = [], 0, 0
            for filename, image, raw in dataset.annotated():
                side = dataset.came_on.get(filename.rpartition(".")[0])
                photo = kept_photo(filename, image, raw, side)
                file = object_file(photo.digest)
                if there.get(file) != photo.size:
                    self.place.write(file, image)
                    there[file] = photo.size
                    written, size = written + 1, size + photo.size
                photos.append(photo)
            manifest = Manifest(tuple(photos))
            return self._name(name, manifest, dataset.facts, source, (written, size))

    def remove(self, words: Iterable[str]) -> Removed:
        """Remove versions, or all of a data set where none is named, and what no other holds.

        Raises
        ------
        NoSuchVersion
            If there is none; then nothing is removed.
        InputError
            If the place cannot be written to.
        """
        self._check_mark(to_write=False)
        chosen = {}
        for word in words:
            want = wanted(word)
            alone = self.find(want)
            all_of_it = "@" not in word
            for one in self.versions() if all_of_it else [alone]:
                if one.name == want.name:
                    chosen[one.name, one.version] = one
        if not chosen and not self._exists():
            return Removed((), 0, 0)
        with self.place.removing():
            for file, version in self._files().items():
                if (version.name, version.version) in chosen:
                    self.place.remove(file)
            return self._free(tuple(chosen.values()))

    def _files(self) -> dict[str, Version]:
        """Return all files that tell of versions, sorted by time, and what they tell."""
        self._check_mark(to_write=False)
        self.damaged = {}
        found = {}
        for file in self.place.sizes(NAMES):
            if file.endswith(".tmp"):
                continue
            try:
                found[file] = Version.from_bytes(self.place.read(file), file)
            except FileNotFoundError:  # removed meanwhile
                continue
            except InputError as error:
                self.damaged[file] = str(error)
        return dict(sorted(found.items(), key=lambda item: (item[1].added, item[0])))

    def _name(
        self,
        name: str,
        manifest: Manifest,
        facts: dict[str, Any],
        source: str,
        written: tuple[int, int],
    ) -> Added:
        """Write the list of photographs and then the name of the version, unless they are there."""
        files = {file: one for file, one in self._files().items() if one.name == name}
        same = [(file, one) for file, one in files.items() if one.version == manifest.version]
        last = list(files.values())[-1] if files else None
        before = self._intact(same[-1][1]) if same else None
        if before is not None:
            differ = [one.filename for one in before.photos] != [
                one.filename for one in manifest.photos
            ]
            kept = same[-1][1]
            if last is kept:
                return Added(kept, True, *written, differ)
            manifest = before
        else:
            differ = False
        data = manifest.as_bytes()
        digest = sha256(data).hexdigest()
        self.place.write(manifest_file(digest), data)
        version = Version(
            name=name,
            version=manifest.version,
            manifest=digest,
            added=_after(last.added if last else ""),
            source=source,
            photos=len(manifest.photos),
            size=manifest.size,
            faces=faces_of(manifest.photos),
            came_on=_counted(manifest.came_on()),
            facts=facts,
        )
        self.place.write(version.file, version.as_bytes())
        for file, _ in same:
            self.place.remove(file)
        return Added(version, before is not None, *written, differ)

    def _intact(self, version: Version) -> Manifest | None:
        try:
            return self.manifest(version)
        except InputError:
            return None

    def _free(self, versions: tuple[Version, ...]) -> Removed:
        """Remove what no version holds, unless it cannot be told what they hold."""
        kept = {MARK}
        files = self.files()
        if self.damaged:
            return Removed(versions, 0, 0, next(iter(self.damaged.values())))
        try:
            for file, one in files.items():
                kept |= {file, manifest_file(one.manifest)}
                kept |= {object_file(photo.digest) for photo in self.manifest(one).photos}
        except InputError as error:
            return Removed(versions, 0, 0, str(error))
        photos = freed = 0
        for file, size in self.place.sizes().items():
            if file not in kept and file.startswith(_OURS):
                self.place.remove(file)
                photos += file.startswith(f"{OBJECTS}/") and not file.endswith(".tmp")
                freed += size
        return Removed(versions, photos, freed)

    def _exists(self) -> bool:
        try:
            self.place.read(MARK)
        except FileNotFoundError:
            return False
        return True

    def _check_mark(self, to_write: bool) -> None:
        """Refuse a place that holds something else."""
        try:
            mark = self.place.read(MARK)
        except FileNotFoundError:
            others = [] if not to_write else sorted(self.place.sizes())
            others = [one for one in others if not one.startswith((*_OURS, f"{MARK}.tmp"))]
            if others:
                raise InputError(
                    f"{self.place.address}: is no store: it holds {brief(others[0])} and "
                    f"{number_of(len(others) - 1, 'other file')}; name an empty place with --store"
                ) from None
            return
        if mark == WHAT:
            return
        schema = None
        with suppress(ValueError, AttributeError):
            schema = json.loads(mark).get("schema")
        if isinstance(schema, int) and schema != 1:
            raise InputError(
                f"{self.place.address}: a store of another version of this program (schema "
                f"{schema}, expected 1); use that one"
            )

    def _write_mark(self) -> None:
        try:
            if self.place.read(MARK) == WHAT:
                return
        except FileNotFoundError:
            pass
        self.place.write(MARK, WHAT)

    def _lost(self, name: str, what: str) -> str:
        return (
            f"{self.place.address}/{name} {what}; `python workflow.py data verify` tells what is "
            "concerned, and how to put it back"
        )

    def _no_name(self, name: str, known: set[str]) -> str:
        if not known:
            told = f"the store at {self.place.address} is empty, or not there; `python workflow.py "
            return told + f"data add {name} PATH` adds a data set, --store names another store"
        near = nearest(name, known)
        told = f"did you mean {near}?" if near else f"there are {', '.join(sorted(known)[:20])}"
        return f"no data set of that name at {self.place.address}; {told}"


ASIDE = "damaged"
"""The folder of what `verify` put aside."""

_OURS = tuple(f"{folder}/" for folder in (OBJECTS, MANIFESTS, NAMES, ASIDE))
"""Folders of a store, in which nothing else lies."""


def object_file(digest: str) -> str:
    """Return where a photograph lies in a store."""
    return f"{OBJECTS}/{digest[:2]}/{digest[2:]}"


def manifest_file(digest: str) -> str:
    """Return where a list of photographs lies in a store."""
    return f"{MANIFESTS}/{digest}.json"


def digest_of(file: str) -> str | None:
    """Return the digest of the photograph that a file of a store should be; None of other files."""
    parts = file.removeprefix(f"{OBJECTS}/").split("/")
    digest = "".join(parts)
    plain = file.startswith(f"{OBJECTS}/") and len(parts) == 2 and len(digest) == 64
    return digest if plain else None


def _after(last: str) -> str:
    """Return the time, later than the last even where a clock is slow."""
    now = datetime.now(UTC)
    if last and now.strftime(_TIME) <= last:
        now = datetime.strptime(last, _TIME).replace(tzinfo=UTC) + timedelta(microseconds=1)
    return now.strftime(_TIME)


def _counted(sides: Mapping[str, str]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for side in sides.values():
        counts[side] = counts.get(side, 0) + 1
    return counts
