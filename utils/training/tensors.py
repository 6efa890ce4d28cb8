"""Files of tensors and plain values: written whole or not at all, read without running code."""

import hashlib
import io
import zipfile
from pathlib import Path
from typing import Any

import torch

from utils.errors import InputError
from utils.records import atomic_file
from utils.training.foreign_files import foreign, why_not_tensors

_ZIP = b"PK"
"""How torch's files begin; those older than its version 1.6 (COCO weights of 2019) are no zips."""


def save_tensors(path: Path, content: dict[str, Any]) -> None:
    """Write tensors and plain values to a file, whole or not at all."""
    with atomic_file(path) as file:
        torch.save(content, file)


def load_tensors(path: Path) -> tuple[Any, str]:
    """Load a file that `save_tensors` wrote; return its content and the SHA-256 of its bytes.

    Raises
    ------
    InputError
        If the file is missing, damaged, of another kind (which the message names), or holds more
        than tensors and plain values.
    """
    try:
        data = Path(path).read_bytes()
    except FileNotFoundError:
        raise InputError(f"{path}: no such file") from None
    except OSError as error:  # a folder, or a disk that gives no more
        raise InputError(f"{path}: not a file that can be read ({error.strerror})") from error
    if not data:
        raise InputError(f"{path}: the file is empty; the job that makes it failed")
    if found := foreign(data):
        kind, advice = found
        raise InputError(f"{path}: is {kind}, not a whole file of tensors; {advice}")
    digest = hashlib.sha256(data).hexdigest()
    try:
        file = _of_checked_parts(data) if data.startswith(_ZIP) else io.BytesIO(data)
        del data  # a checkpoint may be large
        content = torch.load(file, map_location="cpu", weights_only=True)
    except Exception as error:
        kind, advice = why_not_tensors(error)
        raise InputError(f"{path}: is {kind}; {advice}") from error
    return content, digest


def _of_checked_parts(data: bytes) -> io.BytesIO:
    """Return a copy of a zip of torch's, each part of which agrees with its checksum.

    Torch compares no checksum. And it believes the list of the parts, which has none: with one bit
    in it a part is taken for a folder, and its tensor has whatever memory held before.

    Raises
    ------
    ValueError, zipfile.BadZipFile
        If a part is damaged, or compressed or shared with another, which torch's are not.
    """
    anew = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as archive, zipfile.ZipFile(anew, "w") as copy:
        parts = archive.infolist()
        if any(part.compress_type != zipfile.ZIP_STORED for part in parts):
            raise ValueError("it has compressed parts")
        if sum(part.file_size for part in parts) > len(data):
            raise ValueError("its parts overlap")
        for part in parts:
            copy.writestr(zipfile.ZipInfo(part.filename), archive.read(part))
    anew.seek(0)
    return anew
