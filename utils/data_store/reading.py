"""Reading a store: which versions there are, and what they hold."""

from hashlib import sha256

from utils.data_store.kept import NAMES, Version
from utils.data_store.layout import (
    MARK,
    SCHEMA,
    manifest_file,
    object_file,
    schema_of,
)
from utils.data_store.manifest import KeptPhoto, Manifest
from utils.data_store.places import Place
from utils.data_store.words import Wanted, wanted
from utils.errors import InputError, nearest
from utils.records import short


class NoSuchVersion(InputError):
    """A store holds no version of that name."""


class StoreReader:
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

    def versions(self) -> list[Version]:
        """Return the versions of all data sets, the oldest first."""
        return list(self.files().values())

    def files(self) -> dict[str, Version]:
        """Return the versions of all data sets, the oldest first, by their files."""
        files = self.all_files()
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

    def all_files(self) -> dict[str, Version]:
        """Return all files that tell of versions, sorted by time, and what they tell."""
        self.check_mark()
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

    def check_mark(self) -> bool:
        """Return whether there is a store; refuse one of another version of the program."""
        try:
            mark = self.place.read(MARK)
        except FileNotFoundError:
            return False
        schema = schema_of(mark)  # a damaged mark stops nobody: `verify` tells of it
        if schema not in (None, SCHEMA):
            raise InputError(
                f"{self.place.address}: a store of another version of this program (schema "
                f"{schema}, expected {SCHEMA}); use that one"
            )
        return True

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
