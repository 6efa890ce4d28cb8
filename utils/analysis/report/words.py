"""The answer in sentences that a scientist could quote."""

from typing import Any

from utils.analysis.prevalence.quality import LEAST
from utils.analysis.report.kinds import CLASSIFIER, in_words_of, kind_of
from utils.analysis.report.meaning import meaning
from utils.dataset.labels import PROPERLY_MASKED, TITLES
from utils.errors import number_of

_SOURCES = {
    "new": "more new photographs",
    "test": "more test photographs",
    "detector": "a better detector, or more new photographs,",
}


def per_cent(share: float | None, digits: int = 0) -> str:
    """Return a share of 0..1 as text, "-" for None."""
    return "-" if share is None else f"{100 * share:.{digits}f} %"


def answer(
    prevalence: dict[str, Any], dealer: str = "`python workflow.py suggest RUN_DIR`"
) -> tuple[str, str]:
    """Return the answer in one sentence, and a second one that says where it comes from.

    Parameters
    ----------
    dealer
        What deals new photographs to annotate.
    """
    kind = kind_of(prevalence)
    first, second = _answer(prevalence, kind, dealer)
    return in_words_of(kind, first), in_words_of(kind, second)


def _answer(prevalence: dict[str, Any], kind: str, dealer: str) -> tuple[str, str]:
    photos, people = prevalence["photos"], prevalence["people"]
    masked, asked = prevalence["properly_masked"], meaning(prevalence["absent"])
    these = number_of(photos["new"], "new photograph")
    found = f"The detector found {number_of(people['found'], 'person', 'people')}"
    if kind == CLASSIFIER:
        judged = number_of(people["found"], "picture")
        found = f"The classifier judged {judged}, each as one face,"
    if not people["found"]:
        return nobody_on(photos["new"], these)
    if not asked.told:
        return (
            f"What share of the {asked.group} on {these} {asked.do} cannot be told: the annotated "
            "photographs do not hold the classes for it.",
            f"{found.removesuffix(',')}. {asked.without}",
        )
    if not prevalence["reliable"] and prevalence["shift"]["broken"]:
        return (
            f"What share of the {asked.group} on {these} {asked.do} cannot be told: they are too "
            f"unlike the test photographs ({prevalence['shift']['words'][0]}).",
            f"{found} and took "
            f"{masked['found']:,} of them to be of class '{TITLES[PROPERLY_MASKED]}', but how "
            "often it errs on such photographs is not known. Annotate some of them, as "
            f"{dealer} deals them.",
        )
    if not prevalence["reliable"]:
        return (
            f"The detector is not good enough to tell what share of the {asked.group} on {these} "
            f"{asked.do}.",
            f"{_quality(prevalence['quality'], kind)} It marked "
            f"{number_of(people['found'], 'place')} as people and called {masked['found']:,} of "
            f"them '{TITLES[PROPERLY_MASKED]}'; nothing follows from that. Train longer, on more "
            "photographs or with a stronger architecture.",
        )
    digits = share_digits(masked["interval"])
    wrong = "missed, invented and confused on"
    seen = f"; by these, about {people['corrected']:,.0f} people are to be seen"
    seen = f"{seen}{between(people['interval'])}"
    if kind == CLASSIFIER:
        wrong, seen = "confused among", ""
    first = (
        f"About {per_cent(masked['share'], digits)} of the {asked.group} on "
        f"{these}{by_weight(prevalence)} {asked.do} ({span_of(masked)})"
        f"{_if_alike(prevalence['shift'])}."
    )
    second = (
        f"{found} and took "
        f"{masked['found']:,} of them ({_counted(prevalence, digits)}) to be of "
        f"class '{TITLES[PROPERLY_MASKED]}'. The answer corrects this for the faces that it "
        f"{wrong} {known_from(photos)}{seen}.{_two_questions(prevalence)}"
    )
    return first, second


def nobody_on(photos: int, these: str) -> tuple[str, str]:
    """Return the answer where nobody was found, with how many photographs that is in words."""
    if not photos:
        return ("No photograph could be looked at.", "So there is no share to tell.")
    return (f"No person was found on {these}.", "So there is no share to tell.")


