"""The study's journal as it travels: Optuna's, less what a clock writes, and sealed.

Optuna passes over a last line that is cut, and cannot tell where whole lines are missing: trials
would be forgotten without a word. So the last line holds the digest of all before it. For Optuna it
is a user attribute of the study like any other.
"""

import hashlib
import json
from pathlib import Path
from typing import Any

from utils.errors import InputError
from utils.records import read_made, write_atomically

SEAL = "sha256"
"""The attribute of the study that holds the digest of all lines before it."""

_SET_STUDY_USER_ATTR = 2  # Optuna's number of the operation
_TIMES = ("datetime_start", "datetime_complete")
_NO_TIME = "1970-01-01T00:00:00.000000+00:00"


def seal_journal(journal: Path, output: Path) -> str:
    """Write what Optuna wrote to `journal` to `output`, and return its digest.

    Equal searches give equal bytes: times and the names of processes, which Optuna notes with every
    operation, are blanked. How long a trial took stands in the record of the run.
    """
    lines = journal.read_bytes().splitlines()
    told = [log for log in map(json.loads, lines) if SEAL not in log.get("user_attr", {})]
    text = b"".join(_line(_blanked(log)) for log in told)
    digest = hashlib.sha256(text).hexdigest()
    write_atomically(output, text + _seal(digest))
    return digest


def check_journal(path: Path) -> str:
    """Return the digest of a whole journal.

    Raises
    ------
    InputError
        If the file is missing, or is not as `seal_journal` wrote it.
    """
    data = read_made(path)
    end = data.rfind(b"\n", 0, len(data) - 1) + 1
    digest = hashlib.sha256(data[:end]).hexdigest()
    if data[end:] != _seal(digest):
        raise InputError(
            f"{path}: not a journal of this study, or not a whole one: it was cut or changed after "
            "it was written; run the job that makes it again"
        )
    return digest


def _seal(digest: str) -> bytes:
    seal = {"op_code": _SET_STUDY_USER_ATTR, "study_id": 0, "user_attr": {SEAL: digest}}
    return _line(_blanked(seal))


def _blanked(log: dict[str, Any]) -> dict[str, Any]:
    return log | {"worker_id": ""} | {name: _NO_TIME for name in _TIMES if log.get(name)}


def _line(log: dict[str, Any]) -> bytes:
    return json.dumps(log, separators=(",", ":")).encode() + b"\n"
