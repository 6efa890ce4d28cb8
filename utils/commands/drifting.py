"""The command that watches for drift: ``watch-drift``."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from utils.commands.command import Command, Option, Tell
from utils.dag.options.readers import flag, path, whole
from utils.tracking.registered import settled


def _watch(words: Sequence[str], given: dict[str, Any], tell: Tell) -> int:
    from utils.drift.commands import sources_of, watch_sources  # they need PyTorch
    from utils.video.sampling import sampled

    photos: Path | None = given.pop("photos", None)
    quiet, registry = given.get("json"), given.pop("registry", None)
    say = (lambda line: None) if quiet else tell
    model = settled(given.get("model"), registry, "Model", say)
    code, told = watch_sources(sources_of(words, photos), {**given, "model": model}, sampled)
    tell(told)
    return code


DRIFTING = (
    Command(
        "watch-drift",
        "are new photographs and videos like what a model was tested on, and since when not",
        _watch,
        "[PHOTOGRAPHS OR VIDEOS ...]",
        {
            "model": Option(
                path,
                "model file, or one in a registry as models:/mask-detector@champion (default: the "
                "one in the box)",
                metavar="FILE",
            ),
            "registry": Option(
                str,
                "address of that registry (default: MLFLOW_TRACKING_URI, else the database beside "
                "the runs)",
                metavar="URI",
            ),
            "photos": Option(
                path, "folder, archive, photograph or video to look at", metavar="PATH"
            ),
            "jobs": Option(whole(1, 256), "processes (default: 1)", metavar="N"),
            "json": Option(flag, "print JSON (default: sentences)"),
            "seed": Option(whole(0, 2**32 - 1), "of the test (default: the model's)"),
        },
    ),
)
