"""Photographs drawn with their faces, from rows: each once, whatever is tried again."""

import hashlib
import os
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from utils.dataset.images import encode_jpeg
from utils.dataset.intake.names import printable
from utils.dataset.shards import Photo
from utils.drawing.faces import draw_detections
from utils.errors import InputError
from utils.metrics.detections import Detections
from utils.records import atomic_file
from utils.spark.rows import DONE
from utils.spark.sources import escaped, is_stored, plain
from utils.spark.workers import content_of

if TYPE_CHECKING:
    import pandas as pd
    from pyspark.sql import DataFrame, SparkSession

PICTURES = "pictures"

_LONGEST = 200  # bytes of a part of a name


def draw(spark: "SparkSession", rows: "DataFrame", folder: Path) -> tuple[int, int]:
    """Draw the photographs of rows into a folder that all workers share.

    Returns
    -------
    How many were drawn, and how many were no longer there, or what they had been.
    """
    frame = rows.where(f"status = '{DONE}'").select("path", "faces", "threshold")
    stored = [row.path for row in frame.select("path").toLocalIterator() if is_stored(row.path)]
    if stored:
        from pyspark.sql import functions as of

        files = spark.read.format("binaryFile").load([escaped(path) for path in stored])
        frame = files.select("path", "content").join(of.broadcast(frame), "path")
    told = frame.mapInPandas(partial(draw_at, str(folder.absolute())), "drawn long, gone long")
    counts = [(row.drawn, row.gone) for row in told.collect()]
    return sum(drawn for drawn, _ in counts), sum(gone for _, gone in counts)


def draw_at(folder: str, batches: Iterator["pd.DataFrame"]) -> Iterator["pd.DataFrame"]:
    """Draw photographs with the faces that count into a folder; yield counts, a row a batch.

    A picture is written whole, under a name that hangs on the photograph alone: a task that is
    tried again writes the same.

    Parameters
    ----------
    batches
        With ``path``, ``faces`` and ``threshold``, and ``content`` unless it is to be opened here.
    """
    import pandas as pd

    for batch in batches:
        drawn = sum(_drawn(Path(folder), one) for one in batch.itertuples(index=False))
        yield pd.DataFrame({"drawn": [drawn], "gone": [len(batch) - drawn]})


def name_of(path: str) -> str:
    """Return the name of the picture of a photograph: its whole path, and ``.jpg``.

    It hangs on the path alone, so that who draws again writes the same file. A part that is too
    long, or cannot be printed, ends with a digest of what it was.
    """
    whole = plain(path)
    parts = PurePosixPath(whole.partition("://")[2] or whole).parts
    return f"{'/'.join(_parts(part for part in parts if part.strip('/')))}.jpg"


def _parts(parts: Iterable[str]) -> Iterator[str]:
    for part in parts:
        kept = printable(part).encode()[:_LONGEST].decode(errors="ignore")
        digest = hashlib.sha256(part.encode()).hexdigest()[:12]
        yield kept if kept == part and part != ".." else f"{kept}-{digest}"


def _drawn(folder: Path, one: Any) -> bool:
    name = name_of(one.path)
    content = bytes(one.content) if hasattr(one, "content") else content_of(os.fsencode(one.path))
    if isinstance(content, str):
        return False
    try:
        image = Photo(name, name, content).decode()
    except InputError:
        return False
    found = Detections.from_record([_plain(face) for face in one.faces])
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_file(path, to_disk=False) as file:
        file.write(encode_jpeg(draw_detections(image, found, one.threshold)))
    return True


def _plain(face: Any) -> dict[str, Any]:
    """Return a face as `Detections.from_record` takes it: Arrow gives arrays for lists."""
    arrays = {name: [float(value) for value in face[name]] for name in ("box", "probabilities")}
    return {**dict(face), **arrays}
