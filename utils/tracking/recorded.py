"""A run as its records tell of it: what it was asked, what became of it, what it found.

Only records are read, whatever the engine, so that a thousand runs are looked at in seconds.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from utils.dag.options.data import TASKS
from utils.dag.options.table import Options
from utils.dag.run_folder import LOGS, OUTPUT, holder
from utils.dag.run_record import RECORD, as_a_whole
from utils.dag.status_tables import ORDER
from utils.dag.travelling import DATASET
from utils.errors import InputError, brief
from utils.records import parse_record, read_record
from utils.tracking.addresses import RUNS

WORKFLOW = "workflow.yml"
HALF_MADE, BROKEN, NO_RUN = "half-made", "broken", "no run"
"""States of a folder that holds no run that could be looked at."""

EVALUATION, ANSWER, TRAINING, SPLIT, SEARCH = (
    *("evaluation.json", "prevalence.json", "training.json"),
    *("split.json", "best_hpo_params.json"),
)
"""What is read of the outputs of a run."""

_SCHEMAS = {EVALUATION: (2, 1)}
_FIELDS: dict[str, type] = {
    **dict.fromkeys(("name", "created", "command", "engine", "git_commit"), str),
    **dict.fromkeys(("options", "versions", "digests", "data", "new_photographs"), dict),
    **dict.fromkeys(("weights", "machine"), dict),
}
"""Fields of ``run.json`` that are read here or told of, with what each is where it is there."""


@dataclass(frozen=True)
class RecordedRun:
    """A run folder, as far as its records tell of it.

    Attributes
    ----------
    state
        ``planned``, ``running``, ``done``, ``failed`` or ``stopped``; `HALF_MADE`, `BROKEN` or
        `NO_RUN`. That of a run on a pool is what was seen last: ``status`` asks the pool.
    record
        ``run.json``; empty where it cannot be read.
    outputs
        By the names of files (`EVALUATION` and so on), those that are there and can be read.
    trouble
        What cannot be read, or is missing, in words.
    called
        What to call it where its folder's name is that of another run, too.
    """

    folder: Path
    state: str
    record: Mapping[str, Any] = field(default_factory=dict)
    outputs: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    trouble: tuple[str, ...] = ()
    called: str = ""

    @property
    def is_run(self) -> bool:
        """Whether it is one that was planned to the end, and whose record can be read."""
        return self.state not in (HALF_MADE, BROKEN, NO_RUN)

    @property
    def name(self) -> str:
        """The name of the folder, by which people know it."""
        return self.called or self.folder.name

    @property
    def options(self) -> dict[str, Any]:
        """The options; of those that an older version did not have, the defaults."""
        told = self.record.get("options")
        return {**Options(task=told.get("task", TASKS[0])).as_dict(), **told} if told else {}

    @property
    def task(self) -> str | None:
        """``detect`` or ``classify``."""
        return self.options.get("task")

    @property
    def data_version(self) -> str | None:
        """The version of the annotated photographs (`utils.dataset.version`).

        Of runs that were planned before there were versions, the digest of the packed data.
        """
        return (self.record.get("data") or {}).get("version") or self.packed_data

    @property
    def packed_data(self) -> str | None:
        """The digest of the annotated photographs as the run packed them, names included."""
        return (self.record.get("digests") or {}).get(DATASET)

    @property
    def data_called(self) -> str | None:
        """What the version of the data is called where it came from a store: ``masks@1f2e``."""
        return (self.record.get("data") or {}).get("called")

    def output(self, name: str) -> Mapping[str, Any]:
        """Return an output, empty where there is none."""
        return self.outputs.get(name) or {}


def read_run(folder: Path) -> RecordedRun:
    """Return what the records of a folder tell; never an error because of what is in it."""
    try:
        return _read_run(folder)
    except OSError as error:
        told = f"{error.filename or folder}: cannot be read ({error.strerror})"
        return RecordedRun(folder, BROKEN, trouble=(told,))


def _read_run(folder: Path) -> RecordedRun:
    there = [(folder / name).exists() for name in (RECORD, WORKFLOW)]
    if not any(there):
        began = (folder / LOGS).is_dir() and (folder / OUTPUT).is_dir()
        told = "planning it was cut off" if began else f"it has no {RECORD} and no {WORKFLOW}"
        return RecordedRun(folder, HALF_MADE if began else NO_RUN, trouble=(told,))
    if not there[0]:
        return RecordedRun(folder, HALF_MADE, trouble=(f"it has no {RECORD}",))
    running = holder(folder) is not None  # first: what it wrote before it ended is then read below
    try:
        record = read_record(folder / RECORD)
        states = [job["state"] for job in record["jobs"].values()]
        _check(record, states)
    except InputError as error:
        return RecordedRun(folder, BROKEN, trouble=(str(error),))
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        told = f"{folder / RECORD}: is not as this version writes it ({error})"
        return RecordedRun(folder, BROKEN, trouble=(told,))
    if not there[1]:
        return RecordedRun(folder, HALF_MADE, record, trouble=(f"it has no {WORKFLOW}",))
    outputs, trouble = read_outputs(folder / OUTPUT)
    state = "running" if running else _state(record, states, outputs)
    return RecordedRun(folder, state, record, outputs, trouble)


def _check(record: Mapping[str, Any], states: Sequence[Any]) -> None:
    """Raise a `ValueError` that names the field where a record is not as this version writes it."""
    for name, kind in _FIELDS.items():
        if record.get(name) is not None and not isinstance(record[name], kind):
            raise ValueError(f"{name} is {brief(record[name])}")
    if record.get("created"):
        moment(record["created"])
    if (task := (record.get("options") or {}).get("task", TASKS[0])) not in TASKS:
        raise ValueError(f"options.task is {brief(task)}")
    if odd := [state for state in states if state not in ORDER]:
        raise ValueError(f"the state of a job is {brief(odd[0])}")


def moment(time: str) -> datetime:
    """Return the time that a record tells: "2026-11-27T08:00:00+0000"."""
    return datetime.strptime(time, "%Y-%m-%dT%H:%M:%S%z")


def find_runs(folders: Sequence[Path]) -> list[RecordedRun]:
    """Return the runs of folders: of run folders, or of folders that hold some.

    Of the folders in one that holds runs, all are told, also those that are none. Hidden ones, as
    the cache, are not.

    Raises
    ------
    InputError
        If there is no such folder.
    """
    found: dict[Path, RecordedRun] = {}
    for folder in folders:
        if not folder.is_dir():
            raise InputError(
                f"{folder}: no such folder; name run folders, or folders that hold some, as runs/"
            )
        for one in _inside(folder):
            found.setdefault(one.resolve(), read_run(one))
    return list(found.values())


def default_folder() -> Path:
    """Return the folder that runs are in unless ``--run-dir`` named another."""
    return RUNS


def named_runs(folders: Sequence[Path]) -> list[RecordedRun]:
    """Return the runs of run folders, each of which can be looked at.

    Raises
    ------
    InputError
        If one is no run folder, or was not planned to the end, or its record cannot be read.
    """
    runs = []
    for folder in folders:
        if not folder.is_dir():
            raise InputError(f"{folder}: no such folder; `python workflow.py runs` lists the runs")
        run = read_run(folder)
        if not run.is_run:
            raise InputError(
                f"{folder}: {'no run folder' if run.state == NO_RUN else run.state}: "
                f"{'; '.join(run.trouble)}; `python workflow.py runs` lists those there are"
            )
        runs.append(run)
    names = Counter(run.name for run in runs)
    return [replace(run, called=str(run.folder)) if names[run.name] > 1 else run for run in runs]


def plan_options() -> list[str]:
    """Return the names of the options that make a difference to what a run finds, or how."""
    aside = ("run_dir", "dry_run")
    return [
        one.name for one in fields(Options) if not one.metadata["goes_on"] and one.name not in aside
    ]


def _inside(folder: Path) -> Iterator[Path]:
    if (folder / RECORD).exists() or (folder / WORKFLOW).exists():
        yield folder
        return
    yield from sorted(
        (one for one in folder.iterdir() if one.is_dir() and not one.name.startswith(".")),
        key=lambda one: (one.is_symlink(), one.name),  # a run is called what it is, not as a link
    )


def read_outputs(folder: Path) -> tuple[dict[str, dict[str, Any]], tuple[str, ...]]:
    """Return the records that a folder of outputs holds, and what cannot be read, in words."""
    outputs, trouble = {}, []
    for name in (EVALUATION, ANSWER, TRAINING, SPLIT, SEARCH):
        path = folder / name
        try:
            if path.exists() and path.stat().st_size:  # a job that fails leaves an empty file
                outputs[name] = _read(path, _SCHEMAS.get(name, (1,)))
        except (InputError, OSError) as error:
            trouble.append(str(error))
    return outputs, tuple(trouble)


def _read(path: Path, schemas: Sequence[int]) -> dict[str, Any]:
    content = path.read_bytes()
    for schema in schemas[1:]:
        try:
            return parse_record(content, path, schema)
        except InputError:
            continue
    return parse_record(content, path, schemas[0])


def _state(record: Mapping[str, Any], states: Sequence[str], outputs: Mapping[str, Any]) -> str:
    """Return the state of a run whose folder no engine holds."""
    seen, handed_over = set(states), record.get("dagman") or record.get("submitted")
    if not seen and ANSWER in outputs:  # Pegasus keeps its own record of the jobs
        return "done"
    if record.get("engine") != "local" and not seen & {"failed", "stopped"}:
        if not handed_over and seen <= {"waiting"}:
            return "planned"
        if not seen or seen - {"done", "cached"}:
            return "running"
    return as_a_whole(seen)
