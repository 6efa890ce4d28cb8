"""The command that watches for drift: ``watch-drift``."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from utils.commands.command import Command, Option, Tell
from utils.dag.option_types import flag, path, whole


def _watch(words: Sequence[str], given: dict[str, Any], tell: Tell) -> int:
    from utils.drift.commands import sources_of, watch_sources  # they need PyTorch
    from utils.video.sampling import sampled

    photos: Path | None = given.pop("photos", None)
    code, told = watch_sources(sources_of(words, photos), given, sampled)
    tell(told)
    return code


DRIFTING = (
    Command(
        "watch-drift",
        "are new photographs and videos like what a model was tested on, and since when not",
        _watch,
        "[PHOTOGRAPHS OR VIDEOS ...]",
        {
            "model": Option(path, "model file (default: the one in the box)", metavar="FILE"),
            "photos": Option(
                path, "folder, archive, photograph or video to look at", metavar="PATH"
            ),
            "jobs": Option(whole(1, 256), "processes (default: 1)", metavar="N"),
            "json": Option(flag, "print JSON (default: sentences)"),
            "seed": Option(whole(0, 2**32 - 1), "of the test (default: the model's)"),
        },
    ),
)
