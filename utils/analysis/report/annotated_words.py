"""What an answer from annotated photographs says, and the reasons not to trust it."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from utils.analysis.evaluation.joined import correcting_photos
from utils.analysis.prediction.merged import Predictions
from utils.analysis.prevalence.annotated import LEAST
from utils.analysis.report.caveats import (
    FEW_PHOTOS,
    WIDE,
    Caveat,
    about_bursts,
    about_few,
    about_the_photographs,
)
from utils.analysis.report.meaning import meaning
from utils.analysis.report.words import by_weight, per_cent, share_digits, span_of
from utils.dataset.labels import CLASSES, TITLES
from utils.errors import number_of

SURPRISE = 0.01
"""A detector that is right on as many photographs by chance: below, it is told."""


def annotated_answer(prevalence: dict[str, Any]) -> tuple[str, str]:
    """Return the answer in one sentence, and a second one that says where it comes from."""
    masked, asked = prevalence["properly_masked"], meaning(prevalence["absent"])
    told, photos = prevalence["annotated"], prevalence["photos"]
    digits = share_digits(masked["interval"])
    first = (
        f"About {per_cent(masked['share'], digits)} of the {asked.group} on "
        f"{number_of(photos['new'], 'new photograph')}{by_weight(prevalence)} {asked.do}, "
        f"corrected by {told['annotated']:,} of them that were annotated ({span_of(masked)})."
    )
    second = (
        f"The {told['annotated']:,} are a random sample, with "
        f"{number_of(told['people'], 'person', 'people')} on them. They tell how far the detector "
        "is off on these very photographs, whatever its mistakes are on others"
        f"{_here(masked, digits)}. {_instead(prevalence['detector'], masked)}"
    )
    return first, second


def annotated_caveats(
    prevalence: dict[str, Any],
    evaluation: dict[str, Any],
    predictions: Predictions,
    others: Sequence[Caveat] = (),
) -> list[Caveat]:
    """Return the reasons not to trust an answer from annotations, the serious ones first.

    Those that concern the detector's mistakes on test photographs are none here.

    Parameters
    ----------
    prevalence
        The record of `with_annotations`, whose answer is that of the annotations.
    evaluation, predictions
        The record, and what was found on the new photographs.
    others
        What is known of where the new photographs come from.
    """
    interval = prevalence["properly_masked"]["interval"]
    unseen = [
        f"'{TITLES[CLASSES.index(name) + 1]}'"
        for name in prevalence["detector"]["absent"]
        if not prevalence["corrected"][name]["count"]
    ]
    told = [
        *about_the_annotations(prevalence["annotated"], evaluation),
        *others,
        *about_the_photographs(predictions, learnt=False),
    ]
    if interval and interval[1] - interval[0] > WIDE:
        told.append(
            Caveat(
                f"The interval spans {100 * (interval[1] - interval[0]):.0f} percentage points: "
                "too wide for more than a rough impression. More annotated photographs, or more "
                "new ones, would narrow it."
            )
        )
    if prevalence["photos"]["groups"] < FEW_PHOTOS:
        told.append(Caveat(about_few(prevalence)))
    if prevalence["bursts"]["photos"]:
        told.append(Caveat(about_bursts(prevalence["bursts"], prevalence["photos"]["new"])))
    if unseen:
        told.append(
            Caveat(
                f"No face of class {' or '.join(unseen)} is annotated, neither among the "
                "photographs that the detector learnt from nor in the sample. If such faces were "
                "given another class, the answer counts them so."
            )
        )
    return sorted(told, key=lambda caveat: not caveat.serious)


def about_the_annotations(told: dict[str, Any], evaluation: dict[str, Any]) -> list[Caveat]:
    """Return what is wrong with a sample as it came back."""
    result = []
    photos, same = told["annotated"], told["as_filled_in"]
    right = _right(evaluation)
    if same and _at_least(same, photos, right) < SURPRISE:
        result.append(
            f"{same:,} of the {photos:,} annotated photographs are as the detector filled them in. "
            f"On test photographs it is right on {per_cent(right)} of them only, so some may "
            "not have been looked at; then the answer is too near to the detector's own."
        )
    if (emptied := told["emptied"]) and _at_least(emptied, photos, _in_vain(evaluation)) < SURPRISE:
        result.append(
            f"{number_of(emptied, 'annotated photograph')} came back without any face, though the "
            "detector had marked some. That is more than its mistakes on test photographs let "
            "expect: some may not have been annotated; then the answer leaves people out. Remove "
            "from the annotations the photographs that nobody looked at."
        )
    lost = len(told["missing"]) + len(told["changed"])
    if lost and not told["in_order"]:
        result.append(
            f"{lost:,} of the {told['dealt']:,} photographs of the sample are not annotated, and "
            "they are not the last that were drawn. If they were left out because they are hard, "
            "the answer is off. It takes them as left out by chance."
        )
    serious = [Caveat(text, serious=True) for text in result]
    more = []
    if told["share"] is None:
        serious.append(
            Caveat(
                f"The annotations are not used: an answer from them needs {LEAST} photographs with "
                "people on them. Annotate more of the sample.",
                serious=True,
            )
        )
    if told["model"] != evaluation["model"]["digest"]:
        more.append(
            "The sample was drawn, and its boxes filled in, by another model than this one. "
            "The answer holds all the same, because the chances are those of the sample."
        )
    if resaved := len(told["resaved"]):
        more.append(
            f"{number_of(resaved, 'annotated photograph')} came back saved anew, as tools do, and "
            f"{'was' if resaved == 1 else 'were'} known by name and looks."
        )
    if strangers := len(told["strangers"]):
        more.append(
            f"{number_of(strangers, 'annotated photograph')} {'is' if strangers == 1 else 'are'} "
            "not of the sample and left out: nobody knows with what chance a photograph was chosen "
            "that was not drawn."
        )
    return [*serious, *map(Caveat, more)]


def _here(masked: dict[str, Any], digits: int) -> str:
    here, place = masked["interval_here"], masked["interval"]
    if not here or not place or here[1] - here[0] > place[1] - place[0]:
        return ""
    if here[0] == here[1]:
        return "; of these photographs themselves the share is known, since all are annotated"
    low = f"{100 * here[0]:.{digits}f}"
    return (
        f"; for these photographs alone the interval is {low} to {per_cent(here[1], digits)}, the "
        "wider one is for the place that they are a sample of"
    )


def _instead(detector: dict[str, Any], answer: dict[str, Any]) -> str:
    masked = detector["properly_masked"]
    if masked["share"] is None:
        return "Without the annotations there would be no answer."
    digits = share_digits(masked["interval"])
    words = (
        f"Corrected by the test photographs alone, as without annotations, it would be "
        f"{per_cent(masked['share'], digits)} ({span_of(masked)})."
    )
    ours, theirs = answer["interval_here"], masked["interval_here"]
    if ours and theirs and (ours[1] < theirs[0] or theirs[1] < ours[0]):
        words += (
            " For these photographs the two disagree: the detector makes other mistakes on them "
            "than on the test photographs."
        )
    return words


def _right(evaluation: dict[str, Any]) -> float:
    """Return the share of the test photographs on which the detector makes no mistake.

    All of them where none is known.
    """
    tables = np.array([photo["confusion"] for photo in correcting_photos(evaluation)])
    if not len(tables):
        return 1.0
    wrong = tables.sum(axis=(1, 2)) - np.trace(tables, axis1=1, axis2=2)
    return float((wrong == 0).mean())


def _in_vain(evaluation: dict[str, Any]) -> float:
    """Return the share of the test photographs with boxes that have no face.

    Where there are few, such a photograph is not held to be rarer than they can tell.
    """
    tables = np.array([photo["confusion"] for photo in evaluation["per_photo"]])
    if not len(tables):
        return 1.0
    found, faces = tables[:, :, 1:].sum(axis=(1, 2)) > 0, tables[:, 1:].sum(axis=(1, 2)) > 0
    return float(((found & ~faces).sum() + 1) / (len(tables) + 2))


def _at_least(count: int, number: int, chance: float) -> float:
    """Return the chance of at least `count` of `number`, each with the same chance."""
    from scipy.stats import binom

    return float(binom.sf(count - 1, number, chance))
