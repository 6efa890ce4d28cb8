"""Which engine executes a run, and what the options mean to it."""

import logging
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from utils.dag.engines.condor import run as condor
from utils.dag.engines.local import machine
from utils.dag.engines.local.run import LocalRun
from utils.dag.engines.pegasus import run as pegasus
from utils.dag.engines.run import Run
from utils.dag.moved import follow_move, moved_from
from utils.dag.options.declared import spelled
from utils.dag.options.running import CHECKPOINT_MINUTES
from utils.dag.options.table import Options, marked
from utils.dag.run_folder import CACHE
from utils.dag.run_record import RunRecord, open_record
from utils.errors import InputError

log = logging.getLogger(__name__)


def choose_engine(wanted: str, tell: Callable[[str], object]) -> str:
    """Return what is to execute the run, and tell why where the choice was ours.

    Raises
    ------
    InputError
        If what is wanted is not to be had here.
    """
    if wanted == "auto":
        if pegasus.is_installed():
            pegasus.require()
            tell("Engine: pegasus (pegasus-plan is on the PATH)")
            return "pegasus"
        tell("Engine: local (there is no pegasus-plan on the PATH)")
        return "local"
    if wanted == "condor":
        condor.require()
    if wanted == "pegasus":
        pegasus.require()
    return wanted


def for_engine(options: Options, engine: str) -> Options:
    """Return the options with what the engine adds to them.

    Raises
    ------
    InputError
        If an option is given that the engine cannot follow.
    """
    if engine == "local":
        defaults = Options()
        for name in marked("pool_only"):
            if getattr(options, name) != getattr(defaults, name):
                raise InputError(
                    f"{spelled(name)}: is for --engine condor and pegasus; "
                    "the local engine runs jobs on this machine, with the Python that runs it"
                )
        if not options.dry_run:  # which may be resumed elsewhere
            machine.require_gpus(options.gpus)
        return options
    if (
        options.container
        and "://" not in options.container
        and not Path(options.container).exists()
    ):
        raise InputError(f"--container: {options.container}: no such file; `make image` builds one")
    minutes = options.checkpoint_minutes
    return replace(options, checkpoint_minutes=CHECKPOINT_MINUTES if minutes is None else minutes)


def open_run(folder: Path, options: Options | None = None) -> Run:
    """Return the run of a folder, with the engine that it was planned for.

    Cores and memory in `options` come before those that it was planned with. A folder that was
    moved since goes on from where it is now.

    Raises
    ------
    InputError
        If `folder` is no run folder, or was moved and cannot be.
    """
    record = open_record(folder)
    _follow(folder, record)
    match record["engine"]:
        case "pegasus":
            return pegasus.PegasusRun(folder)
        case "condor":
            return condor.CondorRun(folder)
        case _:
            planned = record.get("options") or {}
            given = {"cores": options.cores, "memory": options.memory} if options else {}
            limits = {name: given.get(name) or planned.get(name) for name in ("cores", "memory")}
            return LocalRun(folder, **limits)


def _follow(folder: Path, record: RunRecord) -> None:
    """Bring the catalogues of a run folder up to date, where it was moved."""
    before = moved_from(folder)
    if before is None:
        return
    if record.get("submit_folder"):
        raise InputError(
            f"{folder}: was {before} when Pegasus planned it, whose submit files name files there; "
            "move it back, or start a new run"
        )
    follow_move(folder, before)
    log.warning("%s: was %s; its catalogues are brought up to date", folder, before)
    here, there = folder.resolve().parent / CACHE, before.parent / CACHE
    if record["engine"] == "local" and there.exists() and not here.exists():
        log.warning("Jobs that are done run again, unless %s is moved, too", there)
