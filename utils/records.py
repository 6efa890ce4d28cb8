"""JSON records between jobs: each carries a ``schema`` number and is written atomically."""

import contextlib
import fcntl
import hashlib
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from utils.errors import InputError, is_full_disk

_TOLD = 12  # digits of a digest


def write_record(path: Path, record: dict[str, Any], schema: int = 1) -> None:
    """Write `record` with its `schema` number to `path`, whole or not at all.

    Raises
    ------
    ValueError
        If `record` holds NaN or infinity, which JSON has no words for.
    """
    write_atomically(path, record_as_json(record, schema))


def record_as_json(record: dict[str, Any], schema: int = 1) -> bytes:
    """Return what `write_record` writes."""
    text = json.dumps({"schema": schema, **record}, indent=1, allow_nan=False, ensure_ascii=False)
    return (text + "\n").encode()


def read_record(path: Path, schema: int = 1) -> dict[str, Any]:
    """Read a record that `write_record` wrote.

    Raises
    ------
    InputError
        If the file is missing, is no JSON object, or carries another schema number.
    """
    return parse_record(read_made(path), path, schema)


def parse_record(data: bytes, name: object, schema: int = 1) -> dict[str, Any]:
    """Return the record that `data` holds; `name` is what to call it in an error.

    Raises
    ------
    InputError
        If it is no JSON object, or carries another schema number.
    """
    try:
        record = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{name}: not a JSON file ({error}); make it again") from error
    found = record.get("schema") if isinstance(record, dict) else None
    if found != schema:
        raise InputError(
            f"{name}: field 'schema' is {found!r}, expected {schema}; "
            "it was written by another version, make it again with this one"
        )
    return record


def read_made(path: Path) -> bytes:
    """Return the content of a file that a job made; InputError if it cannot be read."""
    try:
        return Path(path).read_bytes()
    except FileNotFoundError:
        raise InputError(f"{path}: no such file; the job that makes it has not run") from None
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from error


def write_atomically(path: Path, data: bytes) -> None:
    """Write `data` to `path`, whole or not at all."""
    with atomic_file(path) as file:
        file.write(data)


@contextlib.contextmanager
def atomic_file(path: Path, to_disk: bool = True) -> Iterator[BinaryIO]:
    """Yield a file under a temporary name, which is renamed at the end; a failure removes it.

    The temporary name is always the same, so that what a kill leaves behind is used up by the next
    who writes `path`. Who finds somebody else writing waits.

    Parameters
    ----------
    to_disk
        Whether to flush the content to disk before it is renamed.
    """
    path = Path(path)
    temporary = path.with_name(path.name + ".tmp")
    with _open_alone(temporary) as file:
        try:
            file.truncate()
            yield file
            file.flush()
            if to_disk:
                os.fsync(file.fileno())
            os.replace(temporary, path)
        except BaseException as error:
            if is_full_disk(error):  # which none says of itself
                error.filename = error.filename or str(path)
            with contextlib.suppress(OSError):  # the first error is the one to tell
                temporary.unlink()
            raise


def _open_alone(path: Path) -> BinaryIO:
    """Open a file for writing that nobody else writes, or renames, until it is closed."""
    while True:
        try:
            file = open(os.open(path, os.O_RDWR | os.O_CREAT, 0o666), "r+b")  # noqa: SIM115
        except PermissionError:
            if not path.exists():
                raise
            path.unlink()  # left behind by a kill, between its new permissions and its new name
            continue
        with contextlib.suppress(OSError):  # a file system without locks
            fcntl.flock(file, fcntl.LOCK_EX)
        with contextlib.suppress(FileNotFoundError):
            if os.path.samestat(os.fstat(file.fileno()), path.stat()):
                return file
        file.close()  # who had it has renamed it meanwhile


def digest_of(path: Path) -> str:
    """Return the SHA-256 of a file's content, in hexadecimal."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def short(digest: str | None) -> str:
    """Return as much of a digest as tells it from others, as people are told it."""
    return (digest or "")[:_TOLD]
