"""The answer in sentences that a scientist could quote, and when not to trust it."""

from typing import Any

from utils.analysis.prevalence.estimate import LEAST
from utils.dataset.labels import CLASSES, TITLES

FEW_FACES, FEW_PHOTOS = 30, 20
"""From 30 faces, how often they are mistaken is known to within 18 percentage points (95 %)."""

WIDE = 0.30
"""An interval wider than this share says little; the report says so beside the answer."""

FAR = 0.15
"""A correction by more than this share rests on the test photographs more than on the new ones."""

SAME_PHOTOS = (
    "No new photographs were given: these are the test photographs, on which the detector's "
    "mistakes were counted, too. The answer only says what share their annotations hold."
)


def per_cent(share: float | None, digits: int = 0) -> str:
    """Return a share of 0..1 as text, "-" for None."""
    return "-" if share is None else f"{100 * share:.{digits}f} %"


def number_of(count: int, singular: str, plural: str | None = None) -> str:
    """Return "1 photograph", "2 photographs", with commas in thousands."""
    return f"{count:,} {singular if count == 1 else plural or singular + 's'}"


def answer(prevalence: dict[str, Any]) -> tuple[str, str]:
    """Return the answer in one sentence, and a second one that says where it comes from."""
    photos, people = prevalence["photos"], prevalence["people"]
    masked = prevalence["properly_masked"]
    these = number_of(photos["new"], "new photograph")
    if not people["found"]:
        return (f"No person was found on {these}.", "So there is no share to tell.")
    if not prevalence["reliable"]:
        return (
            f"The detector is not good enough to tell what share of the people on {these} "
            "wear a mask properly.",
            f"{_quality(prevalence['quality'])} It marked "
            f"{number_of(people['found'], 'place')} as people and called {masked['found']:,} of "
            "them properly masked; nothing follows from that. Train longer, on more photographs "
            "or with a stronger architecture.",
        )
    digits = share_digits(masked["interval"])
    span = "no interval can be told"
    if masked["interval"]:
        low, high = masked["interval"]
        span = f"95 % interval: {100 * low:.{digits}f} to {per_cent(high, digits)}"
    elif masked["interval_here"]:
        low, high = masked["interval_here"]
        span = f"95 % interval for them alone: {100 * low:.0f} to {per_cent(high)}"
    first = (
        f"About {per_cent(masked['share'], digits)} of the people on {these} "
        f"wear a mask properly ({span})."
    )
    second = (
        f"The detector found {number_of(people['found'], 'person', 'people')} and took "
        f"{masked['found']:,} of them ({per_cent(masked['raw_share'], digits)}) to wear a mask "
        f"properly. The answer corrects this for the faces that it missed, invented and confused "
        f"on {number_of(photos['test'], 'test photograph')}; by these, "
        f"about {people['corrected']:,.0f} people are to be seen{_between(people['interval'])}."
    )
    return first, second


def share_digits(interval: list[float] | None) -> int:
    """Return how many decimals of a per cent are worth telling."""
    return 1 if interval and interval[1] - interval[0] < 0.05 else 0


def caveats(
    prevalence: dict[str, Any],
    evaluation: dict[str, Any],
    likeness: dict[str, dict[str, Any]],
    skipped: int,
) -> list[str]:
    """Return the reasons, most serious first, not to trust the answer of this very run.

    Parameters
    ----------
    prevalence, evaluation
        Their records.
    likeness
        As `utils.analysis.prevalence.likeness` compares the new photographs with the test ones.
    skipped
        How many new photographs could not be read.
    """
    return [
        *(_about_the_detector(evaluation) if prevalence["reliable"] else []),
        *_about_the_answer(prevalence),
        *_about_the_sample(prevalence, evaluation, skipped),
        *(_about_the_likeness(likeness) if prevalence["people"]["found"] else []),
    ]


def _quality(quality: dict[str, float | None]) -> str:
    told = f"On the test photographs it found {per_cent(quality['recall'])} of the faces"
    if quality["precision"] is not None:
        told += f", {per_cent(quality['precision'])} of its boxes were faces"
    if quality["separation"] is None:
        return f"{told}, and whether it tells masks apart cannot be said."
    return (
        f"{told}, and it was {100 * quality['separation']:.0f} percentage points likelier to call "
        f"a face properly masked if it was. An answer needs {per_cent(LEAST)} of each."
    )


def _between(interval: list[float] | None) -> str:
    return f" ({interval[0]:,.0f} to {interval[1]:,.0f})" if interval else ""


