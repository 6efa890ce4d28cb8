"""Where runs are tracked: the address of an MLflow server, or of a database."""

import importlib.util
import os
import re
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from utils.errors import InputError

VARIABLE = "MLFLOW_TRACKING_URI"
"""The environment variable that holds the address where ``--track`` names none."""

STORE = ".mlflow"
"""The folder beside the run folders that holds the store where no address is named."""

RUNS = Path(__file__).resolve().parents[2] / "runs"
"""The folder that runs are in unless ``--run-dir`` names another."""

NOT_INSTALLED = (
    "MLflow is not installed; `make tracking` installs it, or "
    "`pip install -r requirements-tracking.txt`"
)
DATABASE, ARTIFACTS = "mlflow.db", "artifacts"
_DATABASES = ("sqlite", "postgresql", "mysql", "mssql")
_SERVERS = ("http", "https", "databricks")


def tracking_address(named: str | None, run: Path) -> str:
    """Return the address that is named, or in the environment, or that of a store beside a run.

    Raises
    ------
    InputError
        If what is named is no address of MLflow.
    """
    if address := named or os.environ.get(VARIABLE):
        return checked(address, "--track" if named else VARIABLE)
    return f"sqlite:///{run.resolve().parent / STORE / DATABASE}"


def registry_address(named: str | None = None) -> str:
    """Return the address of a registry: named, or in the environment, or beside the run folders.

    Raises
    ------
    InputError
        If what is named is no address of MLflow.
    """
    return tracking_address(named, RUNS / "run")


def require_tracking(named: str | None) -> None:
    """Raise an `InputError` where runs cannot be tracked: before one begins.

    Raises
    ------
    InputError
        If what is named is no address of MLflow, or MLflow is not installed.
    """
    tracking_address(named, Path("run"))
    if importlib.util.find_spec("mlflow") is None:
        raise InputError(f"--track: {NOT_INSTALLED}")


def without_address(command: Sequence[str]) -> list[str]:
    """Return a command line without where it was tracked, which may hold a password."""
    kept = []
    for before, word in zip(["", *command], command, strict=False):
        if before != "--track" or word.startswith("-"):
            kept.append("--track" if word.startswith("--track=") else word)
    return kept


def checked(address: str, named: str) -> str:
    """Return an address that MLflow takes.

    Raises
    ------
    InputError
        If it is none; `named` says where it was.
    """
    scheme = re.match(r"([a-z0-9]+)(\+[a-z0-9]+)?:", address, re.IGNORECASE)
    known = scheme and scheme[1].lower() in (*_DATABASES, *_SERVERS)
    if known and scheme[1].lower() in ("http", "https"):
        known = _names_host(address)
    if not known and address != "databricks":
        raise InputError(
            f"{named} {shown(address)}: no address of a tracking store; name one as "
            "sqlite:////folder/mlflow.db or http://host:5000 (none at all: a store beside the run)"
        )
    if scheme and scheme[1].lower() == "sqlite" and not sqlite_file(address):
        raise InputError(f"{named} {address}: names no file; write sqlite:////folder/mlflow.db")
    return address


def _names_host(address: str) -> bool:
    try:
        parts = urlsplit(address)
        return bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:  # a port that is no number
        return False


def sqlite_file(address: str) -> Path | None:
    """Return the file of a database of SQLite; None of another address."""
    found = re.fullmatch(r"sqlite(?:\+\w+)?:///([^?]+)(?:\?.*)?", address, re.IGNORECASE)
    return Path(found[1]) if found else None


def shown(address: str) -> str:
    """Return an address as people may be told it: without a password."""
    try:
        parts = urlsplit(address)
        host = parts.netloc.rpartition("@")[2]
        return urlunsplit(parts._replace(netloc=host, query="")) if parts.netloc else address
    except ValueError:
        return "(an address that cannot be read)"
