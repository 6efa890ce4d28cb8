"""The store: versions are added, and removed with what no other version holds.

A version is there once its name is, which is written last; it is gone once its name is, which is
removed first. So a process that ends at any moment leaves a valid store, and at most files that no
version holds, which the next to add the same data uses, or the next removal frees.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any, Protocol

from utils.data_store.kept import Version
from utils.data_store.layout import MARK, OBJECTS, OURS, SCHEMA, manifest_file, mark_of, object_file
from utils.data_store.manifest import Manifest, faces_of, kept_photo
from utils.data_store.places import place_of
from utils.data_store.reading import StoreReader
from utils.data_store.words import checked_name, wanted
from utils.dataset.formats.annotation import RawAnnotation
from utils.errors import InputError, brief, number_of

_TIME = "%Y%m%dT%H%M%S.%fZ"


class Readable(Protocol):
    """An annotated data set that was read: see `utils.dataset.intake.dataset.Dataset`."""

    facts: dict[str, Any]
    came_on: Mapping[str, str]

    def annotated(self) -> Iterable[tuple[str, bytes, RawAnnotation]]:
        """Yield file name, bytes and faces of the photographs."""


@dataclass(frozen=True)
class Added:
    """What became of an addition: the version, whether it was there, and the photographs written.

    `names_differ`: it was there, with other names of photographs, which stay as they are. `twins`:
    names of files that are one photograph with other faces (`Manifest.twins`).
    """

    version: Version
    was_there: bool
    written: int
    written_bytes: int
    names_differ: bool = False
    twins: Sequence[tuple[str, ...]] = ()


@dataclass(frozen=True)
class Removed:
    """What became of a removal: versions, photographs, and bytes that are free now.

    `kept` says why nothing was freed, if so.
    """

    versions: tuple[Version, ...]
    photos: int
    freed: int
    kept: str = ""


class DataStore(StoreReader):
    """Versions of data sets at a place, to be read and changed."""

    @staticmethod
    def at(address: str | None) -> "DataStore":
        """Return the store at an address; by default the environment's, or the project's own."""
        return DataStore(place_of(address))

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
        self._check_place()
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
            added = self._name(name, manifest, dataset.facts, source, (written, size))
            return replace(added, twins=manifest.twins())

    def remove(self, words: Iterable[str]) -> Removed:
        """Remove versions, or all of a data set where none is named, and what no other holds.

        Raises
        ------
        NoSuchVersion
            If there is none; then nothing is removed.
        InputError
            If the place cannot be written to.
        """
        there = self.check_mark()
        chosen = {}
        for word in words:
            want = wanted(word)
            alone = self.find(want)
            all_of_it = "@" not in word
            for one in self.versions() if all_of_it else [alone]:
                if one.name == want.name:
                    chosen[one.name, one.version] = one
        if not there:
            return Removed((), 0, 0)
        with self.place.removing():
            for file, version in self.all_files().items():
                if (version.name, version.version) in chosen:
                    self.place.remove(file)
            return self._free(tuple(chosen.values()))

    def _name(
        self,
        name: str,
        manifest: Manifest,
        facts: dict[str, Any],
        source: str,
        written: tuple[int, int],
    ) -> Added:
        """Write the list of photographs and then the name of the version, unless they are there."""
        files = {file: one for file, one in self.all_files().items() if one.name == name}
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
        self.place.settle()
        version = Version(
            name=name,
            version=manifest.version,
            manifest=digest,
            added=_after(last.added if last else ""),
            source=source,
            photos=len(manifest.photos),
            size=manifest.size,
            faces=faces_of(manifest.photos),
            came_on=dict(Counter(manifest.came_on().values())),
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
            if file not in kept and file.startswith(OURS):
                self.place.remove(file)
                photos += file.startswith(f"{OBJECTS}/") and not file.endswith(".tmp")
                freed += size
        return Removed(versions, photos, freed)

    def _check_place(self) -> None:
        """Refuse a place that holds something else than a store."""
        if self.check_mark():
            return
        ours = (*OURS, f"{MARK}.tmp")
        if others := sorted(one for one in self.place.sizes() if not one.startswith(ours)):
            raise InputError(
                f"{self.place.address}: is no store: it holds {brief(others[0])} and "
                f"{number_of(len(others) - 1, 'other file')}; name an empty place with --store"
            )

    def _write_mark(self) -> None:
        try:
            if self.place.read(MARK) == mark_of(SCHEMA):
                return
        except FileNotFoundError:
            pass
        self.place.write(MARK, mark_of(SCHEMA))


def _after(last: str) -> str:
    """Return the time, later than the last even where a clock is slow."""
    now = datetime.now(UTC)
    if last and now.strftime(_TIME) <= last:
        now = datetime.strptime(last, _TIME).replace(tzinfo=UTC) + timedelta(microseconds=1)
    return now.strftime(_TIME)
