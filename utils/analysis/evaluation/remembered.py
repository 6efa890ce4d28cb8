"""Test photographs that a model has learnt from, which test what it remembers."""

import logging
from pathlib import Path
from typing import TYPE_CHECKING

from utils.dataset.shards import read_shard
from utils.dataset.splitting.fingerprints import fingerprint

if TYPE_CHECKING:
    from utils.detector.inference import Detector

log = logging.getLogger(__name__)


def remembered(detector: "Detector", shard: Path) -> int | None:
    """Return how many photographs of a shard a model has learnt from, or nearly; and warn of them.

    None if the model file does not say what it has learnt from. In a run the split sees to it that
    there are none (`utils.dataset.splitting.sides`).
    """
    if detector.learnt is None:
        return None
    seen = [detector.learnt.resemble(fingerprint(one.decode())) for one in read_shard(shard)]
    known = sum(seen)
    if known:
        log.warning(
            "%s: the model has learnt from %d of %d photographs, or nearly: so far the test "
            "measures what it remembers",
            *(shard, known, len(seen)),
        )
    return known
