"""``evaluation.txt``: the evaluation record for people at a terminal."""

from itertools import chain
from typing import Any

from utils.analysis.evaluation.intervals import LEAST_FACES, LEAST_PHOTOS
from utils.dataset.labels import CLASSES, TITLES


def evaluation_text(record: dict[str, Any]) -> str:
    """Return the numbers of an evaluation record as aligned text."""
    precision, point = record["average_precision"], record["operating_point"]
    matched = point["matched"]
    lines = [
        f"{record['photos']} test photographs, {sum(record['faces'].values())} faces",
        *_memory(record.get("remembered", 0)),
        f"A box counts from confidence {record['threshold']:.3f} (chosen on validation), and finds",
        f"a face if they overlap by IoU {record['iou']:g} or more. '-': there is nothing to count.",
        "",
        "Average precision (COCO)",
        *_table(
            ["", "faces", "IoU .5:.95", "", "IoU .5", ""],
            [
                _precision("all classes", sum(record["faces"].values()), precision),
                *(
                    _precision(TITLES[k], part["faces"], part)
                    for k, part in enumerate((precision["classes"][n] for n in CLASSES), start=1)
                ),
                *(
                    _precision(f"{name} ({_range(part)})", part["faces"], part)
                    for name, part in precision["sizes"].items()
                ),
            ],
        ),
        "",
        "At the operating threshold",
        *_table(
            ["", "faces", "boxes", "precision", "", "recall", "", "F1", ""],
            [
                _row("all, right class", point["overall"]),
                _row("all, any class", point["any_class"]),
                *(_row(TITLES[k], point["classes"][n]) for k, n in enumerate(CLASSES, start=1)),
            ],
        ),
        *_table(
            ["", "faces", "right", "accuracy", ""],
            [
                [
                    "class of the faces found",
                    matched["faces"],
                    matched["right"],
                    matched["accuracy"],
                    _span(matched["intervals"]["accuracy"]),
                ]
            ],
        ),
        "",
        "Confidence against the share that is right",
        *_table(
            ["", "calibration error", "by chance alone", "log loss"],
            [
                [f"{name} calibration", part["ece"], part["ece_by_chance"], part["log_loss"]]
                for name, part in ((n, record["calibration"][n]) for n in ("before", "after"))
            ],
        ),
        "",
        "Loss, as in training but on whole photographs as they are",
        *_table(["", "test"], [[name, loss] for name, loss in record["loss"].items()]),
        "",
        "In brackets: 95 % intervals. Those of average precision are approximate, by",
        f"{record['bootstrap']['repetitions']:,} resamples of the photographs; below "
        f"{LEAST_PHOTOS} photographs or {LEAST_FACES} faces of a class it has none.",
        "",
        "Confusion matrix: rows what it was, columns what the detector said",
        *_confusion(record["confusion"]),
    ]
    return "".join(f"{line.rstrip()}\n" for line in lines)


def _memory(photos: int) -> list[str]:
    if not photos:
        return []
    return [f"The model has learnt from {photos} of them: so far they test what it remembers."]


def _range(part: dict[str, Any]) -> str:
    if part["below"] is None:
        return f"{part['from']} pixels or more"
    return f"{part['from']} to {part['below']} pixels"


def _precision(title: str, faces: int, part: dict[str, Any]) -> list[Any]:
    spans = part.get("intervals", {})
    values = ((part[key], _span(spans.get(key))) for key in ("map", "map_50"))
    return [title, faces, *chain(*values)]


def _row(title: str, part: dict[str, Any]) -> list[Any]:
    values = ((part[key], _span(part["intervals"][key])) for key in ("precision", "recall", "f1"))
    return [title, part["faces"], part["detections"], *chain(*values)]


def _span(interval: list[float] | None) -> str:
    return f"[{interval[0]:.3f} {interval[1]:.3f}]" if interval else ""


def _confusion(counts: list[list[int]]) -> list[str]:
    order = [*range(1, len(TITLES)), 0]
    rows = [
        [
            TITLES[true] if true else "no face (invented)",
            *("-" if true == said == 0 else counts[true][said] for said in order),
        ]
        for true in order
    ]
    return _table(["", *(TITLES[k] for k in order[:-1]), "not found"], rows)


def _table(head: list[str], rows: list[list[Any]]) -> list[str]:
    cells = [head, *([_cell(value) for value in row] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return [
        "  " + "  ".join(
            cell.rjust(width) if number else cell.ljust(width)
            for number, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in cells
    ]  # fmt: skip


def _cell(value: Any) -> str:
    if value is None:
        return "-"
    return f"{value:.3f}" if isinstance(value, float) else str(value)
