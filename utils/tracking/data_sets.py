"""The data sets that a run took in, by their digests."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from utils.tracking.recorded import SPLIT, RecordedRun


@dataclass(frozen=True)
class DataSet:
    """A data set that a run took in: a side of the annotated photographs, or the new ones."""

    name: str
    digest: str
    source: str
    context: str
    counts: Mapping[str, Any]


def data_sets(run: RecordedRun) -> tuple[DataSet, ...]:
    """Return the data sets of a run: before it was split, the annotated photographs as a whole."""
    digests, options = run.record.get("digests") or {}, run.options
    found = []
    source = str(run.data_called or options.get("data") or "the bundled sample")
    for side, told in (run.output(SPLIT).get("sides") or {}).items():
        counts = {"photographs": told.get("photos"), "faces": told.get("faces")}
        name = f"annotated photographs: {side}"
        found.append(DataSet(name, str(run.data_version or ""), source, side, counts))
    if not found and run.data_version:
        facts = run.record.get("data") or {}
        counts = {"photographs": facts.get("photos"), "faces": facts.get("faces")}
        name = "annotated photographs"
        found.append(DataSet(name, run.data_version, source, "all", counts))
    new = {name: digest for name, digest in digests.items() if name.startswith("predict_")}
    if new:
        digest = hashlib.sha256(json.dumps(sorted(new.items())).encode()).hexdigest()
        facts = run.record.get("new_photographs") or {}
        source = " ".join(options.get("predict") or []) or "the bundled sample"
        counts = {"photographs": facts.get("photos")}
        found.append(DataSet("new photographs", digest, source, "predict", counts))
    return tuple(found)
