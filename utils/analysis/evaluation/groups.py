"""Which annotated photographs are as one observation, because they are near-duplicates."""

from collections.abc import Mapping, Sequence
from typing import Any

from utils.errors import InputError, brief


def groups_of(
    photographs: Sequence[str], split: Mapping[str, Any], side: str = "test"
) -> list[int]:
    """Return the group of each photograph, as ``split.json`` has it.

    Parameters
    ----------
    side
        What to call the photographs in an error.

    Raises
    ------
    InputError
        If a photograph is none of the split.
    """
    if unknown := [name for name in photographs if name not in split["photos"]]:
        raise InputError(
            f"split.json: does not hold the {side} photograph {brief(unknown[0])!r}; give the "
            "split that the photographs are of"
        )
    return [split["photos"][name]["group"] for name in photographs]


def photograph_of_row(row: Mapping[str, Any]) -> str:
    """Return the photograph of an entry of ``per_photo``: of a cut face, where it was cut from."""
    return row.get("photograph") or row["name"]
