"""``rate.json``: the share that wears a mask properly, corrected by what the model's test showed.

The correction, its interval and its caveats are those of the workflow's report, from what the
model's file carries of its test (`utils.analysis.evaluation.carried`). Without that there is what
was counted, and no interval. Where people annotated a sample of the photographs, the answer is
corrected by that (`utils.analysis.report.annotated`) and needs no test of the model.
"""

from collections.abc import Mapping
from typing import Any

from utils.analysis.evaluation.carried import unpacked
from utils.analysis.prediction.merged import Predictions
from utils.analysis.prevalence.counting import expected_counts
from utils.analysis.report.annotated import with_annotations
from utils.analysis.report.annotated_data import about_the_data, about_unread_photographs
from utils.analysis.report.annotated_words import (
    about_the_annotations,
    annotated_answer,
    annotated_caveats,
)
from utils.analysis.report.caveats import Caveat, about_the_photographs, caveats
from utils.analysis.report.estimates import bursts, estimates
from utils.analysis.report.meaning import absent_classes
from utils.analysis.report.words import answer, nobody_on, per_cent
from utils.apply.faces import model_record
from utils.apply.sentences import DEALER
from utils.classifier.finders.names import spelled
from utils.classifier.two_stage import TwoStageDetector
from utils.dataset.labels import CLASSES, PROPERLY_MASKED
from utils.errors import number_of
from utils.model_files import Model


