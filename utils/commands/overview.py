"""Commands about several runs: ``runs``, ``compare`` and ``track``."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from utils.commands.command import Command, Option, Tell, check_page
from utils.dag.options.readers import choice, flag, path, whole
from utils.tracking.commands import list_runs
from utils.tracking.table import SORTS

JSON = Option(flag, "print JSON (default: tables)")


def _runs(words: Sequence[str], given: dict[str, Any], tell: Tell) -> int:
    tell(list_runs([Path(word) for word in words], given))
    return 0


def _compare(words: Sequence[str], given: dict[str, Any], tell: Tell) -> int:
    from utils.comparison.commands import compare  # it needs NumPy

    check_page("compare", given)
    tell(compare([Path(word) for word in words], given))
    return 0


def _track(words: Sequence[str], given: dict[str, Any], tell: Tell) -> int:
    from utils.tracking.following import track_runs

    tell(track_runs([Path(word) for word in words], given.get("track")))
    return 0


OVERVIEW = (
    Command(
        "runs",
        "the runs there are, what differs, what they found",
        _runs,
        "[FOLDER ...]",
        {
            "sort": Option(
                choice(*SORTS),
                f"sort by {', '.join(SORTS)} (default: {SORTS[0]})",
                metavar="COLUMN",
            ),
            "json": JSON,
        },
    ),
    Command(
        "compare",
        "is one run better than another, and why",
        _compare,
        "RUN_DIR RUN_DIR [...]",
        {
            "output": Option(path, "page to write (default: comparison.html)", metavar="PATH"),
            "json": JSON,
            "seed": Option(whole(0, 2**32 - 1), "of the resamples (default: 0)"),
        },
    ),
    Command(
        "track",
        "keep what runs were told and found in MLflow",
        _track,
        "RUN_DIR [...]",
        {
            "track": Option(
                str,
                "address of the store (default: MLFLOW_TRACKING_URI, else a database beside the "
                "run)",
                metavar="URI",
                bare="",
            )
        },
    ),
)
