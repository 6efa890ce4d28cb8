"""Commands that look at a run, follow it, or end it."""

from collections.abc import Callable, Sequence
from typing import Any

from utils.commands.command import Command, Option, Tell, named_folder
from utils.commands.running import followed
from utils.dag.engines.choice import open_run
from utils.dag.engines.run import Run

TRACK = Option(
    str,
    "keep what the run is told and finds in MLflow, as its jobs finish (default: not; without URI, "
    "in MLFLOW_TRACKING_URI, else in a database beside the run)",
    metavar="URI",
    bare="",
)
"""``--track`` of what follows a run."""


def _telling(name: str, told: str, answer: Callable[[Run], str]) -> Command:
    def act(words: Sequence[str], given: dict[str, Any], tell: Tell) -> int:
        tell(answer(open_run(named_folder(name, words))))
        return 0

    return Command(name, told, act)


def _wait(words: Sequence[str], given: dict[str, Any], tell: Tell) -> int:
    run = open_run(named_folder("wait", words))
    return followed(run, run.follow, tell, given.get("track"))


MANAGING = (
    _telling("status", "how a run stands", lambda run: run.status()),
    Command("wait", "follow a run to its end", _wait, options={"track": TRACK}),
    _telling("remove", "end a run that is on its way", lambda run: run.remove()),
    _telling("statistics", "what its jobs took", lambda run: run.statistics()),
    _telling("analyze", "what failed, and why", lambda run: run.analysis()),
)
