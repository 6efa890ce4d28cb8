"""``evaluation.txt``: the evaluation record for people at a terminal."""

from typing import Any

from utils.dataset.labels import CLASSES, TITLES


def evaluation_text(record: dict[str, Any]) -> str:
    """Return the numbers of an evaluation record as aligned text."""
    precision, point = record["average_precision"], record["operating_point"]
    lines = [
        f"{record['photos']} test photographs, {sum(record['faces'].values())} faces",
        f"A box counts from confidence {record['threshold']:.3f} (chosen on validation), and finds",
        f"a face if they overlap by IoU {record['iou']:g} or more. '-': there is nothing to count.",
        "",
        "Average precision (COCO)",
        *_table(
            ["", "faces", "IoU .5:.95", "IoU .5"],
            [
                [
                    "all classes",
                    sum(record["faces"].values()),
                    precision["map"],
                    precision["map_50"],
                ],
                *(
                    [TITLES[k], part["faces"], part["map"], part["map_50"]]
                    for k, part in enumerate((precision["classes"][n] for n in CLASSES), start=1)
                ),
                *(
                    [f"{name} ({_range(part)})", part["faces"], part["map"], part["map_50"]]
                    for name, part in precision["sizes"].items()
                ),
            ],
        ),
        "",
        "At the operating threshold",
        *_table(
            ["", "faces", "boxes", "precision", "recall", "F1"],
            [
                _row("all, right class", point["overall"]),
                _row("all, any class", point["any_class"]),
                *(_row(TITLES[k], point["classes"][n]) for k, n in enumerate(CLASSES, start=1)),
            ],
        ),
        *(
            f"{measure} {100 * low:.0f} to {100 * high:.0f} % (95 % interval, right class)"
            for measure in ("precision", "recall")
            for low, high in [point["overall"]["intervals"][measure] or (None, None)]
            if low is not None
        ),
        "",
        "Confusion matrix: rows what it was, columns what the detector said",
        *_confusion(record["confusion"]),
    ]
    return "\n".join(lines) + "\n"


def _range(part: dict[str, Any]) -> str:
    if part["below"] is None:
        return f"{part['from']} pixels or more"
    return f"{part['from']} to {part['below']} pixels"


def _row(title: str, part: dict[str, Any]) -> list[Any]:
    return [title, *(part[key] for key in ("faces", "detections", "precision", "recall", "f1"))]


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
