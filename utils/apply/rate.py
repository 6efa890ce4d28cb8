"""``rate.json``: the share that wears a mask properly, corrected by what the model's test showed.

The correction, its interval and its caveats are those of the workflow's report, from what the
model's file carries of its test (`utils.analysis.evaluation.carried`). Without that there is what
was counted, and no interval.
"""

from collections.abc import Mapping
from typing import Any

from utils.analysis.evaluation.carried import unpacked
from utils.analysis.prediction.merged import Predictions
from utils.analysis.report.annotated_data import about_the_data, about_unread_photographs
from utils.analysis.report.caveats import Caveat, about_the_photographs, caveats
from utils.analysis.report.estimates import estimates
from utils.analysis.report.meaning import absent_classes
from utils.analysis.report.words import answer, per_cent
from utils.classifier.finders.names import spelled
from utils.classifier.two_stage import TwoStageDetector
from utils.dataset.labels import CLASSES, PROPERLY_MASKED
from utils.errors import number_of
from utils.models import Model


def rate_record(
    model: Model,
    predictions: Predictions,
    facts: Mapping[str, Any],
    left: int = 0,
    uncorrected: str | None = None,
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
        (`utils.dataset.intake.photographs.NewPhotographs`).
    left
        Photographs that were not come to.
    uncorrected
        Why what the model's test showed does not hold here, in words; None where it does.

    Returns
    -------
    That of ``prevalence.json`` (`utils.analysis.prevalence.estimate.estimate_prevalence`), with
    ``corrected`` and ``interval`` None where nothing corrects: ``uncorrected`` then says why, in
    words; it is None otherwise. ``left`` is as given.
    """
    others = [*_about_the_rest(len(predictions.summaries), left), *about_unread_photographs(facts)]
    if why := uncorrected or why_uncorrected(model):
        record, told, words = _counted(predictions, others, why)
    else:
        evaluation, split = unpacked(model.file.evaluation, "the model file")
        seed = evaluation["bootstrap"]["seed"]
        record = estimates(evaluation, predictions, split, seed)
        others = [*about_the_data({}, split), *others]
        told, words = caveats(record, evaluation, predictions, others), answer(record)
    return {
        "answer": words[0],
        "explanation": words[1],
        "uncorrected": why,
        "caveats": [caveat.text for caveat in told],
        "serious": [caveat.short for caveat in told if caveat.serious],
        "model": {"arch": model.arch, "digest": model.digest},
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
            f"the test of the model counted faces from a confidence of {model.file.threshold:.3f}, "
            f"not {model.threshold:.3f}. Leave --threshold out"
        )
    return None


def _counted(
    predictions: Predictions, others: list[Caveat], why: str
) -> tuple[dict[str, Any], list[Caveat], tuple[str, str]]:
    """Return what was counted, with the caveats and the sentences of an answer of that alone."""
    photos = len(predictions.summaries)
    counts = {
        name: sum(photo["counts"][name] for photo in predictions.summaries) for name in CLASSES
    }
    found, best = sum(counts.values()), CLASSES[PROPERLY_MASKED - 1]
    shares = {name: count / found if found else None for name, count in counts.items()}
    nothing = dict.fromkeys(("share", "interval", "interval_here"))
    record = {
        "threshold": predictions.threshold,
        "reliable": False,
        "photos": {"new": photos, "test": 0},
        "people": {"found": found, "corrected": None, "interval": None},
        "properly_masked": {"found": counts[best], "raw_share": shares[best], **nothing},
        "raw": {
            name: {"share": shares[name], "interval": None, "count": counts[name]}
            for name in CLASSES
        },
        "corrected": None,
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
        return record, told, (f"No person was found on {these}.", "So there is no share to tell.")
    first = (
        f"Of {number_of(found, 'person', 'people')} found on {these}, {counts[best]:,} "
        f"({per_cent(shares[best])}) seem to wear a mask properly; this is only what was counted, "
        f"and has no interval, because {reason}."
    )
    second = (
        "A detector misses, invents and confuses faces; by how much this one does, and so how far "
        "the share may be off, is not known here."
    )
    return record, told, (first, second)


def _about_the_rest(done: int, left: int) -> list[Caveat]:
    if not left:
        return []
    text = (
        f"This was interrupted: {number_of(left, 'photograph')} of {done + left:,} or more "
        f"{'was' if left == 1 else 'were'} not looked at. They come last by name, so that the "
        "others are no random sample."
    )
    return [Caveat(text, serious=True)]
