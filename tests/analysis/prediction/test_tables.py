import csv

import numpy as np
import pytest

from utils.analysis.prediction.merged import Predictions
from utils.analysis.prediction.summary import summarise
from utils.analysis.prediction.tables import COLUMNS, predictions_table, write_faces
from utils.metrics.detections import Detections


def test_a_line_a_photograph_and_their_sums() -> None:
    face = {"box": [0, 0, 9, 9], "class": "with_mask", "confidence": 0.9}
    bare = face | {"class": "without_mask", "confidence": 0.62}
    photos = [
        summarise({"name": "a", "file": "a.jpg", "faces": [face, bare]}, 0.5),
        summarise({"name": "b", "file": "a long name.png", "faces": [face]}, 0.5),
        summarise({"name": "c", "file": "c.png", "faces": []}, 0.5),
    ]
    text = predictions_table(photos, 0.5, [{"file": "d.jpg", "reason": "not an image"}])
    lines = text.splitlines()
    assert lines[3].split() == ["a.jpg", "2", "1", "1", "0", "0.62"]
    assert lines[4].split() == ["a", "long", "name.png", "1", "1", "0", "0", "0.90"]
    assert lines[5].split() == ["c.png", "0", "0", "0", "0", "-"]
    assert lines[6].split() == ["all", "3", "2", "1", "0"]
    assert lines[7] == "# not read: d.jpg: not an image"
    assert lines[3].index("0.62") == lines[4].index("0.90")


def predictions(*files: str, skipped: tuple[str, ...] = ()) -> Predictions:
    """Two boxes on the first photograph, none on the others."""
    two = Detections(
        np.array([[1.25, 2, 30.1, 40.07], [0, 0, 9, 9]], np.float32),
        np.array([2, 1]),
        np.array([0.9, 0.3], np.float32),
        np.array([[0.0625, 0.03, 0.9, 0.0075], [0.6, 0.3, 0.1, 1e-6]], np.float32),
    )
    none = Detections.from_record([])
    return Predictions(
        threshold=0.5,
        summaries=[
            summarise({"name": file, "file": file, "faces": []}, 0.5) | {"group": group}
            for group, file in enumerate(files)
        ],
        detections=[two, *[none] * (len(files) - 1)],
        skipped=[{"file": file, "reason": "not an image"} for file in skipped],
    )


def rows(path) -> list[dict[str, str]]:
    with open(path, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, strict=True))


def test_each_box_has_a_row_and_no_photograph_is_missing(tmp_path) -> None:
    write_faces(tmp_path / "p.csv", predictions("a.jpg", "b.jpg", skipped=("c.jpg",)))
    first, second, bare, unread = rows(tmp_path / "p.csv")
    assert first == {
        "photograph": "a.jpg",
        "status": "face",
        "x1": "1.25",
        "y1": "2.0",
        "x2": "30.1",
        "y2": "40.07",
        "class": "without_mask",
        "with_mask": "0.03",
        "without_mask": "0.9",
        "mask_weared_incorrect": "0.0075",
        "no_face": "0.0625",
        "confidence": "0.9",
        "passed_threshold": "yes",
        "group": "0",
    }
    assert (second["class"], second["passed_threshold"]) == ("with_mask", "no")
    for row, *told in ((bare, "b.jpg", "no_face", "1"), (unread, "c.jpg", "not_read", "")):
        assert [row.pop(name) for name in ("photograph", "status", "group")] == told
        assert set(row.values()) == {""}


def test_the_file_is_rfc_4180_in_utf_8_whatever_the_names(tmp_path) -> None:
    names = ['a "quoted", name.jpg', "Straße 口罩 😷.jpg", "line\nbreak.jpg"]
    write_faces(tmp_path / "p.csv", predictions(*names))
    data = (tmp_path / "p.csv").read_bytes()
    assert data.startswith(",".join(COLUMNS).encode() + b"\r\n") and data.endswith(b"\r\n")
    assert b'"a ""quoted"", name.jpg",face,' in data
    assert [row["photograph"] for row in rows(tmp_path / "p.csv")] == [names[0], *names]


@pytest.mark.parametrize(
    "name",
    [
        "=1+1.jpg",
        "+1.jpg",
        "-1.jpg",
        "@SUM(A1).jpg",
        "\tx.jpg",
        "\N{FULLWIDTH EQUALS SIGN}1.jpg",
        "'x.jpg",
    ],
)
def test_a_spreadsheet_computes_no_name(tmp_path, name) -> None:
    write_faces(tmp_path / "p.csv", predictions(name, skipped=(name,)))
    shown = {row["photograph"] for row in rows(tmp_path / "p.csv")}
    assert shown == {"'" + name}
