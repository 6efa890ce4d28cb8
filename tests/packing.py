"""New photographs packed into shards in one call."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from utils.dataset.intake.photographs import NewPhotographs


def pack_photos(paths: Sequence[Path], outputs: Sequence[Path]) -> dict[str, Any]:
    """Deal photographs to shards; return their facts."""
    with NewPhotographs(paths, len(outputs)) as photographs:
        photographs.pack(outputs)
        return photographs.facts
