"""Starting a run, going on with one, and following it to its end."""

import contextlib
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from utils.commands.command import Tell
from utils.dag.engines.choice import open_run
from utils.dag.engines.console import Console
from utils.dag.engines.run import Run
from utils.dag.options.declared import spelled
from utils.dag.options.table import Options, marked
from utils.dag.run_folder import OUTPUT
from utils.errors import InputError
from utils.records import read_record
from utils.submission import submit
from utils.tracking.addresses import require_tracking, without_address
from utils.tracking.registered import settled


def start(options: Options, command: list[str], tell: Tell, track: str | None = None) -> int:
    """Plan a new run and execute it; return the exit code.

    Parameters
    ----------
    command
        The command line, for the record.
    track
        The address that it is tracked at (`utils.tracking.addresses`); None: it is not.
    """
    check_tracking(options, track)
    options = _settled(options, tell, track)
    run = submit(options, without_address(command), tell=tell)
    tell(f"Run folder: {run.folder}")
    return 0 if options.dry_run else execute(run, options.wait, tell, track)


def _settled(options: Options, tell: Tell, track: str | None) -> Options:
    """Return options in which models in a registry are the files that their names mean now."""
    names = {"weights": "Weights", "faces": "Faces are found by"}
    files = {
        name: settled(getattr(options, name), track or None, what, tell)
        for name, what in names.items()
    }
    return replace(options, **files)


def go_on(
    folder: Path, options: Options, given: set[str], tell: Tell, track: str | None = None
) -> int:
    """Go on with the run of an existing folder, as it was planned; return the exit code.

    Parameters
    ----------
    given
        The names of the options that were given.
    """
    if changed := given - set(marked("goes_on")):
        names = ", ".join(spelled(name) for name in sorted(changed))
        raise InputError(
            f"--resume goes on with the run as it was planned: drop {names}, or start a new run "
            "(jobs whose inputs are unchanged are taken from the cache)"
        )
    check_tracking(options, track)
    return execute(open_run(folder, options), options.wait, tell, track)


def check_tracking(options: Options, track: str | None) -> None:
    """Refuse to track a run that nobody follows here, or to where it cannot be tracked."""
    if track is None:
        return
    if options.dry_run or not options.wait:
        what = "--dry-run" if options.dry_run else "--no-wait"
        raise InputError(
            f"--track: follows the run, and with {what} nothing does; give it to `wait`, or "
            "`track` the run afterwards"
        )
    require_tracking(track)


def execute(run: Run, wait: bool, tell: Tell, track: str | None = None) -> int:
    """Execute a run, or hand it over, and tell how it ended; track it meanwhile."""
    if not wait:
        tell(run.hand_over())
        tell(f"Follow it with: python workflow.py wait {run.folder}")
        return 0
    return followed(run, run.execute, tell, track)


def followed(
    run: Run, follow: Callable[[Console], bool], tell: Tell, track: str | None = None
) -> int:
    """Follow a run to its end, and tell how it ended; return the exit code."""
    beside: Any = contextlib.nullcontext()
    if track is not None:
        from utils.tracking.following import Following

        beside = Following(run.folder, track, tell)
    try:
        with beside:
            done = follow(Console(sys.stdout))
        return tell_end(run, done, tell)
    except KeyboardInterrupt:
        tell(run.interrupted)
        raise


def tell_end(run: Run, done: bool, tell: Tell) -> int:
    """Tell how a run ended; return the exit code."""
    if not done:
        tell(run.analysis())
        return 1
    output = run.folder / OUTPUT
    answer = output / "prevalence.json"
    if answer.exists():
        record = read_record(answer)
        tell(f"Answer: {record['answer']}")
        serious, videos = record.get("serious", []), record.get("videos")
        if videos and videos["answer"] != record["answer"]:  # there were photographs, too
            tell(f"In the videos: {videos['answer']}")
            serious = [*serious, *videos["serious"]]
        if serious:
            tell("\n  - ".join(["Before you quote it:", *serious]))
        tell(f"Report: {output / 'report.html'}")
    else:  # a workflow that is not ours
        tell(f"Output: {output}")
    return 0
