"""Differences between versions in words and tables."""

from collections.abc import Iterator, Sequence

from utils.dag.status_tables import table
from utils.data_store.differences import Differences, FaceChange, PhotoChange
from utils.dataset.labels import CLASSES
from utils.dataset.version import box_of
from utils.errors import number_of

ROWS = 30
"""Photographs that the text names; the page and ``--json`` name more."""


def summary(it: Differences) -> str:
    """Return in a sentence what differs."""
    if it.is_none:
        if it.renamed:
            named = number_of(len(it.renamed), "photograph is", "photographs are")
            return f"One version: {named} called otherwise, which makes no difference."
        return "One version: nothing differs."
    faces = it.faces()
    classes = sum(faces[what] for what in ("class", "class and box"))
    parts = [
        f"{number_of(len(found), 'photograph')} {word}"
        for word, found in (("added", it.added), ("removed", it.removed), ("changed", it.changed))
        if found
    ]
    told = [
        number_of(faces["added"], "box added", "boxes added") if faces["added"] else "",
        number_of(faces["removed"], "box removed", "boxes removed") if faces["removed"] else "",
        number_of(faces["box"], "box redrawn", "boxes redrawn") if faces["box"] else "",
        number_of(classes, "class changed", "classes changed") if classes else "",
    ]
    of_changed = ", ".join(filter(None, told))
    return f"{', '.join(parts)}{f' ({of_changed})' * bool(of_changed)}, {it.same:,} the same."


def told(it: Differences, first: str, second: str) -> str:
    """Return the differences as text: a sentence, a table of counts, and a row a photograph."""
    lines = [summary(it), ""]
    rows = []
    for what in ("photographs", *CLASSES):
        before, after = (totals[what] for totals in it.totals)
        rows.append([what, f"{before:,}", f"{after:,}", f"{after - before:+,}"])
    lines += table(["", first, second, "difference"], rows)
    named = list(_rows(it))
    if named:
        lines += ["", *table(["photograph", "what", "faces"], named[:ROWS])]
    if len(named) > ROWS:
        lines.append(f"and {len(named) - ROWS:,} more photographs (--json names all)")
    return "\n".join(lines)


def told_of_twins(twins: Sequence[Sequence[str]]) -> list[str]:
    """Say which files are one photograph with different faces; no line where none are."""
    if not twins:
        return []
    named = "; ".join(" and ".join(names) for names in twins[:3]) + "; ..." * (len(twins) > 3)
    return [
        f"The same photograph with other boxes or classes: {number_of(len(twins), 'photograph')} "
        f"({named}); which annotation is right nobody can tell, so both teach: leave one out"
    ]


def change_of_photo(one: PhotoChange) -> str:
    """Say how a photograph of both versions differs, apart from its faces."""
    parts = []
    if one.replaced:
        parts.append("another file of that name")
    if one.moved:
        parts.append(f"{one.before.side or 'no side'} to {one.after.side or 'no side'}")
    if one.renamed:
        parts.append(f"was {one.before.filename}")
    return ", ".join(parts)


def change_of_face(one: FaceChange) -> str:
    """Say how a face differs, and where it is."""
    x1, y1, x2, y2 = box_of(one.after or one.before)
    where = f"at {x1:g}, {y1:g} ({x2 - x1:g} x {y2 - y1:g})"
    if one.before is None or one.after is None:
        return f"{one.what}: {(one.after or one.before)[0]} {where}"
    parts = []
    if one.before[0] != one.after[0]:
        parts.append(f"{one.before[0]} is now {one.after[0]}")
    if one.before[1:] != one.after[1:]:
        a, b, c, d = box_of(one.before)
        parts.append(f"redrawn from {a:g}, {b:g} ({c - a:g} x {d - b:g})")
    return f"{', '.join(parts)}, {where}"


def _rows(it: Differences) -> Iterator[list[str]]:
    for what, photos in (("added", it.added), ("removed", it.removed)):
        for one in photos:
            yield [one.filename, what, f"{len(one.faces)}"]
    for one in it.changed:
        told = "; ".join(change_of_face(face) for face in one.faces[:3])
        more = len(one.faces) - 3
        yield [
            one.after.filename,
            change_of_photo(one) or "changed",
            told + (f"; and {more} more" if more > 0 else ""),
        ]
