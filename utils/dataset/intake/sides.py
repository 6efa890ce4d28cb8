"""The sides of a split that a data set comes with: folders train, val and test."""

from collections import Counter
from collections.abc import Iterable, Mapping

from utils.dataset.intake.paths import side_of
from utils.dataset.splitting import SIDES
from utils.errors import InputError, brief


def count_sides(paths: Iterable[str]) -> dict[str, int]:
    """Count photographs on each side that their folders name; empty where they name no two."""
    counts = Counter(filter(None, map(side_of, paths)))
    if len(counts) < 2:
        return {}
    return {side: counts[side] for side in SIDES if counts[side]}


def check_sides(where: object, sides: Mapping[str, str | None]) -> dict[str, str]:
    """Return the side of each photograph by its name.

    Raises
    ------
    InputError
        If a side is missing, or a photograph is on none.
    """
    counts = Counter(sides.values())
    missing = [side for side in SIDES if not counts[side]]
    deal = "or leave --split away, and all photographs are dealt anew"
    if missing:
        found = ", ".join(f"{side} ({counts[side]:,})" for side in SIDES if counts[side])
        raise InputError(
            f"{where}: --split given takes folders train, val (or valid) and test; found "
            f"{found or 'none'}, and no {' and no '.join(missing)}; put photographs with their "
            f"annotations there, {deal}"
        )
    if none := sorted(name for name, side in sides.items() if side is None):
        raise InputError(
            f"{where}: --split given: {len(none):,} photographs lie outside train, val and test "
            f"({', '.join(map(brief, none[:3]))}); move them into one, {deal}"
        )
    return {name: side for name, side in sides.items() if side is not None}
