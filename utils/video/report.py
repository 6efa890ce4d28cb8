"""``report.html`` of a video: one page that needs no other file and no network."""

from importlib.resources import files
from typing import Any

from utils.analysis.report.meaning import meaning
from utils.analysis.report.page import environment
from utils.analysis.report.pictures import data_address
from utils.analysis.report.words import per_cent, share_digits
from utils.dataset.labels import CLASSES, COLOURS, TITLES
from utils.video.clock import Clock
from utils.video.rate import difference_in_words

ROWS = 240
"""Minutes in the table of the page; ``timeline.csv`` has them all."""


def render(
    record: dict[str, Any],
    rows: list[dict[str, Any]],
    timeline: bytes,
    gallery: list[list[dict[str, Any]]],
    clock: Clock,
) -> str:
    """Return the page.

    Parameters
    ----------
    record
        ``rate.json``.
    rows
        Of ``timeline.csv``.
    timeline
        The picture, a PNG.
    gallery
        The surest and the least sure people: ``number``, ``person``, and ``picture``, a JPEG or
        None.
    """
    share = record["share"] if record["share"] is not None else record["raw_share"]
    digits = share_digits(record["interval"])
    absent = record["estimate"]["absent"] if record["estimate"] else []
    surest, doubtful = ([shown_person(one, clock) for one in half] for half in gallery)
    pages = environment(templates())
    pages.filters["lasting"] = lasting
    return pages.get_template("video.html").render(
        record=record,
        asked=meaning(absent).question,
        headline=per_cent(share, digits) if share is not None else "No one",
        rows=rows[:ROWS],
        left_out=max(0, len(rows) - ROWS),
        timeline=data_address(timeline, "png"),
        surest=surest,
        doubtful=doubtful,
        classes=[{"name": name, "title": TITLES[k]} for k, name in enumerate(CLASSES, start=1)],
        compared=difference_in_words(record["compared"]) if record["compared"] else None,
        told=clock.told,
    )


def shown_person(one: dict[str, Any], clock: Clock) -> dict[str, Any]:
    """Return what a page shows of a person, of the gallery that `render` takes."""
    person = one["person"]
    return {
        "number": one["number"],
        "title": TITLES[person.label],
        "colour": COLOURS[person.label],
        "sure": float(person.shares.max()),
        "first": clock.told(person.first),
        "last": clock.told(person.last),
        "views": len(person.views),
        "video": None,
        "picture": data_address(one["picture"], "jpeg") if one["picture"] else None,
    }


def templates() -> dict[str, str]:
    """Return the templates of what is said of videos, by name."""
    folder = files("utils.video") / "templates"  # found in utils.zip, too
    names = ("video.html", "videos.html", "people.html")
    return {name: (folder / name).read_text("utf-8") for name in names}


def lasting(seconds: float) -> str:
    """Return a duration in words: ``42 s``, ``3:05 min``, ``2:30 h``."""
    whole = round(seconds)
    if whole < 120:
        return f"{whole}\N{NO-BREAK SPACE}s"
    big, small, unit = (whole // 60, whole % 60, "min")
    if whole >= 7200:
        big, small, unit = whole // 3600, whole % 3600 // 60, "h"
    return f"{big}:{small:02d}\N{NO-BREAK SPACE}{unit}"
