"""Where a store lies: its address, and what can be done there."""

import os
import re
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote, urlsplit

from utils.dag.code_bundle import PROJECT
from utils.errors import InputError

VARIABLE = "MASK_DETECTION_STORE"
"""The environment variable that holds the address where ``--store`` names none."""

FOLDER = "data_store"
"""Folder of the project that is the store where neither names one."""


class Place(Protocol):
    """A place that files can be kept at, by names with ``/`` between their parts.

    All methods raise an `InputError`, which names the place, where it cannot be reached, read or
    written, and `FileNotFoundError` where a file is not there.
    """

    address: str

    def read(self, name: str) -> bytes:
        """Return the content of a file."""

    def write(self, name: str, data: bytes) -> None:
        """Write a file, in place of one that is there."""

    def settle(self) -> None:
        """Make sure that what was written until now outlives a crash of the machine."""

    def sizes(self, folder: str = "") -> dict[str, int]:
        """Return the size in bytes of each file in a folder, however deep, by its name."""

    def remove(self, name: str) -> None:
        """Remove a file; it need not be there."""

    def move(self, name: str, to: str) -> None:
        """Give a file another name."""

    def adding(self) -> AbstractContextManager[None]:
        """Hold off those who remove, while files are added."""

    def removing(self) -> AbstractContextManager[None]:
        """Hold off those who add, and who remove, while files are removed."""


def place_of(named: str | None) -> Place:
    """Return the place that is named, or in the environment, or the project's own.

    Raises
    ------
    InputError
        If what is named is no address, or one with a password.
    """
    said = "--store" if named else VARIABLE
    address = named or os.environ.get(VARIABLE) or str(PROJECT / FOLDER)
    scheme = re.match(r"([a-z][a-z0-9+.-]*)(?:://|::)", address, re.IGNORECASE)
    if not scheme:
        try:
            return _folder(Path(address).expanduser())
        except RuntimeError:
            raise InputError(f"{said} {address}: of whom ~ is, no home is known") from None
    parts = urlsplit(address)
    if scheme[1].lower() in ("file", "local") and "::" not in address:
        return _folder(Path(unquote(f"{parts.netloc}{parts.path}")))
    if parts.password:
        host = parts.netloc.rpartition("@")[2]
        raise InputError(
            f"{said} {parts.scheme}://...@{host}{parts.path}: holds a password, and runs keep "
            "their options; leave it out, and let fsspec find it in ~/.config/fsspec or in the "
            "environment"
        )
    from utils.data_store.remote import RemotePlace

    return RemotePlace(address, said)


def _folder(path: Path) -> Place:
    from utils.data_store.folder import FolderPlace

    return FolderPlace(path)
