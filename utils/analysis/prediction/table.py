"""``predictions.txt``: what was found on each new photograph, as a table."""

from collections.abc import Sequence
from typing import Any

from utils.dataset.labels import CLASSES, TITLES


def predictions_table(
    photos: Sequence[dict[str, Any]], threshold: float, skipped: Sequence[dict[str, str]] = ()
) -> str:
    """Return one aligned line a photograph, and a last one with the sums.

    Parameters
    ----------
    photos
        As `utils.analysis.prediction.summary.summarise` returns them.
    threshold
        Confidence from which boxes were counted.
    skipped
        ``{file, reason}`` of the photographs that could not be read.
    """
    head = ["people", *TITLES[1:], "lowest confidence"]
    wide = max([len("photograph"), len("all"), *(len(photo["file"]) for photo in photos)])
    lines = [
        f"# People on {len(photos)} new photographs, counted from confidence {threshold:.3f}.",
        "# What the detector said, not corrected for its mistakes; for that see report.html.",
        "  ".join(["photograph".ljust(wide), *head]),
    ]
    for photo in photos:
        lowest = "-" if photo["lowest"] is None else f"{photo['lowest']:.2f}"
        lines.append(_line(photo["file"], wide, head, photo["people"], photo["counts"], lowest))
    sums = {name: sum(photo["counts"][name] for photo in photos) for name in CLASSES}
    lines.append(_line("all", wide, head, sum(sums.values()), sums, ""))
    lines += [f"# not read: {item['file']}: {item['reason']}" for item in skipped]
    return "\n".join(lines) + "\n"


def _line(
    title: str, wide: int, head: list[str], people: int, counts: dict[str, int], lowest: str
) -> str:
    cells = [str(people), *(str(counts[name]) for name in CLASSES), lowest]
    padded = [cell.rjust(len(word)) for cell, word in zip(cells, head, strict=True)]
    return "  ".join([title.ljust(wide), *padded]).rstrip()
