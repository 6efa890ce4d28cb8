"""The records of a small run that a report needs besides what was evaluated and predicted."""

from collections.abc import Sequence
from pathlib import Path

from utils.analysis.plots.training import training_curves
from utils.analysis.report.write import ReportInputs, write_report
from utils.dataset.labels import CLASSES
from utils.records import write_record

OUTPUTS = {
    "page": "report.html",
    "table": "predictions.txt",
    "faces": "predictions.csv",
    "picture": "predicted_image.png",
    "prevalence": "prevalence.json",
}
EPOCH = {
    "epoch": 1,
    "loss": {"total": 0.9, "classification": 0.9},
    "validation": {
        "balanced_accuracy": 0.7,
        "accuracy": 0.8,
        "loss": {"total": 0.8, "classification": 0.8},
    },
}


def write_report_of(
    folder: Path,
    split: dict,
    pictures: Sequence[Path],
    task: str = "detect",
    absent: Sequence[str] = (CLASSES[2],),
) -> dict:
    """Write the report of the evaluation and of ``p.json`` and ``images.tar`` in a folder."""
    faces = {name: 0 if name in absent else 200 for name in CLASSES}
    side = {"photos": 100, "groups": 100, "faces": faces, "classes_missing": list(absent)}
    counts = dict.fromkeys(("near_duplicates", "dropped_boxes", "clipped_boxes"), 0)
    split = {**split, "sides": {"train": side, "test": side}, "groups": 200, "skipped": []}
    write_record(folder / "split.json", split | counts | {"near_duplicates_across_sides": 0})
    training = {"task": task, "arch": "a", "params": {}, "image_size": 9, "photos": 1}
    training |= {"parameters": 1, "device": "cpu", "epochs": [EPOCH], "threshold": 0.5}
    write_record(folder / "training.json", training)
    training_curves(training, folder / "training_curves.png")
    write_record(folder / "configuration.json", {"new_photographs": {"photos": 12}})
    inputs = ReportInputs(
        **{name: folder / f"{name}.json" for name in ("configuration", "split", "training")},
        evaluation=folder / "evaluation.json",
        predictions=[folder / "p.json"],
        images=[folder / "images.tar"],
        pictures=[*pictures, folder / "training_curves.png"],
    )
    return write_report(inputs, 0, **{key: folder / name for key, name in OUTPUTS.items()})
