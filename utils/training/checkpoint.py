"""Checkpoints: where a training stands. A kill at any instant loses at most an epoch.

A checkpoint that is damaged, or of another job (other data, parameters or seed), is named in the
log and left unused. It only saves time: a training that starts afresh gives the right result.

There is no second copy. The file is renamed into place, so a kill or a lost node leaves the one
before it whole. A copy would only help against a disk that loses data, and would double what every
hand-over transfers.

Of processes that train together, all read the file and the first writes it. On several nodes
without a common folder each node may have a file of its own; all go on from that of them which was
saved most often.
"""

import hashlib
import json
import logging
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from utils.errors import InputError
from utils.records import write_atomically
from utils.training.distributed import (
    anywhere,
    bytes_of,
    from_first,
    holder_of_most,
    is_first,
    is_first_of_node,
    processes,
    wait_for_first,
)
from utils.training.replaced import Replaced, replaced_so_far
from utils.training.tensors import load_tensors, save_tensors

SCHEMA = 3

FIELDS = {"job", "starts", "state"}
"""What a checkpoint holds besides its schema number."""

log = logging.getLogger(__name__)


class KilledTooOften(Exception):
    """The job was started too often without finishing an epoch."""


class Checkpoint:
    """The checkpoint file of one job.

    Parameters
    ----------
    path
        The file; absent or empty means that there is nothing to go on from.
    job
        Plain values that say which job this is; only a checkpoint with equal ones is loaded.

    Attributes
    ----------
    state
        What was saved (tensors and plain values), or None to start afresh.
    kept
        What the job computed once and does not want to compute again; it stays in the file from one
        `save` to the next.
    patience
        Seconds that may pass between two times that a `save` which may wait is written; 0: none.
    starts
        How often the job was started, this time included, without finishing an epoch or stopping
        in an orderly way. A job that is killed over and over shows in it.
    replaced
        The workers that were replaced, in all starts (`utils.training.replaced`).
    """

    def __init__(self, path: Path, job: dict[str, Any]) -> None:
        self.path, self.job = Path(path), job
        self.starts = 0
        self.state: dict[str, Any] | None = None
        self.kept: Any = None
        self.patience = 0.0
        self.replaced: Replaced = {}
        self._saves = 0
        self._written = time.monotonic()

    def start(self, tries: int | None = None) -> None:
        """Load what was saved, and count this start in the file.

        Raises
        ------
        KilledTooOften
            If this is the start number `tries` without progress. The last one is not spent on
            another attempt: what failed so often would take the job down with it.
        InputError
            If the processes that train together are not all of one job.
        """
        job = json.dumps(self.job, sort_keys=True)
        if anywhere(job != from_first(job)):
            raise InputError(
                "the processes that train together were not given the same photographs, weights "
                "and options; give every node equal ones"
            )
        self._load()
        self._share()
        self.starts = from_first(self.starts) + 1
        told = replaced_so_far()  # torchrun tells it on the node alone where it was
        source = holder_of_most(sum(map(len, told.values())))
        self.replaced |= json.loads(bytes_of(source, json.dumps(told).encode()))
        self._write()
        if tries is not None and self.starts >= max(tries, 2):
            raise KilledTooOften(f"killed {self.starts - 1} times without finishing an epoch")

    def keep(self, kept: Any) -> None:
        """Keep tensors and plain values from now on, beside what is saved."""
        self.starts, self.kept = 0, kept
        self._saves += 1
        self._write()

    def save(self, state: dict[str, Any], may_wait: bool = False) -> None:
        """Save `state` in place of what was saved before.

        If it may wait, it is left out where the file was written less than `patience` seconds ago.
        """
        late = time.monotonic() - self._written >= self.patience
        if may_wait and self.patience and not anywhere(late):
            return
        self.starts, self.state = 0, state
        self._saves += 1
        self._write()

    def _write(self) -> None:
        """Write the file, which every process finds afterwards."""
        if is_first():
            content = {
                "schema": SCHEMA,
                "job": self.job,
                "starts": self.starts,
                "state": self.state,
                "saves": self._saves,
                "replaced": self.replaced,
                **({} if self.kept is None else {"kept": self.kept}),
            }
            save_tensors(self.path, content)
        wait_for_first()
        self._written = time.monotonic()

    def _load(self) -> None:
        content = self._read()
        if content is not None:
            self.starts, self.state = content["starts"], content["state"]
            self.kept = content.get("kept")
            self.replaced = dict(content.get("replaced", {}))
            self._saves = content.get("saves", 0)

    def _share(self) -> None:
        """Let every process have read the file that was saved most often."""
        if processes() == 1:
            return
        has = self.state is not None or self.kept is not None
        if not anywhere(has):
            return
        source = holder_of_most(self._saves if has else -1)
        data = self.path.read_bytes() if has else b""
        digest = hashlib.sha256(data).digest()
        other = digest != bytes_of(source, digest)
        if anywhere(other):
            data = bytes_of(source, data)
            if is_first_of_node() and other:
                write_atomically(self.path, data)
            wait_for_first()
            self._load()

    def _read(self) -> dict[str, Any] | None:
        if self.path.is_dir():
            raise InputError(f"{self.path}: is a folder; a checkpoint is a file, remove it")
        if not self.path.exists() or self.path.stat().st_size == 0:
            return None
        try:
            content, _ = load_tensors(self.path)
        except InputError as error:
            log.warning("checkpoint left unused, starting afresh: %s", error)
            return None
        found = content.get("schema") if isinstance(content, dict) else None
        if found != SCHEMA or FIELDS - content.keys():
            log.warning(
                "checkpoint %s is of another version (its schema is %r, expected %d), "
                "starting afresh",
                *(self.path, found, SCHEMA),
            )
            return None
        other = sorted(
            field
            for field in {*self.job, *content["job"]}
            if self.job.get(field) != content["job"].get(field)
        )
        if other:
            log.warning(
                "checkpoint %s is of a job with other %s, starting afresh",
                *(self.path, ", ".join(other)),
            )
            return None
        return content


def digest_files(paths: Iterable[Path]) -> str:
    """Return the SHA-256 of the contents of `paths`, one after the other."""
    digest = hashlib.sha256()
    for path in paths:
        with open(path, "rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()
