"""The table of runs that ``python workflow.py runs`` prints."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from utils.dag.options.declared import spelled
from utils.dag.status_tables import table
from utils.errors import brief, number_of, printable
from utils.records import short
from utils.tracking.recorded import (
    ANSWER,
    BROKEN,
    EVALUATION,
    HALF_MADE,
    NO_RUN,
    RecordedRun,
    plan_options,
)

SCHEMA = 1
"""Schema of what ``--json`` prints."""

Row = dict[str, Any]

_SIZES = ("map", "map_50", "balanced_accuracy")
_FIELDS = ("when", "run", "state", "task", "data", *_SIZES, "answer")
SORTS = _FIELDS
"""What rows can be sorted by: numbers and times from the highest, words from the first."""

_HEADS = {
    "map": "mAP",
    "map_50": "mAP@.5",
    "balanced_accuracy": "bal. acc.",
    "answer": "properly masked",
}


def rows_of(runs: Sequence[RecordedRun], sort: str = "when") -> list[Row]:
    """Return a row of plain values for each run, sorted.

    Returns
    -------
    ``run`` (its folder's name), ``folder``, ``when`` (it was planned), ``state``, ``name``,
    ``task``, ``engine``, ``data`` (version of the annotated photographs),
    ``data_called`` (its name in a store), ``map``, ``map_50``,
    ``balanced_accuracy`` (None of what the task or the state does not give), ``answer`` ({share,
    interval, words}, None before there is one), ``jobs`` ({state: n}), ``options`` (all),
    ``differs`` (the options in which it differs from most of these runs) and ``trouble``.
    """
    usual = usual_options(runs)
    rows = [_row_or_broken(run, usual) for run in runs]
    there = [row for row in rows if _key(row, sort) is not None]
    none = [row for row in rows if _key(row, sort) is None]
    falling = sort == "when" or isinstance(_key(there[0], sort) if there else "", float)
    rows = sorted(there, key=lambda row: row["run"])
    return [*sorted(rows, key=lambda row: _key(row, sort), reverse=falling), *none]


def usual_options(runs: Sequence[RecordedRun]) -> Row:
    """Return the commonest value of each option in which runs differ, apart from the data's path.

    Whether the data differ, their version tells.
    """
    usual = {}
    for name in (name for name in plan_options() if name != "data"):
        values = [_hashable(run.options[name]) for run in runs if name in run.options]
        if len(set(values)) > 1:
            usual[name] = Counter(values).most_common(1)[0][0]
    return usual


def table_of(rows: Sequence[Row], usual: Mapping[str, Any]) -> str:
    """Return the rows as a table for a terminal, and below it what most runs have in common."""
    if not rows:
        return "No runs"
    shown = columns_of(rows)
    lines = table(list(shown), list(zip(*shown.values(), strict=True)))
    lines += [""] * bool(usual) + notes_of(rows, usual)
    lines += [printable(f"{row['run']}: {word}") for row in rows for word in row["trouble"]]
    runs = sum(row["state"] not in (HALF_MADE, BROKEN, NO_RUN) for row in rows)
    others = number_of(len(rows) - runs, "other folder")
    return "\n".join([*lines, number_of(runs, "run") + f", {others}" * (runs < len(rows))])


def columns_of(rows: Sequence[Row]) -> dict[str, list[str]]:
    """Return the cells of rows, a column each that says something of one of them, by its head."""
    columns: dict[str, Callable[[Row], str]] = {
        "when": lambda row: (row["when"] or "")[:16].replace("T", " "),
        "run": lambda row: row["run"],
        "state": _state,
        "task": lambda row: row["task"] or "",
        "data": lambda row: row["data_called"] or short(row["data"]),
        **{name: lambda row, name=name: _score(row[name]) for name in _SIZES},
        "answer": lambda row: _answer(row["answer"]),
        "options": lambda row: _words(row["differs"]),
    }
    cells = {name: [told(row) for row in rows] for name, told in columns.items()}
    if len({row["task"] for row in rows}) < 2:
        del cells["task"]
    return {_HEADS.get(name, name): column for name, column in cells.items() if any(column)}


def notes_of(rows: Sequence[Row], usual: Mapping[str, Any]) -> list[str]:
    """Return what is to be known of the table: what most runs have in common, what a mark means."""
    notes = [f"Where no option is named: {_words(usual)}"] if usual else []
    if any((row["answer"] or {}).get("serious") for row in rows):
        notes.append("!: read the report before you quote it")
    return notes


def _row_or_broken(run: RecordedRun, usual: Mapping[str, Any]) -> Row:
    try:
        return _row(run, usual)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        told = f"{run.folder}: its records are not as this version writes them ({error})"
        return _row(replace(run, state=BROKEN, record={}, outputs={}, trouble=(told,)), usual)


def _row(run: RecordedRun, usual: Mapping[str, Any]) -> Row:
    evaluation, answer = run.output(EVALUATION), run.output(ANSWER)
    precision = evaluation.get("average_precision") or {}
    judged = evaluation.get("classification") or {}
    options = run.options
    share = _share(answer)
    sizes = {
        "map": precision.get("map"),
        "map_50": precision.get("map_50"),
        "balanced_accuracy": judged.get("balanced_accuracy"),
    }
    for name, it in (*sizes.items(), ("properly_masked", share and share["share"])):
        if not isinstance(it, float | int | None):
            raise TypeError(f"{name} is {brief(it)}")
    return {
        "run": run.name,
        "folder": str(run.folder),
        "when": run.record.get("created"),
        "state": run.state,
        "name": run.record.get("name"),
        "task": run.task,
        "engine": run.record.get("engine"),
        "data": run.data_version,
        "data_called": run.data_called,
        **sizes,
        "answer": share,
        "jobs": dict(Counter(job["state"] for job in run.record.get("jobs", {}).values())),
        "options": options,
        "differs": {
            name: options[name]
            for name, value in usual.items()
            if name in options and _hashable(options[name]) != value
        },
        "trouble": list(run.trouble),
    }


def _share(answer: Mapping[str, Any]) -> Row | None:
    masked = answer.get("properly_masked") or {}
    if not answer:
        return None
    told = {name: masked.get(name) for name in ("share", "interval")}
    return {**told, "words": answer.get("answer"), "serious": answer.get("serious") or []}


def _key(row: Row, sort: str) -> Any:
    value = row[sort]
    return value["share"] if sort == "answer" and value else value


def _state(row: Row) -> str:
    done = sum(row["jobs"].get(state, 0) for state in ("done", "cached"))
    total = sum(row["jobs"].values())
    return f"{row['state']} {done}/{total}" if row["state"] != "done" and total else row["state"]


def _score(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"


def _answer(answer: Row | None) -> str:
    if not answer:
        return ""
    if answer["share"] is None:
        return "no answer"
    told = f"{100 * answer['share']:.0f} %"
    if interval := answer["interval"]:
        told += f" ({100 * interval[0]:.0f} to {100 * interval[1]:.0f})"
    return told + "!" * bool(answer["serious"])


def _words(options: Mapping[str, Any]) -> str:
    return " ".join(
        f"{spelled(name)[2:]}={_plain(value)}" for name, value in sorted(options.items())
    )


def _plain(value: Any) -> str:
    if isinstance(value, list | tuple):
        return ",".join(map(str, value)) or "none"
    if isinstance(value, bool) or value is None:
        return {None: "none", True: "yes", False: "no"}[value]
    return str(value)


def _hashable(value: Any) -> Any:
    """Return what is equal for equal values, and can be counted; of no option of ours, its text."""
    if isinstance(value, list | tuple):
        return tuple(map(_hashable, value))
    return str(value) if isinstance(value, dict) else value
