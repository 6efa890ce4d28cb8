"""The commands about runs that are there: ``runs`` lists them."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from utils.tracking.recorded import default_folder, find_runs
from utils.tracking.table import SCHEMA, SORTS, rows_of, table_of, usual_options


def list_runs(folders: Sequence[Path], given: dict[str, Any]) -> str:
    """Return the table of the runs in folders, by default of those in ``runs/``.

    Parameters
    ----------
    given
        Of the options ``sort`` (one of `SORTS`) and ``json`` those that were given.

    Raises
    ------
    InputError
        If there is no such folder.
    """
    if not folders and not default_folder().exists():
        runs = []  # before the first
    else:
        runs = find_runs(folders or [default_folder()])
    rows = rows_of(runs, given.get("sort", SORTS[0]))
    if given.get("json"):
        return json.dumps({"schema": SCHEMA, "runs": rows}, indent=1, ensure_ascii=False)
    return table_of(rows, usual_options(runs))