def known_from(photos: dict[str, Any]) -> str:
    """Return how many photographs tell the detector's mistakes, in words."""
    joined = photos.get("validation", 0)
    told = number_of(photos["test"] - joined, "test photograph")
    return f"{told} and {number_of(joined, 'validation photograph')}" if joined else told


def by_weight(prevalence: dict[str, Any]) -> str:
    """Return what the headline says of weights."""
    return ", each counted by its weight," if prevalence["weighted"] else ""


def _counted(prevalence: dict[str, Any], digits: int) -> str:
    """Return the share as it was counted, and by weights where there are any."""
    found, masked = prevalence["people"]["found"], prevalence["properly_masked"]
    if not prevalence["weighted"]:
        return per_cent(masked["raw_share"], digits)
    plain, weighted = masked["found"] / found, masked["raw_share"]
    return f"{per_cent(plain, digits)}; by the weights {per_cent(weighted, digits)}"


def _if_alike(shift: dict[str, Any]) -> str:
    """Return the condition of the answer, where the photographs do not seem to meet it."""
    if not shift["shifted"]:
        return ""
    return (
        ", if the new photographs are like the test photographs, which they do not seem to be: "
        f"{shift['words'][0]}"
    )


def span_of(share: dict[str, Any]) -> str:
    """Return the interval of a share, in words."""
    if share["interval"]:
        low, high = share["interval"]
        digits = share_digits(share["interval"])
        return f"95 % interval: {100 * low:.{digits}f} to {per_cent(high, digits)}"
    if share["interval_here"]:
        low, high = share["interval_here"]
        return f"95 % interval for them alone: {100 * low:.0f} to {per_cent(high)}"
    return "no interval can be told"


def share_digits(interval: list[float] | None) -> int:
    """Return how many decimals of a per cent are worth telling: 3 at most."""
    width = interval[1] - interval[0] if interval else 1.0
    return sum(width < least for least in (0.05, 0.005, 0.0005))


def _two_questions(prevalence: dict[str, Any]) -> str:
    """Return the interval of these very photographs, and what would narrow that of the place."""
    masked, parts = prevalence["properly_masked"], prevalence["variance"]
    place, here = masked["interval"], masked["interval_here"]
    if not place or not here or not parts or here[1] - here[0] > place[1] - place[0]:
        return ""
    digits = share_digits(place)
    most = max(parts, key=parts.__getitem__)
    return (
        f" For these very photographs alone the interval is {100 * here[0]:.{digits}f} to "
        f"{per_cent(here[1], digits)}; the wider one is for the place that they are a sample of. "
        f"{_SOURCES[most].capitalize()} would narrow that most: that is where "
        f"{per_cent(parts[most])} of its variance comes from."
    )


def as_many_as(prevalence: dict[str, Any]) -> str:
    """Say how many people, asked one by one, would tell as much; "" where there is no answer."""
    design = prevalence["design"]
    if not design or design["effective"] is None:
        return ""
    people = number_of(round(design["effective"]), "person", "people")
    return (
        f"It tells as much as {people} asked one by one, picked at random, would (design effect "
        f"{design['effect']:.1f})."
    )


def _quality(quality: dict[str, float | None], kind: str) -> str:
    if quality["recall"] is None:
        return "The test photographs hold no face, so nothing is known of its mistakes."
    if kind == CLASSIFIER:
        return _separated("On the test faces it was", quality["separation"])
    told = f"On the test photographs it found {per_cent(quality['recall'])} of the faces"
    if quality["precision"] is not None:
        told += f", {per_cent(quality['precision'])} of its boxes were faces"
    if quality["separation"] is None:
        return f"{told}, and whether it tells masks apart cannot be said."
    return _separated(f"{told}, and it was", quality["separation"], " of each")


def _separated(told: str, separation: float | None, of_each: str = "") -> str:
    if separation is None:
        return "Whether it tells masks apart cannot be said from the test photographs."
    return (
        f"{told} {100 * separation:.0f} percentage points likelier to call "
        f"a face properly masked if it was. An answer needs {per_cent(LEAST)}{of_each}."
    )


def between(interval: list[float | None] | None) -> str:
    """Return the interval of a number of people in brackets, after a space."""
    if not interval:
        return ""
    low, high = interval
    if high is None:
        return f" ({low:,.0f} or more; how many at most cannot be told)"
    return f" ({low:,.0f} to {high:,.0f})"
