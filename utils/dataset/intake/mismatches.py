"""Photographs without annotations, and the reverse: all told together, with the way out."""

from collections.abc import Sequence
from pathlib import Path

from utils.dataset.intake.kinds import unread_photograph
from utils.dataset.intake.layout import Layout
from utils.dataset.intake.pairing import alike
from utils.dataset.intake.paths import place
from utils.errors import InputError, brief

_NAMED = 3  # how many examples an error names


def check_mismatches(where: Path, layout: Layout, unlabelled: str) -> None:
    """Refuse what does not fit together, unless `unlabelled` says what to do with it.

    Raises
    ------
    InputError
        It names every kind with its number and examples, and the options.
    """
    kinds, fixes = [], []
    if doubts := layout.doubts:
        more = f" ({len(doubts):,} such in all)" if len(doubts) > _NAMED else ""
        kinds.append(f"{', '.join(doubts[:_NAMED])}{more}; rename or remove one")
    if unlabelled == "refuse":
        if layout.unlabelled:
            kinds.append(_kind(layout.unlabelled, "photograph", "an annotation"))
            fixes.append("photographs without faces, --unlabelled negative")
        if layout.orphans:
            kinds.append(_kind(layout.orphans, "annotation", "a photograph") + _unread(layout))
        if kinds and (layout.unlabelled or layout.orphans):
            fixes.insert(0, "add or remove the files; to leave them out, --unlabelled skip")
            if alike(map(_stem, layout.unlabelled), map(_stem, layout.orphans)):
                fixes.insert(0, "some differ only in case, rename them")
    if not layout.annotated and not kinds:
        kinds.append("no photograph has an annotation of its name")
        fixes.append("give both the same names")
    if kinds:
        told = "; ".join([*kinds, *fixes])
        raise InputError(f"{where}: {told}")


def _kind(paths: Sequence[str], what: str, lack: str) -> str:
    return f"{_examples(paths, len(paths), what)} without {lack}"


def _examples(paths: Sequence[str], count: int, what: str) -> str:
    named = ", ".join(brief(path) for path in paths[:_NAMED])
    more = ", ..." if count > _NAMED else ""
    return f"{count:,} {what}{'' if count == 1 else 's'} ({named}{more})"


def _unread(layout: Layout) -> str:
    """Say of how many of them the photograph is there, but of a kind that is not read."""
    stems = {_stem(path) for path in layout.orphans}
    there = [p for p in layout.others if unread_photograph(p) and _stem(p) in stems]
    if not there:
        return ""
    kind = unread_photograph(there[0])
    return f", of which {len(there):,} have one that is not read ({kind}: convert it to JPEG)"


def _stem(path: str) -> str:
    """Return the stem of a file, or of the name that a file for many lists (``file: name``)."""
    return place(path.rpartition(": ")[2].replace("\\", "/")).stem
