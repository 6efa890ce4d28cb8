"""Rows of photographs that nobody took, as Spark would have written them."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as tables

from utils.dataset.labels import CLASSES
from utils.spark.rows import DONE

NUMBERS = pa.list_(pa.float64())
FACE = {"box": NUMBERS, "class": pa.string(), "confidence": pa.float64(), "probabilities": NUMBERS}
SCHEMA = pa.schema(
    {
        **dict.fromkeys(("path", "status", "reason", "kind", "taken", "resembles"), pa.string()),
        **dict.fromkeys(("width", "height"), pa.int32()),
        "looks": pa.map_(pa.string(), pa.float64()),
        "compared": pa.bool_(),
        "faces": pa.list_(pa.struct(list(FACE.items()))),
    }
)
"""What an answer reads of `utils.spark.rows.PHOTOGRAPHS`."""


def write_rows(count: int, address: Path) -> None:
    """Write rows of photographs that nobody took, of three faces each."""
    rng = np.random.default_rng(count)
    address.mkdir()
    for first in range(0, count, 10_000):
        numbers = range(first, min(first + 10_000, count))
        shares = rng.dirichlet((0.2, 6, 1.5, 0.5), (len(numbers), 3)).astype(np.float32)
        shares.sort(axis=2)
        rows = [_row(number, one) for number, one in zip(numbers, shares, strict=True)]
        table = pa.Table.from_pylist(rows, SCHEMA)
        tables.write_table(table, address / f"part-{first:07d}.parquet")


def _row(number: int, shares: np.ndarray) -> dict[str, object]:
    faces = []
    for place, one in enumerate(shares[np.argsort(-shares[:, -1])]):
        probabilities = [float(str(value)) for value in one[[0, 3, 2, 1]]]
        box = [10.0 + 80 * place, 20.0, 60.0 + 80 * place, 90.0]
        faces.append({"box": box, "class": CLASSES[0], "confidence": probabilities[1]})
        faces[-1]["probabilities"] = probabilities
    return {
        "path": f"/many/{number:07d}.jpg",
        "status": DONE,
        "reason": None,
        "kind": None,
        "taken": None,
        "resembles": None,
        "width": 640,
        "height": 480,
        "compared": True,
        "looks": [("brightness", 0.5), ("sharpness", 4.0)],
        "faces": faces,
    }
