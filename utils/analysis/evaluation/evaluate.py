"""How good a model is on photographs it never saw: ``evaluation.json``, its text, its pictures."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from utils.analysis.evaluation import SCHEMA
from utils.analysis.evaluation.carried import carry
from utils.analysis.evaluation.classification import classified
from utils.analysis.evaluation.on_faces import evaluate_on_faces
from utils.analysis.evaluation.on_photographs import evaluate_on_photographs
from utils.analysis.evaluation.pictures import Evaluated, check_pictures, draw_pictures
from utils.analysis.evaluation.remembered import remembered
from utils.analysis.evaluation.text import evaluation_text
from utils.errors import InputError
from utils.networks.model_file import write_model
from utils.records import read_record, write_atomically, write_record

if TYPE_CHECKING:
    from utils.classifier.inference import FaceClassifier
    from utils.detector.inference import Detector

TASKS = {"detector": "detect", "classifier": "classify", "two_stage": "classify"}
"""The task that each kind of model was made by."""


def evaluate(
    model: "Detector | FaceClassifier",
    test: Path,
    seed: int,
    validation: Path | None = None,
    split: Mapping[str, Any] | None = None,
    faces: Path | None = None,
) -> dict[str, Any]:
    """Judge a model by the test side, and return the record ``evaluation.json``.

    A detector is judged on photographs, a classifier on the faces cut from them, and a model of two
    stages on both: its classifier on the faces, and the whole of it on the photographs. What the
    rate rests on is that of the whole. The threshold is the model's own, chosen on validation
    photographs.

    Parameters
    ----------
    test, faces
        The clean shard of the test photographs, and the shard of the faces cut from them, which a
        classifier needs.
    validation
        Such a shard of the validation side (of faces for a classifier alone), which joins the test
        side where the rate is corrected, and there alone; by default none does.
    seed
        The run's seed, for the bootstrap intervals.
    split
        The record ``split.json``, which `validation` needs.

    Returns
    -------
    ``task`` and ``model`` ({kind, arch, digest, image_size}); ``classification``, None without a
    classifier (`classified`); and what `evaluate_on_photographs` or `evaluate_on_faces` returns.

    Raises
    ------
    InputError
        If there is no photograph or face, one cannot be read, or the faces are not given.
    """
    kind = kind_of(model)
    judge = classifier_of(model)
    if judge is not None and faces is None:
        raise InputError(
            "--faces-test: is missing; a classifier is judged on faces cut from the test "
            "photographs, as `bin/preprocess.py --margin` cuts them"
        )
    if kind == "classifier":
        record = evaluate_on_faces(model, faces, test, seed, validation, split)
    else:
        record = {"classification": None}
        if judge is not None:
            _, record["classification"] = classified(judge, faces, test, split, seed)
        record |= evaluate_on_photographs(model, test, seed, validation, split)
    told = {"kind": kind, "arch": model.arch, "digest": model.digest}
    told["image_size"] = getattr(model, "image_size", None)
    return {"task": TASKS[kind], "model": told, **record}


def kind_of(model: "Detector | FaceClassifier") -> str:
    """Return ``detector``, ``classifier`` or ``two_stage``, by what a model can do."""
    if hasattr(model, "judge"):
        return "classifier"
    return "detector" if classifier_of(model) is None else "two_stage"


def classifier_of(model: "Detector | FaceClassifier") -> "FaceClassifier | None":
    """Return the classifier that a model is or has, None of a detector."""
    return model if hasattr(model, "judge") else getattr(model, "classifier", None)


def write_evaluation(
    model: "Detector | FaceClassifier",
    test: Path,
    seed: int,
    *,
    json: Path,
    text: Path,
    pictures: Sequence[Path] = (),
    validation: Path | None = None,
    split: Path | None = None,
    carrier: Path | None = None,
    faces: Path | None = None,
) -> dict[str, Any]:
    """Evaluate, and write the record, its text and its pictures; return the record.

    Without a split it is looked whether the model has learnt from some of the photographs; the
    record then says of how many (``remembered``).

    Parameters
    ----------
    validation, split, faces
        As `evaluate` takes them, the split as a file.
    carrier
        The model file to write that carries what was measured
        (`utils.analysis.evaluation.carried`), which needs the split, too.
    pictures
        The stem of each file's name says what is drawn, see
        `utils.analysis.evaluation.pictures`.

    Raises
    ------
    InputError
        As `evaluate`; if a picture has another name; or if validation photographs, or the carrier,
        come without a split.
    """
    if (validation or carrier) and not split:
        raise InputError(
            f"{validation or carrier}: near-duplicates among the photographs must be known; "
            "give split.json, too"
        )
    check_pictures(pictures, kind_of(model))
    known = read_record(split) if split else None
    record = evaluate(model, test, seed, validation, known, faces)
    if not known and (seen := remembered(model, test)):
        record["remembered"] = seen
    write_record(json, record, SCHEMA)
    write_atomically(text, evaluation_text(record).encode())
    draw_pictures(Evaluated(record, test, faces, classifier_of(model)), pictures)
    if carrier and known:
        write_model(carrier, replace(model.file, evaluation=carry(record, known)))
    return record
