"""The client of MLflow: had where it is needed, silent, its errors told as people can mend them."""

import contextlib
import fcntl
import importlib
import logging
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from utils.errors import InputError
from utils.tracking.addresses import NOT_INSTALLED, shown, sqlite_file

if TYPE_CHECKING:
    from mlflow.tracking import MlflowClient

_TEXT_LENGTH = 500
_SETTINGS = {  # of MLflow's client: a server that is down is told of in seconds
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "20",
}
_SILENT = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "DO_NOT_TRACK": "true",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
}


def mlflow(part: str) -> Any:
    """Return a module of MLflow, which is not to report to anybody that it is used.

    Raises
    ------
    InputError
        If it is not installed.
    """
    os.environ.update(_SILENT)
    for name, value in _SETTINGS.items():
        os.environ.setdefault(name, value)
    try:
        module = importlib.import_module(f"mlflow.{part}")
    except ModuleNotFoundError as error:
        raise InputError(f"{error}: {NOT_INSTALLED}") from error
    for name in ("mlflow", "alembic"):
        logging.getLogger(name).setLevel(logging.WARNING)
    return module


def open_client(address: str, to_write: bool = True) -> "MlflowClient":
    """Return a client of a store.

    Parameters
    ----------
    address
        As `utils.tracking.addresses.tracking_address` returns it.
    to_write
        Whether a database that is not there yet is made; else it may be read-only.
    """
    if not to_write:
        return mlflow("tracking").MlflowClient(address, registry_uri=address)
    if file := sqlite_file(address):
        file.parent.mkdir(parents=True, exist_ok=True)
    client = mlflow("tracking").MlflowClient(address, registry_uri=address)
    with alone(address):  # of two that make the tables, one would fail
        client.search_experiments(max_results=1)
    return client


class Opened:
    """A store that was opened; a kind of it says what is told where something goes wrong with it.

    Parameters
    ----------
    address
        As `utils.tracking.addresses.tracking_address` returns it.

    Attributes
    ----------
    cannot, then
        See `told`.

    Raises
    ------
    InputError
        If MLflow is not installed, or the store cannot be opened.
    """

    cannot: str
    then: str

    def __init__(self, address: str) -> None:
        self.address = address
        with self._told():
            self.client: MlflowClient = open_client(address)

    def _told(self) -> contextlib.AbstractContextManager[None]:
        return told(self.address, self.cannot, self.then)


@contextlib.contextmanager
def told(address: str, what: str, then: str) -> Iterator[None]:
    """Tell what goes wrong with a store as people can mend it.

    Parameters
    ----------
    what
        That cannot be done to the address: "cannot be tracked to".
    then
        What to do when it is mended.

    Raises
    ------
    InputError
        For any error of the store; a defect of ours stays what it is.
    """
    try:
        yield
    except InputError:
        raise
    except Exception as error:  # MLflow's, those of the database's driver, of HTTP, of the disk
        if not _is_of_the_store(error):
            raise
        reason = _unanswered(error) or " ".join(str(error).split())
        if "@" in address:  # a driver may quote the address, and with it a password
            reason = _unanswered(error) or type(error).__name__
        raise InputError(f"{shown(address)}: {what} ({reason[:_TEXT_LENGTH]}); {then}") from error


def _is_of_the_store(error: Exception) -> bool:
    kinds = ("mlflow.", "sqlalchemy.", "requests.", "urllib3.", "sqlite3", "alembic.")
    return isinstance(error, OSError) or any(
        kind.__module__.startswith(kinds) for kind in type(error).__mro__
    )


def _unanswered(error: BaseException | None) -> str | None:
    """Return in words that no server answered, if that is behind an error; else None."""
    kinds = set()
    while error is not None:
        kinds |= {f"{kind.__module__}.{kind.__name__}" for kind in type(error).__mro__}
        error = error.__cause__ or error.__context__
    if kinds & {"requests.exceptions.Timeout", "urllib3.exceptions.ReadTimeoutError"}:
        return "the server does not answer in time"
    if kinds & {"requests.exceptions.SSLError", "requests.exceptions.ProxyError"}:
        return None  # one did answer
    return "no server answers there" if "requests.exceptions.ConnectionError" in kinds else None


@contextlib.contextmanager
def alone(address: str) -> Iterator[None]:
    """Let one process at a time write to a database of this machine."""
    if (file := sqlite_file(address)) is None:
        yield
        return
    with open(lock_of(file), "ab") as lock:
        with contextlib.suppress(OSError):  # a file system without locks
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def lock_of(database: Path) -> Path:
    """Return the file beside a database that is held by who writes to it."""
    return database.with_name(f"{database.name}.lock")
