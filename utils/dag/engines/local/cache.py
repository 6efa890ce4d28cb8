"""Results of jobs, found again by the content of all that they were made from.

A job's key is the digest of its executable, arguments, environment and inputs (the code bundle is
one of them) and of the Python packages installed. What succeeded once under a key is not run again:
not when a run is resumed, nor in another run next to it. There is no other record of what is done,
hence none that could disagree with the files.

Layout: ``objects/<digest>`` holds contents, ``results/<key>.json`` names the objects that a job
made, ``checkpoints/<key>/`` holds what an unfinished job saved.
"""

import hashlib
import json
from collections.abc import Collection
from pathlib import Path

from utils import files
from utils.dag.abstract_workflow import AbstractJob
from utils.dag.versions import installed_packages
from utils.records import digest_of, write_atomically

_FORMAT = 2


class Cache:
    """A folder of results; several runs may use it at the same time."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in ("objects", "results", "checkpoints"):
            (folder / name).mkdir(parents=True, exist_ok=True)
        self._packages = hashlib.sha256("\n".join(installed_packages()).encode()).hexdigest()

    def key(self, job: AbstractJob, executable: str, inputs: dict[str, str]) -> str:
        """Return the key of `job`, given the digests of its executable and of each input."""
        parts = [
            _FORMAT,
            self._packages,
            executable,
            job.arguments,
            sorted(job.environment.items()),
            sorted(inputs.items()),
            [job.outputs, job.checkpoints, job.stdin, job.stdout, job.stderr],
        ]
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()

    def object(self, digest: str) -> Path:
        """Return where the content with this digest lies."""
        return self.folder / "objects" / digest

    def find(self, key: str, names: Collection[str]) -> dict[str, str] | None:
        """Return the digests of the outputs `names` made under `key`; None if any is not as it was.

        Contents are read and compared with their digests: a disk may change what it was given.
        """
        try:
            outputs = json.loads((self.folder / "results" / f"{key}.json").read_bytes())
            if not isinstance(outputs, dict) or outputs.keys() != set(names):
                return None
            whole = all(digest_of(self.object(str(it))) == it for it in outputs.values())
        except (OSError, ValueError):
            return None
        return outputs if whole else None

    def keep(self, key: str, outputs: dict[str, Path]) -> dict[str, str]:
        """Move the files that a job made into the cache and return their digests."""
        digests = {}
        for name, path in outputs.items():
            digests[name] = digest_of(path)
            files.move(path, self.object(digests[name]))
        files.sync(self.folder / "objects")
        write_atomically(self.folder / "results" / f"{key}.json", json.dumps(digests).encode())
        files.remove_tree(self.folder / "checkpoints" / key)
        return digests

    def checkpoint(self, key: str, name: str) -> Path:
        """Return where the checkpoint `name` of an unfinished job lies, or would lie."""
        return self.folder / "checkpoints" / key / name

    def keep_checkpoint(self, key: str, name: str, path: Path) -> bool:
        """Move a checkpoint into the cache, unless it is empty; return whether it is a new one."""
        if not path.is_file() or path.stat().st_size == 0:
            return False
        kept = self.checkpoint(key, name)
        new = not kept.exists() or digest_of(kept) != digest_of(path)
        kept.parent.mkdir(parents=True, exist_ok=True)
        files.move(path, kept)
        return new
