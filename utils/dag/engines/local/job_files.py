"""The files of a run: what its jobs read, where it lies, and what becomes of what they made."""

import contextlib
from pathlib import Path
from urllib.parse import quote

from utils import files
from utils.dag.abstract_workflow import AbstractWorkflow
from utils.dag.engines.local.cache import Cache
from utils.dag.run_folder import CACHE, OUTPUT, SCRATCH
from utils.errors import InputError
from utils.records import digest_of

KEY = "key"
"""File in a job's scratch folder: the key under which the cache knows the job."""


class JobFiles:
    """The files of the run in `folder`, whose lock the caller holds."""

    def __init__(self, folder: Path, workflow: AbstractWorkflow) -> None:
        self.folder, self.workflow = folder, workflow
        self._cache = Cache(folder.parent / CACHE)
        self._keys: dict[str, str] = {}  # of the jobs whose inputs are there
        self._made: dict[str, str] = {}  # digest of each file that a job made, by LFN
        self._digests: dict[Path, str] = {}  # of files that no job made

    def scratch(self, name: str) -> Path:
        """Return where a job runs."""
        return self.folder / SCRATCH / quote(name, safe="")

    def key(self, name: str) -> str:
        """Return the key of a job that was recalled, in vain or not."""
        return self._keys[name]

    def recall(self, name: str) -> bool:
        """Take a job's outputs from the cache; return whether they are there."""
        job = self.workflow.jobs[name]
        inputs = {lfn: self._input_digest(lfn) for lfn in job.inputs}
        self._keys[name] = key = self._cache.key(job, self._digest(job.executable), inputs)
        outputs = self._cache.find(key, job.outputs)
        if outputs is None:
            return False
        self._publish(name, outputs)
        return True

    def sources(self, name: str) -> dict[str, Path]:
        """Return where the files lie that a job finds in its folder, by LFN."""
        job, key = self.workflow.jobs[name], self._keys[name]
        sources = {lfn: self._source(lfn) for lfn in job.inputs}
        for lfn in job.checkpoints:
            kept = self._cache.checkpoint(key, lfn)
            if kept.exists():
                sources[lfn] = kept
            elif lfn in self.workflow.replicas:
                sources[lfn] = self.workflow.replicas[lfn]
        return sources

    def take_in(self, name: str, work: Path) -> None:
        """Keep what a job made in its folder `work`; from here on it is done for good."""
        made = {lfn: work / lfn for lfn in self.workflow.jobs[name].outputs}
        self._publish(name, self._cache.keep(self._keys[name], made))

    def keep_checkpoints(self, name: str, work: Path) -> bool:
        """Keep what a job has saved in its folder `work`; return whether any of it is new."""
        new = False
        for lfn in self.workflow.jobs[name].checkpoints:
            with contextlib.suppress(FileNotFoundError):  # somebody cleans up under our hands
                new |= self._cache.keep_checkpoint(self._keys[name], lfn, work / lfn)
        return new

    def salvage(self) -> None:
        """Keep what jobs had saved that ran when an engine was killed here; remove what is left."""
        for name, job in self.workflow.jobs.items():
            scratch = self.scratch(name)
            if job.checkpoints and (scratch / KEY).exists():
                self._keys[name] = (scratch / KEY).read_text()
                self.keep_checkpoints(name, scratch / "work")
        files.remove_tree(self.folder / SCRATCH)

    def _publish(self, name: str, outputs: dict[str, str]) -> None:
        """Make a finished job's files known to its children, and copy what is kept."""
        self._made |= outputs
        for lfn in self.workflow.jobs[name].kept:
            target, source = self.folder / OUTPUT / lfn, self._cache.object(outputs[lfn])
            if not target.exists() or digest_of(target) != outputs[lfn]:
                files.copy(source, target)

    def _input_digest(self, lfn: str) -> str:
        return self._made.get(lfn) or self._digest(self.workflow.replicas[lfn])

    def _digest(self, path: Path) -> str:
        if path not in self._digests:
            try:
                self._digests[path] = digest_of(path)
            except OSError as error:
                raise InputError(f"{path}: {error.strerror}; {self.folder} needs it") from None
        return self._digests[path]

    def _source(self, lfn: str) -> Path:
        made = self._made.get(lfn)
        return self._cache.object(made) if made else self.workflow.replicas[lfn]
