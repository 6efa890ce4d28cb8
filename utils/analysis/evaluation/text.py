"""``evaluation.txt``: the evaluation record for people at a terminal."""

from itertools import chain
from typing import Any

from utils.analysis.evaluation.classification_text import classification_lines
from utils.analysis.evaluation.intervals import LEAST_FACES, LEAST_PHOTOS
from utils.analysis.evaluation.text_tables import loss_lines, size_range, span, table
from utils.dataset.labels import CLASSES, TITLES


def evaluation_text(record: dict[str, Any]) -> str:
    """Return the numbers of an evaluation record as aligned text."""
    judged = record.get("classification")
    parts = [_of_photographs(record)] if record["average_precision"] else []
    if judged:
        parts.append(classification_lines(judged, whole=not parts))
    memory = _memory(record.get("remembered", 0))
    parts[0][1:1] = memory
    lines = chain(parts[0], *(["", *part] for part in parts[1:]))
    return "".join(f"{line.rstrip()}\n" for line in lines)


def _of_photographs(record: dict[str, Any]) -> list[str]:
    precision, point = record["average_precision"], record["operating_point"]
    matched = point["matched"]
    return [
        f"{record['photos']} test photographs, {sum(record['faces'].values())} faces",
        f"A box counts from confidence {record['threshold']:.3f} (chosen on validation), and finds",
        f"a face if they overlap by IoU {record['iou']:g} or more. '-': there is nothing to count.",
        "",
        "Average precision (COCO)",
        *table(
            ["", "faces", "IoU .5:.95", "", "IoU .5", ""],
            [
                _precision("all classes", sum(record["faces"].values()), precision),
                *(
                    _precision(TITLES[k], part["faces"], part)
                    for k, part in enumerate((precision["classes"][n] for n in CLASSES), start=1)
                ),
                *(
                    _precision(f"{name} ({size_range(part)})", part["faces"], part)
                    for name, part in precision["sizes"].items()
                ),
            ],
        ),
        "",
        "At the operating threshold",
        *table(
            ["", "faces", "boxes", "precision", "", "recall", "", "F1", ""],
            [
                _row("all, right class", point["overall"]),
                _row("all, any class", point["any_class"]),
                *(_row(TITLES[k], point["classes"][n]) for k, n in enumerate(CLASSES, start=1)),
            ],
        ),
        *table(
            ["", "faces", "right", "accuracy", ""],
            [
                [
                    "class of the faces found",
                    matched["faces"],
                    matched["right"],
                    matched["accuracy"],
                    span(matched["intervals"]["accuracy"]),
                ]
            ],
        ),
        "",
        "Confidence against the share that is right",
        *table(
            ["", "calibration error", "by chance alone", "log loss"],
            [
                [f"{name} calibration", part["ece"], part["ece_by_chance"], part["log_loss"]]
                for name, part in ((n, record["calibration"][n]) for n in ("before", "after"))
            ],
        ),
        "",
        *loss_lines(record["loss"], "on whole photographs as they are"),
        "In brackets: 95 % intervals. Those of average precision are approximate, by",
        f"{record['bootstrap']['repetitions']:,} resamples of the photographs; below "
        f"{LEAST_PHOTOS} photographs or {LEAST_FACES} faces of a class it has none.",
        "",
        "Confusion matrix: rows what it was, columns what the detector said",
        *_confusion(record["confusion"]),
    ]


def _memory(photos: int) -> list[str]:
    if not photos:
        return []
    return [f"The model has learnt from {photos} of them: so far they test what it remembers."]


def _precision(title: str, faces: int, part: dict[str, Any]) -> list[Any]:
    spans = part.get("intervals", {})
    values = ((part[key], span(spans.get(key))) for key in ("map", "map_50"))
    return [title, faces, *chain(*values)]


def _row(title: str, part: dict[str, Any]) -> list[Any]:
    values = ((part[key], span(part["intervals"][key])) for key in ("precision", "recall", "f1"))
    return [title, part["faces"], part["detections"], *chain(*values)]


def _confusion(counts: list[list[int]]) -> list[str]:
    order = [*range(1, len(TITLES)), 0]
    rows = [
        [
            TITLES[true] if true else "no face (invented)",
            *("-" if true == said == 0 else counts[true][said] for said in order),
        ]
        for true in order
    ]
    return table(["", *(TITLES[k] for k in order[:-1]), "not found"], rows)
