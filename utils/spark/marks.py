"""What a batch or a stream leaves in its folder of itself: it can only go on as it was."""

from collections.abc import Mapping
from typing import Any

from utils.errors import InputError
from utils.records import parse_record, record_as_json
from utils.spark.places import Place
from utils.spark.table import Table

BATCH, STREAM = "batch.json", "stream.json"
"""The first is gone once its answer is written."""

_LOG_OF = {"parquet": "_spark_metadata", "delta": "_delta_log"}


def mark_batch(place: Place, now: Mapping[str, Any], parts: int, new: bool) -> int | None:
    """Leave the mark of a batch, unless it goes on.

    Parameters
    ----------
    now
        What must be the same when it goes on.
    parts
        In how many it is to be done.
    new
        Whether there are no rows yet, so that it may be another one.

    Returns
    -------
    In how many parts it was begun, if it goes on.

    Raises
    ------
    InputError
        If another batch was begun there, which is not whole.
    """
    if not new and (before := _as_before(place, BATCH, "an unfinished batch", now)):
        return before["parts"]
    place.write(BATCH, record_as_json({**now, "parts": parts}))
    return None


def mark_stream(place: Place, now: Mapping[str, Any], checkpoint: str, table: Table) -> None:
    """Leave the mark of a stream; one that goes on must be as it was.

    Raises
    ------
    InputError
        If it is another, the message names what differs; or if its checkpoint is gone, or is that
        of another: Spark would leave out what it takes to be done, and say nothing.
    """
    now = {**now, "checkpoint": checkpoint}
    begun = place.holds(f"{checkpoint}/rows/offsets")
    if _as_before(place, STREAM, "a stream", now):
        if not begun and place.holds(log_of(table)):
            raise InputError(
                f"{checkpoint}: is gone, which told what is done of the stream in --output "
                f"{place}; put it back, or begin anew in another folder"
            )
    elif begun:
        raise InputError(
            f"--checkpoint {checkpoint}: tells how far another stream came, whose rows are not in "
            f"--output {place}; name that one's, or a folder of its own"
        )
    place.write(STREAM, record_as_json(now))


def log_of(table: Table) -> str:
    """Return the folder of a table in which a stream keeps which of its files are valid."""
    return f"{table.address}/{_LOG_OF[table.kind]}"


def _as_before(place: Place, name: str, what: str, now: Mapping[str, Any]) -> dict[str, Any] | None:
    path = place.folder / name
    if not path.is_file():
        return None
    before = parse_record(path.read_bytes(), path)
    if wrong := [key for key, value in now.items() if before.get(key, value) != value]:
        raise InputError(
            f"--output {place}: holds {what} whose {wrong[0]} is {before.get(wrong[0])}, "
            f"not {now[wrong[0]]}; go on with the same, or name another folder"
        )
    return before
