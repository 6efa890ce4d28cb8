"""The end of the workflow: the answer, and everything that it rests on."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from utils.analysis.evaluation import SCHEMA
from utils.analysis.plots.shares import plot_shares
from utils.analysis.prediction.merged import Predictions, read_predictions
from utils.analysis.prediction.tables import predictions_table, write_faces
from utils.analysis.prevalence.counting import expected_counts
from utils.analysis.report.annotated import with_annotations
from utils.analysis.report.annotated_data import (
    about_the_data,
    about_unread_photographs,
)
from utils.analysis.report.annotated_words import (
    about_the_annotations,
    annotated_answer,
    annotated_caveats,
)
from utils.analysis.report.caveats import EACH_ONE_FACE, SAME_PHOTOS, Caveat, caveats
from utils.analysis.report.estimates import estimates
from utils.analysis.report.gallery import choose, load_drawings, most_telling
from utils.analysis.report.kinds import in_words_of, kind_of
from utils.analysis.report.meaning import meaning
from utils.analysis.report.moving import Moving
from utils.analysis.report.page import render
from utils.analysis.report.pictures import read_pictures
from utils.analysis.report.places import read_given
from utils.analysis.report.words import answer
from utils.dataset.images import encode_png
from utils.errors import InputError
from utils.records import read_record, write_atomically, write_record
from utils.search.trials import read_trials

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class ReportInputs:
    """The files that a report is made of.

    Those of the search are None in a run without one, as is the sample of new photographs that
    people annotated. A run that looked at videos alone has no predictions, and no images.
    """

    configuration: Path
    split: Path
    training: Path
    evaluation: Path
    pictures: Sequence[Path]
    predictions: Sequence[Path] = ()
    images: Sequence[Path] = ()
    fingerprints: Sequence[Path] = ()
    groups: Path | None = None
    params: Path | None = None
    study: Path | None = None
    annotated: Path | None = None


def write_report(
    inputs: ReportInputs,
    seed: int,
    *,
    page: Path,
    prevalence: Path,
    table: Path | None = None,
    faces: Path | None = None,
    picture: Path | None = None,
    shares: Path | None = None,
    moving: Moving | None = None,
) -> dict[str, Any]:
    """Write the report, the tables of predictions, the most telling picture and the answer.

    Parameters
    ----------
    inputs
        What the jobs before have written.
    seed
        The run's seed, for the bootstrap.
    page
        ``report.html``, one file that needs no other.
    prevalence
        ``prevalence.json``.
    table, faces, picture
        ``predictions.txt``, ``predictions.csv`` and ``predicted_image.png``, of photographs.
    shares
        ``shares_by_group.png``, where the inputs have groups.
    moving
        What was seen in videos, where there were any; it is the answer where it is all there is.

    Returns
    -------
    The prevalence record.

    Raises
    ------
    InputError
        If an input is missing or not what it should be, or the predictions are of another model
        or threshold than the evaluation.
    """
    evaluation = read_record(inputs.evaluation, SCHEMA)
    configuration = read_record(inputs.configuration)
    split = read_record(inputs.split)
    if inputs.predictions:
        predictions, told, (first, second), record = _of_photographs(
            inputs, seed, evaluation, configuration, split
        )
    elif moving:
        predictions = Predictions(evaluation["threshold"], [], [], [])
        told, (first, second), record = _of_videos(moving, evaluation, configuration, split)
    else:
        raise InputError("--predictions: there are none, and no --videos; give either, or both")
    record = {
        "answer": first,
        "explanation": second,
        "caveats": [caveat.text for caveat in told],
        "serious": [caveat.short for caveat in told if caveat.serious],
        **record,
        "skipped": len(predictions.skipped),
        **({"videos": moving.record} if moving else {}),
    }
    write_record(prevalence, record)
    if table:
        words = predictions_table(predictions.summaries, predictions.threshold, predictions.skipped)
        write_atomically(table, words.encode())
    if faces:
        write_faces(faces, predictions)
    certain, doubtful = choose(predictions.summaries)
    telling = most_telling(predictions.summaries)
    names = {photo["name"] for photo in [*certain, *doubtful]} | ({telling} - {None})
    drawings = load_drawings(inputs.images, names)
    missing = names - drawings.keys()
    if missing:
        raise InputError(
            f"{', '.join(map(str, inputs.images))}: no drawing of {', '.join(sorted(missing))}; "
            "the shards of predictions and drawings do not belong together"
        )
    if picture:
        drawing = drawings[telling].decode() if telling else np.full((300, 400, 3), 255, np.uint8)
        write_atomically(picture, encode_png(drawing))
    pictures = list(inputs.pictures)
    if shares:
        plot_shares(record["places"], meaning(record["absent"]).share, shares)
        pictures.append(shares)
    html = render(
        prevalence=record,
        evaluation=evaluation,
        predictions=predictions,
        gallery=(certain, doubtful),
        drawings=drawings,
        configuration=configuration,
        split=split,
        training=read_record(inputs.training),
        params=read_record(inputs.params) if inputs.params else None,
        trials=read_trials(inputs.study) if inputs.study else [],
        pictures=read_pictures(pictures),
        seed=seed,
        moving=moving,
    )
    write_atomically(page, html.encode())
    log.info("%s %s", first, second)
    for text in record["serious"]:
        log.warning("%s", text)
    return record


_Parts = tuple[list[Caveat], tuple[str, str], dict[str, Any]]
"""Caveats, both sentences of the answer, and the record of it."""


def _of_photographs(
    inputs: ReportInputs,
    seed: int,
    evaluation: dict[str, Any],
    configuration: dict[str, Any],
    split: dict[str, Any],
) -> tuple[Predictions, list[Caveat], tuple[str, str], dict[str, Any]]:
    """Return the predictions on photographs, and what follows from them."""
    given = read_given(inputs.groups) if inputs.groups else None
    times = given.hours if given else None
    predictions = read_predictions(inputs.predictions, evaluation, inputs.fingerprints, times)
    kind = kind_of(evaluation)
    others_came = bool(configuration.get("new_photographs", True))
    record = estimates(evaluation, predictions, split, seed, given, others_came)
    data, new = configuration.get("data") or {}, configuration.get("new_photographs") or {}
    others = about_unread_photographs(new)
    if inputs.annotated:
        seen = expected_counts(predictions.detections, predictions.threshold)
        sample = read_record(inputs.annotated)
        record = with_annotations(record, sample, predictions, seen, given)
    if record["detector"]:
        told = annotated_caveats(record, evaluation, predictions, others)
        first, second = (in_words_of(kind, one) for one in annotated_answer(record))
    else:
        if inputs.annotated:
            others = [*about_the_annotations(record["annotated"], evaluation), *others]
        others = [*about_the_data(data, split), *others]
        told = caveats(record, evaluation, predictions, others)
        first, second = answer(record)
    if not others_came:
        told = [SAME_PHOTOS, *(caveat for caveat in told if caveat != EACH_ONE_FACE)]
        record["plan"] = None
    told = [caveat._replace(text=in_words_of(kind, caveat.text)) for caveat in told]
    return predictions, told, (first, second), record


def _of_videos(
    moving: Moving,
    evaluation: dict[str, Any],
    configuration: dict[str, Any],
    split: dict[str, Any],
) -> _Parts:
    """Return what follows from videos alone."""
    data, new = configuration.get("data") or {}, configuration.get("new_photographs") or {}
    told = [*about_the_data(data, split), *about_unread_photographs(new), *moving.caveats]
    record = moving.alone(kind_of(evaluation), evaluation["threshold"])
    return told, (moving.record["answer"], moving.record["explanation"]), record