def rate_record(
    model: Model,
    predictions: Predictions,
    facts: Mapping[str, Any],
    left: int = 0,
    uncorrected: str | None = None,
    sample: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Return the record ``rate.json``.

    Parameters
    ----------
    model
        Which looked, with the threshold by which faces were counted.
    predictions
        On the photographs.
    facts
        What is known of them from where they came in
        (`utils.dataset.intake.photographs.NewPhotographs`); ``compared``: whether near-duplicates
        were looked for, if they were not.
    left
        Photographs that were not come to.
    uncorrected
        Why what the model's test showed does not hold here, in words; None where it does.
    sample
        Of the photographs that people annotated
        (`utils.dataset.intake.annotated_sample.read_annotated_sample`). Photographs of it may be
        among those that are left; then it is not used.

    Returns
    -------
    That of ``prevalence.json`` (`utils.analysis.prevalence.estimate.estimate_prevalence`), with
    ``corrected`` and ``interval`` None where nothing corrects: ``uncorrected`` then says why, in
    words; it is None otherwise. ``annotated`` and ``detector`` are as `with_annotations` fills them
    in, None without a sample. ``left`` is as given.
    """
    unused = bool(sample and left)
    others = [
        *_about_the_rest(len(predictions.summaries), left, unused),
        *about_unread_photographs(facts),
        *_about_groups(facts),
    ]
    if why := uncorrected or why_uncorrected(model):
        evaluation = {"model": {"digest": model.digest}, "per_photo": []}
        record, told, words = _counted(predictions, others, why, absent_from(model))
    else:
        evaluation, split = unpacked(model.file.evaluation, "the model file")
        seed = evaluation["bootstrap"]["seed"]
        record = estimates(evaluation, predictions, split, seed)
        of_data = [*about_the_data({}, split), *others]
        told = caveats(record, evaluation, predictions, of_data)
        words = answer(record, DEALER)
    if sample and not unused:
        counted = expected_counts(predictions.detections, predictions.threshold)
        record = with_annotations(record, sample, predictions, counted)
        if record["detector"]:
            told = annotated_caveats(record, evaluation, predictions, others)
            words, why = annotated_answer(record), None
        else:
            told = [*about_the_annotations(record["annotated"], evaluation), *told]
    return {
        "answer": words[0],
        "explanation": words[1],
        "uncorrected": why,
        "caveats": [caveat.text for caveat in told],
        "serious": [caveat.short for caveat in told if caveat.serious],
        "model": model_record(model),
        **record,
        "skipped": len(predictions.skipped),
        "left": left,
    }


def absent_from(model: Model) -> list[str]:
    """Return the names of the classes that the model is known not to have learnt."""
    if told := list(getattr(model, "absent", ())):
        return told
    if model.file.evaluation is None:
        return []
    return absent_classes(unpacked(model.file.evaluation, "the model file")[1]["sides"])


def why_uncorrected(model: Model) -> str | None:
    """Return why what a model counts cannot be corrected, in words; None if it can."""
    if isinstance(model, TwoStageDetector) and not model.file.metrics:
        word = spelled(model.finder.name, model.finder.options)
        return (
            f"which faces {model.finder.name} misses is not known: no test showed what finder and "
            f"classifier do together. workflow.py --task classify --faces {word} measures it"
        )
    if model.file.evaluation is None:
        return (
            "the model file does not hold what a test showed of it. "
            "face_mask_detector.pth of a run of workflow.py does, mask_detection_model.pth does not"
        )
    if model.threshold != model.file.threshold:
        return (
            f"the test of the model counted faces from a confidence of {model.file.threshold}, "
            f"not {model.threshold}. Leave --threshold out"
        )
    return None


def _counted(
    predictions: Predictions, others: list[Caveat], why: str, absent: list[str]
) -> tuple[dict[str, Any], list[Caveat], tuple[str, str]]:
    """Return what was counted, with the caveats and the sentences of an answer of that alone."""
    photos = len(predictions.summaries)
    groups = [photo["group"] for photo in predictions.summaries]
    counts = {
        name: sum(photo["counts"][name] for photo in predictions.summaries) for name in CLASSES
    }
    found, best = sum(counts.values()), CLASSES[PROPERLY_MASKED - 1]
    shares = {name: count / found if found else None for name, count in counts.items()}
    nothing = dict.fromkeys(("share", "interval", "interval_here"))
    record = {
        "threshold": predictions.threshold,
        "reliable": False,
        "absent": absent,
        "weighted": False,
        "photos": {"new": photos, "test": 0, "groups": len(set(groups))},
        "bursts": bursts(groups),
        "people": {"found": found, "corrected": None, "interval": None},
        "properly_masked": {"found": counts[best], "raw_share": shares[best], **nothing},
        "raw": {
            name: {"share": shares[name], "interval": None, "count": counts[name]}
            for name in CLASSES
        },
        **dict.fromkeys(("corrected", "variance", "design", "annotated", "detector", "places")),
        "estimator": "CC",
        "counting": "labels",
    }
    reason = why.partition(". ")[0]
    told = [
        Caveat(f"What was counted is not corrected, because {why}.", serious=True),
        *others,
        *about_the_photographs(predictions),
    ]
    these = number_of(photos, "photograph")
    if not found:
        return record, told, nobody_on(photos, these)
    first = (
        f"Of {number_of(found, 'person', 'people')} found on {these}, {counts[best]:,} "
        f"({per_cent(shares[best])}) seem to wear a mask properly; this is only what was counted, "
        f"and has no interval, because {reason}."
    )
    second = (
        "A detector misses, invents and confuses faces; by how much this one does, and so how far "
        f"the share may be off, is not known here. Annotate some of the photographs, as {DEALER} "
        "deals them, and it will be."
    )
    return record, told, (first, second)


def _about_groups(facts: Mapping[str, Any]) -> list[Caveat]:
    if facts.get("compared", True):
        return []
    text = (
        "Each photograph counts as an observation of its own, because so many were not compared "
        "with each other. If the same people are on several of them, as in bursts or before a "
        "camera that stands still, the interval is too narrow."
    )
    return [Caveat(text, serious=True)]


def _about_the_rest(done: int, left: int, unused: bool) -> list[Caveat]:
    if not left:
        return []
    text = (
        f"This was interrupted: {number_of(left, 'photograph')} of {done + left:,} or more "
        f"{'was' if left == 1 else 'were'} not looked at. They come last by name, so that the "
        "others are no random sample."
        f"{' The annotations are not used.' if unused else ''}"
    )
    return [Caveat(text, serious=True)]
