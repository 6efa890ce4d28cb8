"""JSON records between jobs: each carries a ``schema`` number and is written atomically."""

import contextlib
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from utils.errors import InputError


def write_record(path: Path, record: dict[str, Any], schema: int = 1) -> None:
    """Write `record` with its `schema` number to `path`, whole or not at all.

    Raises
    ------
    ValueError
        If `record` holds NaN or infinity, which JSON has no words for.
    """
    text = json.dumps({"schema": schema, **record}, indent=1, allow_nan=False, ensure_ascii=False)
    write_atomically(path, (text + "\n").encode())


def read_record(path: Path, schema: int = 1) -> dict[str, Any]:
    """Read a record that `write_record` wrote.

    Raises
    ------
    InputError
        If the file is missing, is no JSON object, or carries another schema number.
    """
    try:
        record = json.loads(Path(path).read_bytes())
    except FileNotFoundError:
        raise InputError(f"{path}: no such file; the job that makes it has not run") from None
    except ValueError as error:
        raise InputError(f"{path}: not a JSON file ({error}); make it again") from error
    found = record.get("schema") if isinstance(record, dict) else None
    if found != schema:
        raise InputError(
            f"{path}: field 'schema' is {found!r}, expected {schema}; "
            "it was written by another version, make it again with this one"
        )
    return record


def write_atomically(path: Path, data: bytes) -> None:
    """Write `data` to `path`, whole or not at all."""
    with atomic_file(path) as file:
        file.write(data)


@contextlib.contextmanager
def atomic_file(path: Path) -> Iterator[BinaryIO]:
    """Yield a file under a temporary name, which is flushed to disk and renamed at the end."""
    path = Path(path)
    temporary = path.with_name(path.name + ".tmp")
    with open(temporary, "wb") as file:
        yield file
        file.flush()
        os.fsync(file.fileno())
    os.replace(temporary, path)
