"""A run that this machine executes: here and now, or by an engine in the background."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from utils.dag.code_bundle import PROJECT
from utils.dag.engines.console import Console
from utils.dag.engines.local import machine
from utils.dag.engines.local.engine import LocalEngine
from utils.dag.engines.run import Run
from utils.dag.run_folder import LOGS, holder, locked
from utils.dag.run_record import as_a_whole, open_record
from utils.errors import InputError

INTERVAL = 0.5
"""Seconds between two looks at an engine in the background."""

ENGINE_LOG = "engine.log"


class LocalRun(Run):
    """A run of the embedded engine; `cores` and `memory` as there."""

    def __init__(self, folder: Path, cores: int | None = None, memory: int | None = None) -> None:
        super().__init__(folder)
        self._limits = {"cores": cores, "memory": memory}

    def execute(self, console: Console) -> bool:
        self._require_gpus()
        with locked(self.folder):
            try:
                engine = LocalEngine(self.folder, console=console, **self._limits)
                self.record = engine.record
                return engine.run()
            except OSError as error:
                raise InputError(
                    f"{error.filename or self.folder}: {error.strerror or error}; no job is left "
                    f"running. Mend that (free some space, make it writable), then go on with: "
                    f"python workflow.py --resume {self.folder}"
                ) from error

    def hand_over(self) -> str:
        if pid := holder(self.folder):
            raise InputError(
                f"{self.folder}: on its way already (process {pid}); follow it with: "
                f"python workflow.py wait {self.folder}"
            )
        self._require_gpus()
        command = [sys.executable, str(PROJECT / "workflow.py"), "--resume", str(self.folder)]
        for name, value in self._limits.items():
            command += [f"--{name}", str(value)] if value else []
        log = self.folder / LOGS / ENGINE_LOG
        with open(log, "ab") as output:
            engine = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        while engine.poll() is None and holder(self.folder) is None:
            time.sleep(0.05)
        if engine.poll() not in (None, 0):
            raise InputError(f"the engine did not start; see {log}")
        return f"Started: process {engine.pid}, which writes {log}"

    def _require_gpus(self) -> None:
        machine.require_gpus((self.record.get("options") or {}).get("gpus", 0))

    def follow(self, console: Console) -> bool:
        told: dict[str, str] = {}
        while True:
            running = self.refresh() == "running"
            for name, job in self.record.jobs.items():
                if told.get(name) != job["state"] and job["state"] == "failed":
                    console.failed(name, job["reason"])
                elif told.get(name) != job["state"] and job["state"] != "waiting":
                    console.note(f"{name}: {job['state']}")
                told[name] = job["state"]
            if not running:
                return self.refresh() == "done"
            time.sleep(INTERVAL)

    @property
    def interrupted(self) -> str:
        if holder(self.folder):
            return super().interrupted
        again = f"Go on with: python workflow.py --resume {self.folder}"
        return f"Interrupted; what was done is kept.\n{again}"

    def refresh(self) -> str:
        pid = holder(self.folder)  # first: what it wrote before it ended is then read below
        self.record = open_record(self.folder)
        if pid:
            return "running"
        for name, job in self.record.jobs.items():
            if job["state"] == "running":  # when its engine was killed
                self.record.jobs[name] = job | {"state": "stopped"}
        return as_a_whole(job["state"] for job in self.record.jobs.values())

    def remove(self) -> str:
        pid = holder(self.folder)
        if not pid:
            return f"{self.folder}: nothing is running"
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)
        while holder(self.folder) == pid:
            time.sleep(0.1)
        return f"Stopped process {pid}; its jobs have saved their checkpoints"