def _about_the_detector(evaluation: dict[str, Any]) -> list[str]:
    found = evaluation["operating_point"]["any_class"]
    result = []
    if not found["faces"]:
        return ["The test set holds no face, so nothing is known of the detector's mistakes."]
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
    return result


def _about_the_answer(prevalence: dict[str, Any]) -> list[str]:
    result = []
    interval = prevalence["properly_masked"]["interval"]
    if interval and interval[1] - interval[0] > WIDE:
        result.append(
            f"The interval spans {100 * (interval[1] - interval[0]):.0f} percentage points: "
            "too wide for more than a rough impression. More photographs, or a better detector, "
            "would narrow it."
        )
    masked = prevalence["properly_masked"]
    if masked["share"] is not None and abs(masked["share"] - masked["raw_share"]) > FAR:
        result.append(
            f"The correction is large: from {per_cent(masked['raw_share'])} counted to "
            f"{per_cent(masked['share'])}. The answer is only as good as the assumption that the "
            "detector makes the same mistakes on the new photographs as on the test photographs."
        )
    if prevalence["constrained"] and prevalence["reliable"]:
        none = [
            TITLES[k]
            for k, name in enumerate(CLASSES, start=1)
            if prevalence["corrected"][name]["count"] < 0.5 and prevalence["raw"][name]["count"]
        ]
        result.append(
            "Fewer faces were found of a class than the mistakes on the test photographs alone "
            "would make; by chance, or because the new photographs are unlike them. No negative "
            "number of people was let stand"
            + (f": nobody is of class {' or '.join(map(repr, none))}." if none else ".")
        )
    return result


def _about_the_sample(
    prevalence: dict[str, Any], evaluation: dict[str, Any], skipped: int
) -> list[str]:
    photos, result = prevalence["photos"], []
    if not prevalence["people"]["found"] or not prevalence["reliable"]:
        pass  # there is no interval to warn of
    elif photos["new"] == 1:
        result.append(
            "There is one new photograph only. The interval tells how well the detector's mistakes "
            "are known, not how other photographs of the place would differ."
        )
    elif photos["new"] < FEW_PHOTOS:
        result.append(
            f"There are only {photos['new']} new photographs; the interval cannot know what a "
            "photograph not taken would have shown."
        )
    elif photos["effective"]["new"] < FEW_PHOTOS / 2:
        result.append(
            "A few crowded photographs hold most of the people; all tell as much as "
            f"{photos['effective']['new']:.0f} equally crowded ones."
        )
    if photos["test"] < FEW_PHOTOS:
        result.append(
            f"The detector's mistakes are known from only "
            f"{number_of(photos['test'], 'test photograph')}."
        )
    faces = {TITLES[k]: evaluation["faces"][name] for k, name in enumerate(CLASSES, start=1)}
    result += [
        f"The test set has no face of class '{title}'. It was assumed that the detector treats "
        "such faces as well as the others, which nothing proves."
        for title, count in faces.items()
        if not count
    ]
    few = [f"{n} of class '{title}'" for title, n in faces.items() if 0 < n < FEW_FACES]
    if few:
        result.append(
            f"The test set has few faces: {', '.join(few)}; there should be {FEW_FACES} or more. "
            "How often the detector mistakes them is poorly known."
        )
    if skipped:
        result.append(
            f"{number_of(skipped, 'new photograph')} could not be read and "
            f"{'is' if skipped == 1 else 'are'} not in the answer; see below."
        )
    return result


def _about_the_likeness(likeness: dict[str, dict[str, Any]]) -> list[str]:
    """New photographs unlike the test photographs void the correction; two signs of it."""
    result = []
    if likeness["side"]["unlike"]:
        times = 2 ** likeness["side"]["difference"]
        size = f"{times:.1f} times as wide" if times > 1 else f"only {times:.2f} times as wide"
        result.append(f"its boxes are {size}")
    if likeness["confidence"]["unlike"]:
        more = "surer" if likeness["confidence"]["difference"] > 0 else "less sure"
        deviations = abs(likeness["confidence"]["deviations"])
        result.append(f"it is {more} of them (by {deviations:.1f} standard deviations)")
    if not result:
        return []
    return [
        "The new photographs are unlike the test photographs to the detector: "
        f"{' and '.join(result)}, more than chance or another mix of classes explains. "
        "It may make other mistakes there than those that the answer corrects."
    ]
