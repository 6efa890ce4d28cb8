"""What the processes that train together are told of those that they replace.

Whoever starts them tells it in their environment; the first keeps it in the checkpoint, so that the
record of the training names all of them, also those of an earlier start on another node.
"""

import json
import os
from collections.abc import Sequence
from typing import Any

REPLACED = "MASK_DETECTION_REPLACED"
"""Environment variable: the start that replaced workers, and what became of each."""

REPLACEMENTS = 3
"""How often, unless told otherwise, a process that died is replaced. One that dies every time would
die on; the engine then tries the job again, which may be on another node."""

Replaced = dict[str, list[dict[str, Any]]]
"""By start, ``{worker, why}`` of those that were replaced: the number from 1, and how it ended."""


def told(start: str, workers: Sequence[dict[str, Any]]) -> str:
    """Return what `REPLACED` says in the environment of those who take their place."""
    return json.dumps({start: list(workers)})


def replaced_so_far() -> Replaced:
    """Return what this process was told; of ``torchrun`` is known only how often it started all."""
    if words := os.environ.get(REPLACED):
        return json.loads(words)
    times = int(os.environ.get("TORCHELASTIC_RESTART_COUNT") or 0)
    one = {"worker": None, "why": "torchrun started all of them again"}
    return {os.environ.get("TORCHELASTIC_RUN_ID", "torchrun"): [one] * times} if times else {}
