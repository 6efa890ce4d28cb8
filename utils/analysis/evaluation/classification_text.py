"""The part of ``evaluation.txt`` on a classifier, which judges faces one by one."""

from itertools import chain
from typing import Any

from utils.analysis.evaluation.intervals import LEAST_FACES, LEAST_PHOTOS
from utils.analysis.evaluation.text_tables import loss_lines, size_range, span, table
from utils.dataset.labels import CLASSES, TITLES
from utils.errors import number_of

_COLUMNS = ("precision", "recall", "f1", "specificity")


def classification_lines(record: dict[str, Any], whole: bool) -> list[str]:
    """Return the numbers of ``classification`` of an evaluation as aligned lines.

    Parameters
    ----------
    whole
        Whether the classifier is the whole model; otherwise it judges what a finder has found.
    """
    subject = "" if whole else "The classifier alone, on "
    left = record["too_small"]
    lines = [
        f"{subject}{number_of(record['faces'], 'test face')} cut from "
        f"{number_of(record['photos'], 'photograph')}"
        + (f"; {number_of(left, 'face')} too small to be judged" if left else ""),
        "Each counts as one of its likeliest class. '-': there is nothing to count.",
    ]
    if record["absent"]:
        titles = " and ".join(TITLES[CLASSES.index(name) + 1] for name in record["absent"])
        lines.append(f"Not learnt, because no training face is of it, so never said: {titles}.")
    return [
        *lines,
        "",
        "How often it is right",
        *table(
            ["", "faces", "accuracy", "", "balanced", ""],
            [
                _accuracies("all faces", record),
                *(
                    _accuracies(f"{name} ({size_range(part)})", part)
                    for name, part in record["sizes"].items()
                ),
            ],
        ),
        "",
        "By class, against all others",
        *table(
            ["", "faces", "said", "precision", "", "recall", "", "F1", "", "specificity", ""],
            [
                [TITLES[k], part["faces"], part["said"], *_spanned(part, _COLUMNS)]
                for k, part in _classes(record)
            ],
        ),
        *table(
            ["", "area under ROC", "", "average precision", ""],
            [
                [TITLES[k], *_spanned(part, ("auc", "average_precision"))]
                for k, part in _classes(record)
            ],
        ),
        "",
        "Probabilities",
        *table(
            ["", "calibration error", "by chance alone", "log loss", "", "Brier", ""],
            [
                [
                    f"{name} calibration",
                    *(part[key] for key in ("ece", "ece_by_chance", "log_loss")),
                    span(record["intervals"]["log_loss"]) if name == "after" else "",
                    part["brier"],
                    span(record["intervals"]["brier"]) if name == "after" else "",
                ]
                for name, part in ((n, record["calibration"][n]) for n in ("before", "after"))
            ],
        ),
        "",
        *loss_lines(record["loss"], "on faces as they are"),
        "In brackets: 95 % intervals, for which faces of one photograph are not independent. Those",
        f"of areas and of probabilities are by {record['bootstrap']['repetitions']:,} resamples of "
        f"the photographs; below {LEAST_PHOTOS}",
        f"photographs or {LEAST_FACES} faces of a class, or of all others, areas have none.",
        "",
        "Confusion matrix: rows what it was, columns what the classifier said",
        *table(
            ["", *(TITLES[k] for k, _ in _classes(record))],
            [
                [TITLES[true], *(record["confusion"][true][said] for said, _ in _classes(record))]
                for true, _ in _classes(record)
            ],
        ),
    ]


def _classes(record: dict[str, Any]) -> list[tuple[int, dict[str, Any]]]:
    return [(k, record["classes"][name]) for k, name in enumerate(CLASSES, start=1)]


def _accuracies(title: str, part: dict[str, Any]) -> list[Any]:
    return [title, part["faces"], *_spanned(part, ("accuracy", "balanced_accuracy"))]


def _spanned(part: dict[str, Any], keys: tuple[str, ...]) -> list[Any]:
    return list(chain(*((part[key], span(part["intervals"][key])) for key in keys)))
