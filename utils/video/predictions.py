"""What the jobs of a run saw in videos, read from their records."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from utils.errors import InputError
from utils.records import read_record
from utils.video.people import Person
from utils.video.seen import Seen
from utils.video.shard import SCHEMA


@dataclass(frozen=True)
class Video:
    """A video that a job watched.

    Attributes
    ----------
    file, name
        Its file as it travelled, and what it is called.
    facts, seen
        Of the file, and what was seen of it.
    annotated
        Name of its annotated video, None without one.
    """

    file: str
    name: str
    facts: Mapping[str, Any]
    seen: Seen
    annotated: str | None = None


@dataclass(frozen=True)
class WatchedByAll:
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


def read_watched(paths: Sequence[Path], evaluation: Mapping[str, Any]) -> WatchedByAll:
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
            video = Video(one["file"], one["name"], one["facts"], seen, one["annotated"])
            videos.append(video)
        failed += record["failed"]
    return WatchedByAll(
        sorted(videos, key=lambda one: one.name), sorted(failed, key=lambda one: one["file"])
    )
