"""Options of how photographs and videos are read and shown, and of which count in the answer."""

from dataclasses import dataclass

from utils.dag.options.declared import option
from utils.dag.options.readers import clock_time, flag, real, whole, words

PACE = 10.0
"""Frames a second of a video that are looked at by default, as `utils.video.run` has it."""


@dataclass(frozen=True)
class LookingOptions:
    """How photographs and videos are read and shown, and which count in the answer."""

    predict_shards: int = option(
        whole(1, 1000),
        1,
        "shards of the new photographs, and of the new videos, predicted apart (default: 1)",
        "P",
    )
    pace: float | None = option(
        real(0.1, 1000),
        None,
        "frames a second of new videos that are looked at (default: "
        f"{PACE:g}; with --every all that it leaves)",
        "FPS",
    )
    every: int = option(
        whole(1), 1, "look at each so many-th frame of new videos only (default: 1)", "N"
    )
    least_seconds: float = option(
        real(0),
        0.5,
        "who is seen in a new video for less does not count (default: 0.5)",
        "S",
    )
    blur: bool = option(
        flag,
        False,
        "hide the faces on pictures of new photographs, and on all that is shown of new videos "
        "(default: show them)",
    )
    annotated_videos: bool = option(
        flag,
        False,
        "write new videos with boxes, tracks and the running count, too, as WebM (default: no)",
    )
    clock: str | None = option(
        clock_time,
        None,
        "date and time at which each new video begins, as 2026-03-01T09:00; times are then of day "
        "(default: since the beginning)",
        "TIME",
    )
    compare: tuple[str, ...] = option(
        words,
        (),
        "two periods of the new videos whose shares are compared, as 9:00-12:00 12:00-15:00 "
        "(default: none)",
        "PERIOD",
        many=True,
    )
    skip_bad: bool = option(
        flag, False, "leave out photographs that cannot be read, and list them (default: stop)"
    )
    cache_mb: int = option(
        whole(0),
        2048,
        "decoded photographs that a training keeps in memory; those beyond are decoded at each "
        "use, slower and with the same result (default: 2048)",
        "MIB",
    )
    join_validation: bool = option(
        flag,
        True,
        "let validation photographs, each counted as the others choose, join the test photographs "
        "by which the share is corrected; --no-join-validation: test photographs alone "
        "(default: join)",
    )

    @property
    def frame_rate(self) -> float | None:
        """Frames a second of videos that are looked at, at most; None for all."""
        return self.pace or (PACE if self.every == 1 else None)
