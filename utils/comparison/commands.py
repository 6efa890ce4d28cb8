"""The command ``compare``: what differs between runs, and whether one is better."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from utils.comparison.measured import Comparison, compare_measures
from utils.comparison.page import write_page
from utils.comparison.words import told
from utils.errors import InputError
from utils.tracking.differences import differences
from utils.tracking.recorded import named_runs
from utils.tracking.table import rows_of

PAGE = Path("comparison.html")
"""What is written where ``--output`` names no other file."""

SCHEMA = 1
"""Schema of what ``--json`` prints."""


def compare(folders: Sequence[Path], given: dict[str, Any]) -> str:
    """Compare runs with the first of them; write page and picture, and return what to tell.

    Parameters
    ----------
    given
        Of the options ``output`` (the page), ``json`` and ``seed`` (of the resamples) those that
        were given.

    Raises
    ------
    InputError
        If there are not two runs, or one has measured nothing yet, or cannot be read.
    """
    page = given.get("output", PAGE)
    if len(folders) < 2:
        raise InputError(
            "compare: name two or more run folders, as in `workflow.py compare runs/a runs/b`"
        )
    first: dict[Path, Path] = {}
    for folder in folders:
        if (same := first.setdefault(folder.resolve(), folder)) is not folder:
            raise InputError(
                f"compare: {same} and {folder} are one run, which does not differ from itself; "
                "name each once"
            )
    runs = named_runs(folders)
    comparisons = [compare_measures(runs[0], run, given.get("seed", 0)) for run in runs[1:]]
    differ = differences(runs)
    rows = [row for run in runs for row in rows_of([run])]
    picture = write_page(comparisons, differ, rows, page)
    if given.get("json"):
        record = {
            "schema": SCHEMA,
            "runs": rows,
            "differences": {
                topic: {row.what: list(row.values) for row in found}
                for topic, found in differ.items()
            },
            "comparisons": [_record(one) for one in comparisons],
            "page": str(page),
            "picture": str(picture),
        }
        return json.dumps(record, indent=1, ensure_ascii=False)
    return f"{told(comparisons, differ)}\n\nPage: {page}\nPicture: {picture}"


def _record(one: Comparison) -> dict[str, Any]:
    return {
        "first": str(one.first.folder),
        "second": str(one.second.folder),
        "photographs": {
            "tested": list(one.shared.tested),
            "shared": one.photos,
            "how": one.shared.how,
        },
        "notes": list(one.notes),
        "measures": {
            name: {**asdict(it), "difference": it.difference, "verdict": it.verdict}
            for name, it in one.measures.items()
        },
    }
