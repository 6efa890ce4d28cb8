"""What jobs saw in videos becomes a part of the workflow's report, and its tables."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
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
from utils.errors import InputError, number_of
from utils.records import read_record, write_atomically
from utils.video.answer import Teller, chosen
from utils.video.people import Person
from utils.video.plot import timeline_figure
from utils.video.rate import ALWAYS, IN_EACH, Correction, rate_record
from utils.video.report import lasting, shown_person, templates
from utils.video.seen import Seen
from utils.video.shard import SCHEMA
from utils.video.tables import PEOPLE, TIMELINE, csv_of, person_row, timeline_cells
from utils.video.timeline import Clock
from utils.video.watched import picture_name

SHOWN = 20
"""Videos in the table of the page."""

ROWS = 120
"""Minutes of each in the page; ``timeline.csv`` has them all."""

_TOLD = 5  # warnings of single videos
_CLOCK = Clock()


@dataclass(frozen=True)
class Video:
    """A video that a job watched: its file as it travelled, its name, and what was seen."""

    file: str
    name: str
    facts: Mapping[str, Any]
    seen: Seen


@dataclass(frozen=True)
class Watched:
    """What all jobs saw.

    Attributes
    ----------
    videos
        Sorted by name.
    failed
        ``{file, reason}`` of those of which nothing could be seen.
    """

    videos: list[Video]
    failed: list[dict[str, str]]

    @property
    def people(self) -> list[tuple[Video, int, Person]]:
        """Everybody who counts, with their video and their number in it."""
        return [
            (video, number, person)
            for video in self.videos
            for number, person in enumerate(video.seen.people, start=1)
        ]


def read_watched(paths: Sequence[Path], evaluation: Mapping[str, Any]) -> Watched:
    """Read what jobs saw, and check that they saw it by the model that was evaluated.

    Raises
    ------
    InputError
        If a record cannot be read, or is of another model or threshold than the evaluation.
    """
    model = {key: evaluation["model"][key] for key in ("arch", "digest")}
    videos, failed = [], []
    for path in paths:
        record = read_record(path, SCHEMA)
        for key, expected in (("threshold", evaluation["threshold"]), ("model", model)):
            if record[key] != expected:
                raise InputError(
                    f"{path}: field '{key}' is {record[key]}, that of the evaluation {expected}; "
                    "predict and evaluate with the same model"
                )
        for one in record["videos"]:
            seen = Seen.from_record(one, path)
            videos.append(Video(one["file"], one["name"], one["facts"], seen))
        failed += record["failed"]
    return Watched(
        sorted(videos, key=lambda one: one.name), sorted(failed, key=lambda one: one["file"])
    )


def moving_part(
    watched: Watched,
    images: Sequence[Path],
    evaluation: Mapping[str, Any],
    split: Mapping[str, Any],
    not_read: Sequence[Mapping[str, str]] = (),
    *,
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
    people, timeline, picture
        ``people.csv``, ``timeline.csv`` and ``timeline.png``, to write.
    """
    correction = Correction(dict(evaluation), dict(split))
    teller = Teller(correction, None, _CLOCK)
    told = [_told(video, teller) for video in watched.videos]
    everybody = [person for _, _, person in watched.people]
    left = [*not_read, *watched.failed]
    record = rate_record(everybody, correction, None, _serious(watched, left))
    if len(watched.videos) > 1:
        record["caveats"].append(IN_EACH)
    drawn = _picture(watched, teller)
    write_atomically(picture, drawn)
    write_atomically(people, _people_table(watched))
    write_atomically(timeline, _timeline_table(watched, told))
    seconds = np.array([video.seen.seconds for video in watched.videos]).reshape(-1, 2).sum(axis=0)
    pages = [{key: one[key] for key in one if key != "rows"} for one in told]
    whole = {
        **record,
        "seconds": dict(zip(("seen", "missed"), seconds.tolist(), strict=True)),
        "frames": sum(video.seen.frames for video in watched.videos),
        "too_short": sum(video.seen.short for video in watched.videos),
        "not_read": left,
    }
    values = {
        **_hero(record),
        "videos": [_shown(one) for one in told],
        "most": SHOWN,
        **dict(zip(("seen", "missed"), map(lasting, seconds.tolist()), strict=True)),
        "timeline": data_address(drawn, "png") if watched.videos else None,
        "not_read": [one["reason"] for one in left],
        "always": ALWAYS + ([IN_EACH] if len(watched.videos) > 1 else []),
        "too_short": whole["too_short"],
        "least_seconds": watched.videos[0].seen.least_seconds if watched.videos else 0,
        **_gallery(watched, images),
    }
    serious = len(record["serious"])
    caveats = [Caveat(text, n < serious) for n, text in enumerate(record["caveats"])]
    estimate = record["estimate"] or correction.nobody()
    return Moving({**whole, "of": pages}, estimate, caveats, templates(), values)


def _told(video: Video, teller: Teller) -> dict[str, Any]:
    """Return the answer of one video, its rows included."""
    record = teller.record(video.seen, video.seen.people)
    kept = ("people", "counts", "raw_share", "share", "interval", "frames", "frames_a_second")
    kept += ("seconds", "gaps", "too_short", "serious")
    rows = teller.rows(video.seen, video.seen.people)
    name = {"name": video.name, "facts": dict(video.facts)}
    return {**name, **{key: record[key] for key in kept}, "rows": rows}


def _shown(one: dict[str, Any]) -> dict[str, Any]:
    """Return what the page shows of a video."""
    gaps = [
        f"{_CLOCK.told(gap['start'])} to {_CLOCK.told(gap['end'])}: {gap['reason']}"
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


def _serious(watched: Watched, left: Sequence[Mapping[str, str]]) -> list[str]:
    """Return the reasons not to trust the whole: those of each video, and those left out."""
    told, several = [], len(watched.videos) > 1
    for video in watched.videos:
        told += [f"{video.name}: {text}" if several else text for text in video.seen.serious()]
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


def _gallery(watched: Watched, images: Sequence[Path]) -> dict[str, Any]:
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
            shown[title].append({**shown_person(one, _CLOCK), **of})
    return shown


def _picture(watched: Watched, teller: Teller) -> bytes:
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
    return as_png(timeline_figure(rows, gaps, _CLOCK))


def _people_table(watched: Watched) -> bytes:
    rows = [
        [
            harmless(video.name),
            *person_row(number, person, f"{picture_name(video.file, number)}.jpg", _CLOCK),
        ]
        for video, number, person in watched.people
    ]
    return csv_of([["video", *PEOPLE], *rows])


def _timeline_table(watched: Watched, told: Sequence[dict[str, Any]]) -> bytes:
    rows = [
        [harmless(video.name), *timeline_cells(row)]
        for video, one in zip(watched.videos, told, strict=True)
        for row in one["rows"]
    ]
    return csv_of([["video", *TIMELINE], *rows])
