"""A store at any address that fsspec knows: S3, Google, Azure, SFTP, HDFS, memory, ...

Such places have no locks. Who adds leaves a note that it does, then looks for notes of who removes;
who removes does so the other way round. Of two that begin at once, at least one sees the other's
note and gives way. A note of a process that was killed counts for a day.
"""

import contextlib
import json
import os
import socket
import time
import uuid
from collections.abc import Callable, Iterator
from typing import Any

from utils.errors import InputError, brief

NOTES = "busy"
"""The folder of the notes."""

FORGOTTEN = 24 * 3600
"""Seconds after which a note is taken for that of a process that was killed."""

PATIENCE = 30.0
_OF_OBJECTS = {"s3", "s3a", "gs", "gcs", "abfs", "abfss", "az", "oss", "oci", "r2"}
"""Protocols of places that have no folders; to make one there may make a bucket."""

NOT_INSTALLED = "fsspec is not installed; `make store` installs it"


class RemotePlace:
    """A place that fsspec opens by its address; `said` is what named it, for errors."""

    def __init__(self, address: str, said: str) -> None:
        self.address, self._said = address.rstrip("/"), said
        try:
            from fsspec.core import url_to_fs
        except ImportError as error:
            raise InputError(f"{said} {address}: {NOT_INSTALLED}") from error
        self._fs, root = self._do(lambda: url_to_fs(address))
        self._root = root.rstrip("/")
        spoken = self._fs.protocol
        self._is_of_objects = bool(
            _OF_OBJECTS & {*([spoken] if isinstance(spoken, str) else spoken)}
        )

    def read(self, name: str) -> bytes:
        """Return the content of a file."""
        return self._do(lambda: self._fs.cat_file(self._path(name)))

    def write(self, name: str, data: bytes) -> None:
        """Write a file. Stores of objects put it there whole; elsewhere a kill may leave a part."""

        def put() -> None:
            folder = name.rpartition("/")[0]
            if folder and not self._is_of_objects:
                self._fs.makedirs(self._path(folder), exist_ok=True)
            self._fs.pipe_file(self._path(name), data)

        try:
            self._do(put)
        except FileNotFoundError as error:  # of an object store: there is no such bucket
            raise InputError(
                f"{self._said} {self.address}: there is no such place ({brief(error, 300)}); make "
                "it first"
            ) from error

    def settle(self) -> None:
        """Do nothing: such places do it when they are written to."""

    def sizes(self, folder: str = "") -> dict[str, int]:
        """Return the size of each file by its name."""

        def find() -> dict[str, dict[str, Any]]:
            self._fs.invalidate_cache()
            return self._fs.find(self._path(folder), detail=True)

        try:
            found = self._do(find)
        except FileNotFoundError:
            return {}
        start = len(self._root) + 1
        names = ((path[start:], told) for path, told in found.items())
        return {
            name: int(told.get("size") or 0)
            for name, told in names
            if not name.startswith(f"{NOTES}/")
        }

    def remove(self, name: str) -> None:
        """Remove a file."""
        with contextlib.suppress(FileNotFoundError):
            self._do(lambda: self._fs.rm_file(self._path(name)))

    def move(self, name: str, to: str) -> None:
        """Give a file another name."""
        self.write(to, self.read(name))
        self.remove(name)

    @contextlib.contextmanager
    def adding(self) -> Iterator[None]:
        """Hold off those who remove."""
        with self._noted("adding", "removing"):
            yield

    @contextlib.contextmanager
    def removing(self) -> Iterator[None]:
        """Hold off those who add, and who remove."""
        with self._noted("removing", "adding", "removing"):
            yield

    @contextlib.contextmanager
    def _noted(self, what: str, *others: str) -> Iterator[None]:
        name = f"{NOTES}/{what}-{uuid.uuid4().hex}.json"
        told = {"host": socket.gethostname(), "process": os.getpid(), "time": time.time()}
        deadline = time.monotonic() + PATIENCE
        while True:
            self.write(name, json.dumps(told).encode())
            try:
                found = [one for one in self._notes(others) if one != name]
                if not found:
                    yield
                    return
            finally:
                self.remove(name)
            if time.monotonic() > deadline:
                raise InputError(
                    f"{self.address}: somebody else adds to this store, or removes from it "
                    f"({found[0]}); wait for that; of a process that was killed, remove that file"
                )
            time.sleep(0.2 + 0.5 * (uuid.uuid4().int % 100) / 100)  # not both at once again

    def _notes(self, kinds: tuple[str, ...]) -> list[str]:
        def find() -> list[str]:
            self._fs.invalidate_cache()
            return self._fs.find(self._path(NOTES))

        kept = []
        try:
            paths = self._do(find)
        except FileNotFoundError:
            return []
        for path in paths:
            name = path[len(self._root) + 1 :]
            if not name.removeprefix(f"{NOTES}/").startswith(kinds):
                continue
            with contextlib.suppress(FileNotFoundError):  # it is done
                if not self._forgotten(self.read(name)):
                    kept.append(name)
        return kept

    @staticmethod
    def _forgotten(note: bytes) -> bool:
        try:
            return time.time() - json.loads(note)["time"] > FORGOTTEN
        except (ValueError, KeyError, TypeError):
            return False

    def _path(self, name: str) -> str:
        return f"{self._root}/{name}" if name else self._root

    def _do(self, act: Callable[[], Any]) -> Any:
        """Do something there; whatever goes wrong is told as an `InputError`."""
        try:
            return act()
        except (FileNotFoundError, InputError):
            raise
        except ImportError as error:
            raise InputError(
                f"{self._said} {self.address}: {brief(error, 300)}; `make store ARGS=PACKAGE` "
                "installs the package that it names"
            ) from error
        except Exception as error:  # each library behind fsspec raises its own
            told = f"{type(error).__name__}: {brief(error, 300)}"
            raise InputError(
                f"{self._said} {self.address}: cannot be used ({told}); check the address, the "
                "permissions and the connection"
            ) from error
