"""Models by their name in a registry: ``models:/mask-detector@champion`` becomes a file.

What is downloaded is our own model file, whose digest the registry knows, and no code.
"""

import os
import re
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from utils import files
from utils.errors import InputError, brief
from utils.records import digest_of, short
from utils.tracking.addresses import registry_address, shown, sqlite_file
from utils.tracking.client import mlflow, open_client, told

if TYPE_CHECKING:
    from mlflow.entities.model_registry import ModelVersion
    from mlflow.tracking import MlflowClient

Word = TypeVar("Word", Path, str, None)

SCHEME = "models:/"
CHAMPION, CHALLENGER = "champion", "challenger"
"""Aliases: what is to be used, and what was promoted last and was not good enough for that."""

SHA256, PLACE = "mask_detection.sha256", "mask_detection.file"
"""Tags of a version: the digest of our model file, and where that lies among its artifacts."""

_NAME = r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}"
_WORD = re.compile(rf"models:/({_NAME})(?:@({_NAME})|/([1-9][0-9]{{0,9}}))")


@dataclass(frozen=True)
class Registered:
    """A version of a model in a registry.

    Attributes
    ----------
    address
        Of the registry.
    place
        Where our model file lies, as MLflow has it.
    sha256
        Of our model file.
    """

    address: str
    name: str
    version: str
    place: str
    sha256: str

    def __str__(self) -> str:
        return f"{self.name}, version {self.version}"

    def file(self) -> Path:
        """Return our model file, whole: where the store keeps it, or a copy from a server.

        Copies are kept by their digest, in ``mask-detection/models`` of ``XDG_CACHE_HOME``.

        Raises
        ------
        InputError
            If it cannot be had, or is another file than was registered.
        """
        kept = _copies() / f"{self.sha256}.pth"
        if kept.exists() and digest_of(kept) == self.sha256:
            return kept
        with _told(self.address), tempfile.TemporaryDirectory() as folder:
            target = None if self._is_here else folder
            found = Path(
                mlflow("artifacts").download_artifacts(
                    self.place, dst_path=target, tracking_uri=self.address
                )
            )
            if (digest := digest_of(found)) != self.sha256:
                raise InputError(
                    f"{shown(self.address)}: {self} is not the file that was registered (its "
                    f"SHA-256 begins with {short(digest)}, not {short(self.sha256)}); promote its "
                    "run again"
                )
            if self._is_here:
                return found
            kept.parent.mkdir(parents=True, exist_ok=True)
            files.move(found, kept)
        return kept

    @property
    def _is_here(self) -> bool:
        """Whether the store keeps its files in a folder of this machine."""
        return self.place.startswith(("file:", "/"))


def is_registered(word: object) -> bool:
    """Return whether a word, or a path, names a model in a registry."""
    return str(word).startswith(SCHEME)


def checked_name(name: str) -> str:
    """Return what can be the name of a model in a registry, and be loaded by it.

    Raises
    ------
    InputError
        If it cannot.
    """
    if not re.fullmatch(_NAME, name):
        raise InputError(
            f"--name: takes a name of letters, digits, '.', '_' and '-', 64 at most, that begins "
            f"with a letter or digit, not '{brief(name)}'"
        )
    return name


def registered_name(word: object) -> str:
    """Return the name of the model that a word names.

    Raises
    ------
    InputError
        If it names none.
    """
    return _parts(word)[0]


def find_registered(word: object, registry: str | None = None) -> Registered:
    """Return which version of which model a word means now.

    Parameters
    ----------
    word
        ``models:/NAME@ALIAS`` or ``models:/NAME/VERSION``.
    registry
        The address of the registry; None: in ``MLFLOW_TRACKING_URI``, else beside the run folders.

    Raises
    ------
    InputError
        If it is no such word, there is no such model, or the registry cannot be read.
    """
    name, alias, version = _parts(word)
    address = registry_address(registry)
    file = sqlite_file(address)
    if file and not file.exists():
        raise InputError(
            f"{word}: there is no registry at {address}; `python workflow.py promote RUN_DIR` "
            "makes one, and MLFLOW_TRACKING_URI names another"
        )
    with _told(address):
        client = open_client(address, to_write=False)
        found = _version(client, name, alias, version)
        if found is None:
            raise InputError(f"{word}: {_what_there_is(client, name, address)}")
        return registered(client, found, address)


def settled(word: Word, registry: str | None, what: str, tell: Callable[[str], object]) -> Word:
    """Return the file that a word means now if it names a model in a registry, else the word.

    What several processes are to load, or a run is to keep, is looked up once.

    Parameters
    ----------
    word
        A name in a registry; or whatever else an option takes that takes such names.
    registry
        As `find_registered` takes it.
    what
        What the model is for, as a line begins: "Model".
    tell
        Takes a line that says which version was meant.

    Raises
    ------
    InputError
        As `find_registered` and `Registered.file`.
    """
    if word is None or not is_registered(word):
        return word
    found = find_registered(word, registry)
    tell(f"{what}: {found}")
    return type(word)(found.file())


def registered_file(word: object, registry: str | None = None) -> Path:
    """Return the model file that a word means now, as `find_registered` and `Registered.file`."""
    return find_registered(word, registry).file()


def registered(client: "MlflowClient", found: "ModelVersion", address: str) -> Registered:
    """Return what a version of a model is to us.

    Raises
    ------
    InputError
        If it was not registered by ``promote``.
    """
    digest, place = found.tags.get(SHA256, ""), found.tags.get(PLACE, "")
    if not re.fullmatch("[0-9a-f]{64}", digest) or not place or ".." in place:
        raise InputError(
            f"{shown(address)}: version {found.version} of {found.name} was not registered by "
            "`python workflow.py promote`, so it has no model file of ours"
        )
    source = client.get_model_version_download_uri(found.name, found.version)
    return Registered(address, found.name, str(found.version), f"{source}/{place}", digest)


def _parts(word: object) -> tuple[str, str | None, str | None]:
    parts = _WORD.fullmatch(str(word))
    if parts is None:
        raise InputError(
            f"{brief(word)}: names no model in a registry; write models:/NAME@{CHAMPION}, or "
            "models:/NAME/VERSION"
        )
    return parts[1], parts[2], parts[3]


def _version(
    client: "MlflowClient", name: str, alias: str | None, version: str | None
) -> "ModelVersion | None":
    """Return the version; None where there is none such."""
    error_of_mlflow: Any = mlflow("exceptions").MlflowException
    try:
        if alias:
            return client.get_model_version_by_alias(name, alias)
        return client.get_model_version(name, version)
    except error_of_mlflow as error:
        if error.error_code in ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"):
            return None
        raise


def _what_there_is(client: "MlflowClient", name: str, address: str) -> str:
    there = {one.name: one for one in client.search_registered_models()}
    if name not in there:
        names = ", ".join(sorted(there)) or "none"
        return f"no model of that name in {shown(address)}; there are {names}"
    aliases = ", ".join(f"@{alias}" for alias in sorted(there[name].aliases)) or "none"
    return f"{name} in {shown(address)} has no such version or alias; its aliases: {aliases}"


def _told(address: str) -> Any:
    return told(address, "its models cannot be read", "mend that and try again")


def _copies() -> Path:
    """Return the folder that copies of model files are kept in."""
    cache = os.environ.get("XDG_CACHE_HOME") or Path("~/.cache").expanduser()
    return Path(cache) / "mask-detection" / "models"
