"""When not to trust the answer of this very run."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from utils.analysis.prediction.merged import Predictions
from utils.analysis.report.kinds import CLASSIFIER, in_words_of, kind_of
from utils.analysis.report.meaning import meaning
from utils.analysis.report.shift import about_the_shift
from utils.analysis.report.words import known_from, per_cent
from utils.dataset.labels import CLASSES, TITLES
from utils.errors import number_of

FEW_FACES, FEW_PHOTOS = 30, 20
"""From 30 faces, how often they are mistaken is known to within 18 percentage points (95 %)."""

WIDE = 0.30
"""An interval wider than this share says little; the report says so beside the answer."""

USELESS = 0.60
"""One wider than this says next to nothing; that is told wherever the answer is."""

FAR = 0.15
"""A correction by more than this share rests on the test photographs more than on the new ones."""


class Caveat(NamedTuple):
    """A reason not to trust an answer.

    Attributes
    ----------
    text
        Whole sentences, the first of which says it in short.
    serious
        Whether the answer may be about something else than asked: it is told on the console, too.
    """

    text: str
    serious: bool = False

    @property
    def short(self) -> str:
        """The first sentence."""
        return self.text.partition(". ")[0].removesuffix(".") + "."


EACH_ONE_FACE = Caveat(
    "Each new picture was judged as one face, whatever it shows, because nobody looked for faces "
    "in it. A picture without a face counts as a person, and one of several people as one person; "
    "with `--faces` faces are found first."
)

SAME_PHOTOS = Caveat(
    "No new photographs were given: these are the test photographs, on which the detector's "
    "mistakes were counted, too. The answer only says what share their annotations hold.",
    serious=True,
)


def caveats(
    prevalence: dict[str, Any],
    evaluation: dict[str, Any],
    predictions: Predictions,
    others: Sequence[Caveat] = (),
) -> list[Caveat]:
    """Return the reasons not to trust the answer of this very run, the serious ones first.

    Parameters
    ----------
    prevalence, evaluation
        Their records.
    predictions
        On the new photographs.
    others
        What is known of the photographs from where they came in
        (`utils.analysis.report.annotated_data`).
    """
    without = meaning(prevalence["absent"]).without
    unlike = about_the_shift(prevalence["shift"]) if prevalence["people"]["found"] else None
    kind = kind_of(prevalence)
    absent = (evaluation.get("classification") or {}).get("absent", [])
    never = [name for name in absent if name not in prevalence["absent"]]
    told = [
        *map(_never_learnt, never),
        *([EACH_ONE_FACE] if kind == CLASSIFIER and prevalence["people"]["found"] else []),
        *([Caveat(unlike, serious=True)] if unlike else []),
        *([Caveat(without, serious=True)] if without else []),
        *(_about_the_detector(evaluation) if prevalence["reliable"] else []),
        *_about_the_answer(prevalence),
        *others,
        *about_the_photographs(predictions),
        *_about_the_sample(prevalence),
    ]
    told = [caveat._replace(text=in_words_of(kind, caveat.text)) for caveat in told]
    return sorted(told, key=lambda caveat: not caveat.serious)


def _never_learnt(name: str) -> Caveat:
    title = TITLES[CLASSES.index(name) + 1]
    return Caveat(
        f"The training side holds no face of class '{title}', though other sides do, so the "
        "classifier never says it. Such faces are given another class, and their share rests on "
        "that alone; another --seed may split the data otherwise.",
        serious=True,
    )


def _about_the_detector(evaluation: dict[str, Any]) -> list[Caveat]:
    found = evaluation["operating_point"]["any_class"]
    if not found["faces"]:
        nothing = "The test set holds no face, so nothing is known of the detector's mistakes."
        return [Caveat(nothing, serious=True)]
    result = []
    if found["recall"] < 0.5:
        result.append(
            f"The detector misses most people: it found {per_cent(found['recall'])} of the test "
            "faces. The answer rests on the faces that are easy to find."
        )
    if found["precision"] is not None and found["precision"] < 0.5:
        result.append(
            f"Most of what the detector finds is no face: of its boxes on test photographs, "
            f"{per_cent(found['precision'])} were right."
        )
    return [Caveat(text, serious=True) for text in result]


def _about_the_answer(prevalence: dict[str, Any]) -> list[Caveat]:
    result = []
    masked = prevalence["properly_masked"]
    if interval := masked["interval"] or masked["interval_here"]:
        width = interval[1] - interval[0]
        if width > WIDE:
            text = (
                f"The interval spans {100 * width:.0f} percentage points: too wide for more than a "
                "rough impression. More photographs, or a better detector, would narrow it."
            )
            result.append(Caveat(text, serious=width > USELESS))
    if masked["share"] is not None and abs(masked["share"] - masked["raw_share"]) > FAR:
        text = (
            f"The correction is large: from {per_cent(masked['raw_share'])} counted to "
            f"{per_cent(masked['share'])}. The answer is only as good as the assumption that the "
            "detector makes the same mistakes on the new photographs as on the test photographs."
        )
        result.append(Caveat(text))
    if prevalence["constrained"] and prevalence["reliable"]:
        none = [
            TITLES[k]
            for k, name in enumerate(CLASSES, start=1)
            if prevalence["corrected"][name]["count"] < 0.5
            and prevalence["raw"][name]["count"]
            and name not in prevalence["absent"]
        ]
        text = (
            "Fewer faces were found of a class than the mistakes on the test photographs alone "
            "would make; by chance, or because the new photographs are unlike them. No negative "
            "number of people was let stand"
            + (f": nobody is of class {' or '.join(map(repr, none))}." if none else ".")
        )
        result.append(Caveat(text))
    return result


def _about_the_sample(prevalence: dict[str, Any]) -> list[Caveat]:
    photos, result = prevalence["photos"], []
    if not prevalence["people"]["found"] or not prevalence["reliable"]:
        pass  # there is no interval to warn of
    elif photos["new"] == 1:
        result.append(
            "There is one new photograph only. The interval tells how well the detector's mistakes "
            "are known, not how other photographs of the place would differ."
        )
    elif photos["groups"] == 1:
        result.append(
            f"All {photos['new']} new photographs show one scene. They tell who is on them, but "
            "not how other photographs of the place would differ."
        )
    elif photos["groups"] < FEW_PHOTOS:
        result.append(about_few(prevalence))
    elif photos["effective"]["new"] < FEW_PHOTOS / 2:
        result.append(
            "A few crowded photographs hold most of the people; all tell as much as "
            f"{photos['effective']['new']:.0f} equally crowded ones."
        )
    if prevalence["bursts"]["photos"]:
        result.append(about_bursts(prevalence["bursts"], photos["new"]))
    if not prevalence["people"]["found"]:
        return list(map(Caveat, result))  # nothing was corrected
    if photos["test"] < FEW_PHOTOS:
        result.append(f"The detector's mistakes are known from only {known_from(photos)}.")
    tested = [sum(row) for row in prevalence["confusion"]]
    joined = photos.get("validation", 0)
    sides = "The test and validation sets have" if joined else "The test set has"
    there = [
        (TITLES[k], tested[k])
        for k, name in enumerate(CLASSES, start=1)
        if name not in prevalence["absent"]
    ]
    few = [f"{count} of class '{title}'" for title, count in there if 0 < count < FEW_FACES]
    if few:
        result.append(
            f"{sides} few faces: {', '.join(few)}; there should be {FEW_FACES} or more. "
            "How often the detector mistakes them is poorly known."
        )
    unknown = [
        f"{sides} no face of class '{title}'. It was assumed that the detector treats "
        "such faces as well as the others, which nothing proves."
        for title, count in there
        if not count
    ]
    return [*(Caveat(text, serious=True) for text in unknown), *map(Caveat, result)]


def about_few(prevalence: dict[str, Any]) -> str:
    """Say that there are few new photographs."""
    return (
        f"There are only {prevalence['photos']['groups']} new photographs"
        f"{' of different scenes' if prevalence['bursts']['photos'] else ''}; the interval "
        "cannot know what a photograph not taken would have shown."
    )


def about_bursts(bursts: dict[str, int], photos: int) -> str:
    """Say that some of so many new photographs are near-duplicates of each other."""
    return (
        f"{bursts['photos']:,} of {photos:,} new photographs are near-duplicates of each other, in "
        f"{number_of(bursts['groups'], 'group')} of up to {bursts['largest']}: bursts, crops or "
        "the same scene again. The interval takes each group for one observation, because several "
        "photographs of the same people tell no more than one. A person who is on several still "
        "counts as often."
    )


def about_the_photographs(predictions: Predictions, *, learnt: bool = True) -> list[Caveat]:
    """Return caveats of photographs that are not in the answer, and of those that should not be.

    Parameters
    ----------
    learnt
        Whether it matters that the detector learnt from photographs like them.
    """
    result, all_of_them = [], len(predictions.summaries)
    known = sum(photo["resembles"] is not None for photo in predictions.summaries)
    if learnt and known:
        result.append(
            f"{known:,} of {number_of(all_of_them, 'new photograph')} "
            f"{'is a near-duplicate' if known == 1 else 'are near-duplicates'} of photographs "
            "that the detector learnt from: the same picture, a crop of it, or the same scene "
            "again. It does better on what it has seen than elsewhere; leave them out. They are "
            "named below."
        )
    skipped = len(predictions.skipped)
    if skipped:
        result.append(
            f"{number_of(skipped, 'new photograph')} could not be read and "
            f"{'is' if skipped == 1 else 'are'} not in the answer. They are listed below."
        )
    return [Caveat(text, serious=True) for text in result]
