"""What jobs saw in videos becomes a part of the workflow's report, and its tables."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import accumulate
from pathlib import Path
from typing import Any

import numpy as np

from utils.analysis.plots.style import as_png
from utils.analysis.prediction.tables import harmless
from utils.analysis.report.caveats import Caveat
from utils.analysis.report.gallery import load_drawings
from utils.analysis.report.moving import Moving
from utils.analysis.report.pictures import data_address
from utils.analysis.report.words import per_cent, share_digits
from utils.errors import number_of
from utils.records import write_atomically
from utils.video.answer import Teller, chosen
from utils.video.clock import SINCE_START, Clock, Span, periods
from utils.video.correction import Correction
from utils.video.plot import timeline_figure
from utils.video.predictions import Video, WatchedByAll
from utils.video.rate import ALWAYS, IN_EACH, difference_in_words, rate_record
from utils.video.report import lasting, shown_person, templates
from utils.video.tables import PEOPLE, TIMELINE, csv_of, person_row, timeline_cells
from utils.video.watched import picture_name

SHOWN = 20
"""Videos in the table of the page."""

ROWS = 120
"""Minutes of each in the page; ``timeline.csv`` has them all."""

_TOLD = 5  # warnings of single videos


def moving_part(
    watched: WatchedByAll,
    images: Sequence[Path],
    evaluation: Mapping[str, Any],
    split: Mapping[str, Any],
    not_read: Sequence[Mapping[str, str]] = (),
    *,
    clock: Clock = SINCE_START,
    compare: Sequence[str] = (),
    people: Path,
    timeline: Path,
    picture: Path,
) -> Moving:
    """Write the tables and the timeline of videos; return what the report says of them.

    Parameters
    ----------
    images
        Shards of people's pictures.
    evaluation, split
        The records of these names.
    not_read
        ``{file, reason}`` of videos that were left out where the run was submitted.
    clock
        When each video began.
    compare
        Two periods, or none.
    people, timeline, picture
        ``people.csv``, ``timeline.csv`` and ``timeline.png``, to write.
    """
    correction = Correction(dict(evaluation), dict(split))
    teller, spans = Teller(correction, None, clock), periods(compare, clock)
    told = [_told(video, teller, spans) for video in watched.videos]
    everybody = [person for _, _, person in watched.people]
    left = [*not_read, *watched.failed]
    serious = _serious(watched, teller, left)
    record = rate_record(everybody, correction, None, serious)
    if len(watched.videos) > 1:
        record["caveats"].append(IN_EACH)
    drawn = _picture(watched, teller)
    write_atomically(picture, drawn)
    write_atomically(people, _people_table(watched, clock))
    write_atomically(timeline, _timeline_table(watched, told))
    seconds = np.array([video.seen.seconds for video in watched.videos]).reshape(-1, 2).sum(axis=0)
    pages = [{key: one[key] for key in one if key != "rows"} for one in told]
    whole = {
        **record,
        "seconds": dict(zip(("seen", "missed"), seconds.tolist(), strict=True)),
        "frames": sum(video.seen.frames for video in watched.videos),
        "too_short": sum(video.seen.short for video in watched.videos),
        "not_read": left,
        "compared": teller.compared(everybody, spans),
    }
    values = {
        **_hero(record),
        "videos": [_shown(one, clock) for one in told],
        "compared": difference_in_words(whole["compared"]) if spans else None,
        "most": SHOWN,
        **dict(zip(("seen", "missed"), map(lasting, seconds.tolist()), strict=True)),
        "timeline": data_address(drawn, "png") if watched.videos else None,
        "not_read": [one["reason"] for one in left],
        "always": ALWAYS + ([IN_EACH] if len(watched.videos) > 1 else []),
        "too_short": whole["too_short"],
        "least_seconds": watched.videos[0].seen.least_seconds if watched.videos else 0,
        **_gallery(watched, images, clock),
    }
    many = len(record["serious"])
    caveats = [Caveat(text, n < many) for n, text in enumerate(record["caveats"])]
    estimate = record["estimate"] or correction.nobody()
    return Moving({**whole, "of": pages}, estimate, caveats, templates(), values)


def _told(video: Video, teller: Teller, spans: Sequence[Span]) -> dict[str, Any]:
    """Return the answer of one video, its rows included."""
    record = teller.record(video.seen, video.seen.people, spans)
    kept = ("people", "counts", "raw_share", "share", "interval", "frames", "frames_a_second")
    kept += ("seconds", "gaps", "too_short", "serious", "unlike_test")
    kept += ("began", "compared")
    rows = teller.rows(video.seen, video.seen.people)
    name = {"name": video.name, "facts": dict(video.facts), "annotated": video.annotated}
    return {**name, **{key: record[key] for key in kept}, "rows": rows}


def _shown(one: dict[str, Any], clock: Clock) -> dict[str, Any]:
    """Return what the page shows of a video."""
    gaps = [
        f"{clock.told(gap['start'])} to {clock.told(gap['end'])}: {gap['reason']}"
        for gap in one["gaps"]
    ]
    rows = {"rows": one["rows"][:ROWS], "left_out": max(0, len(one["rows"]) - ROWS)}
    seconds = {key: lasting(one["seconds"][key]) for key in ("seen", "missed")}
    return {**one, **rows, **seconds, "gaps": gaps}


def _hero(record: Mapping[str, Any]) -> dict[str, Any]:
    share = record["share"]
    headline = per_cent(share, share_digits(record["interval"])) if share is not None else ""
    headline = headline.replace(" %", "\N{NO-BREAK SPACE}%")
    kept = {key: record[key] for key in ("answer", "explanation", "caveats", "share")}
    return {**kept, "headline": headline or ("No answer" if record["people"] else "No one")}


def _serious(watched: WatchedByAll, teller: Teller, left: Sequence[Mapping[str, str]]) -> list[str]:
    """Return the reasons not to trust the whole: those of each video, and those left out."""
    told, several = [], len(watched.videos) > 1
    for video in watched.videos:
        told += [
            f"{video.name}: {text}" if several else text for text in teller.serious(video.seen)
        ]
    if len(told) > _TOLD:
        more = number_of(len(told) - _TOLD, "more warning")
        told = [*told[:_TOLD], f"There are {more} of this kind, of other videos."]
    if left:
        are = "is" if len(left) == 1 else "are"
        told.append(
            f"{number_of(len(left), 'video')} could not be read and {are} not in the answer. What "
            "one camera records may be missing."
        )
    return told


def _gallery(watched: WatchedByAll, images: Sequence[Path], clock: Clock) -> dict[str, Any]:
    """Return the surest and the least sure people of all videos, with their pictures."""
    everybody = watched.people
    halves = chosen([person for _, _, person in everybody])
    names = {
        picture_name(everybody[n - 1][0].file, everybody[n - 1][1]) for half in halves for n in half
    }
    drawings = load_drawings(images, names)
    several = len(watched.videos) > 1
    shown: dict[str, Any] = {}
    for title, half in zip(("surest", "doubtful"), halves, strict=True):
        shown[title] = []
        for n in half:
            video, number, person = everybody[n - 1]
            found = drawings.get(picture_name(video.file, number))
            one = {"number": number, "person": person, "picture": found and found.image}
            of = {"video": video.name if several else None}
            shown[title].append({**shown_person(one, clock), **of})
    return shown


def _picture(watched: WatchedByAll, teller: Teller) -> bytes:
    """Return the timeline of a video, or of several one after the other, as a PNG."""
    if len(watched.videos) == 1:
        (video,) = watched.videos
        return teller.picture(video.seen)
    starts = [0.0, *accumulate(video.seen.end for video in watched.videos)]
    rows, gaps = [], []
    for start, video in zip(starts, watched.videos, strict=False):
        for row in teller.drawn_rows(video.seen, starts[-1]):
            end = min(row["end"], video.seen.end)
            rows.append({**row, "start": start + row["start"], "end": start + max(end, 1e-3)})
        gaps += [
            replace(gap, start=start + gap.start, end=start + gap.end) for gap in video.seen.gaps
        ]
    return as_png(timeline_figure(rows, gaps, SINCE_START))


def _people_table(watched: WatchedByAll, clock: Clock) -> bytes:
    rows = [
        [
            harmless(video.name),
            *person_row(number, person, f"{picture_name(video.file, number)}.jpg", clock),
        ]
        for video, number, person in watched.people
    ]
    return csv_of([["video", *PEOPLE], *rows])


def _timeline_table(watched: WatchedByAll, told: Sequence[dict[str, Any]]) -> bytes:
    rows = [
        [harmless(video.name), *timeline_cells(row)]
        for video, one in zip(watched.videos, told, strict=True)
        for row in one["rows"]
    ]
    return csv_of([["video", *TIMELINE], *rows])
