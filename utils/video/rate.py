"""``rate.json``: the share of people who wear a mask properly, for the whole and by minute."""

from collections.abc import Sequence
from typing import Any

from utils.analysis.report.meaning import meaning
from utils.analysis.report.words import per_cent, share_digits, span_of
from utils.dataset.labels import CLASSES, PROPERLY_MASKED
from utils.errors import number_of
from utils.video.clock import Clock, Span
from utils.video.correction import Correction
from utils.video.frames import Gap
from utils.video.people import Person, pooled
from utils.video.timeline import of_span, seen_and_missed

_BEST = PROPERLY_MASKED - 1
_NOT_FOUND = (
    "People whose faces were never found are in no count. If those without a mask were found less "
    "often than others, or more often, the share does not know."
)
_TWICE = (
    "Whoever leaves the picture for longer than a few seconds and comes back counts as somebody "
    "else."
)

ALWAYS = [_NOT_FOUND, _TWICE]
"""Caveats of every answer."""

IN_EACH = "Whoever is in several videos counts in each."


def rate_record(
    people: Sequence[Person], correction: Correction | None, why: str | None, warnings: list[str]
) -> dict[str, Any]:
    """Return the answer for the whole.

    Parameters
    ----------
    people
        Everybody who counts.
    correction
        None where nothing corrects; `why` then says why, in words.
    warnings
        More reasons not to trust it, in whole sentences: serious ones.

    Returns
    -------
    ``answer`` and ``explanation``, ``caveats``, ``serious``, ``uncorrected``, ``people``,
    ``counts`` by class, ``raw_share``, ``share``, ``interval``, ``interval_here``, ``reliable`` and
    ``estimate`` (`estimate_prevalence`), None without a correction.
    """
    labels, _ = pooled(people)
    counts = dict(zip(CLASSES, labels.sum(axis=0).tolist(), strict=True))
    raw = counts[CLASSES[_BEST]] / len(people) if people else None
    estimate = correction.whole(people) if correction and people else None
    masked = estimate["properly_masked"] if estimate else {}
    serious = list(warnings)
    if why:
        serious.append(f"What was counted is not corrected, because {why}.")
    absent = correction.absent if correction else []
    asked = meaning(absent)
    if asked.without:
        serious.append(asked.without)
    answer, explanation = _sentences(people, counts, raw, estimate, absent)
    return {
        "answer": answer,
        "explanation": explanation,
        "uncorrected": why,
        "caveats": [*serious, *ALWAYS],
        "serious": serious,
        "people": len(people),
        "counts": counts,
        "raw_share": raw,
        "share": masked.get("share"),
        "interval": masked.get("interval"),
        "interval_here": masked.get("interval_here"),
        "reliable": bool(estimate and estimate["reliable"]),
        "estimate": estimate,
    }


def timeline_rows(
    people: Sequence[Person],
    spans: Sequence[Span],
    correction: Correction | None,
    clock: Clock,
    times: Sequence[Sequence[float]],
    gaps: Sequence[Gap],
) -> list[dict[str, Any]]:
    """Return a record a span: who was seen in it, shares, seconds seen and missed.

    Parameters
    ----------
    times, gaps
        [start, end] of what was looked at without a longer pause, and what was missed.
    """
    shares: Sequence[dict[str, Any]] = [{"share": None, "interval": None}] * len(spans)
    if correction:
        shares = correction.spans(people, spans)
    rows = []
    for span, told in zip(spans, shares, strict=True):
        there = of_span(people, span)
        counts = dict(zip(CLASSES, pooled(there)[0].sum(axis=0).tolist(), strict=True))
        seen, missed = seen_and_missed(times, gaps, span.start, span.end)
        rows.append(
            {
                "name": span.name,
                "start": span.start,
                "end": span.end,
                "clock": clock.iso(span.start),
                "people": len(there),
                "counts": counts,
                "raw_share": counts[CLASSES[_BEST]] / len(there) if there else None,
                **told,
                "seconds_seen": seen,
                "seconds_missed": missed,
            }
        )
    return rows


def difference_in_words(compared: dict[str, Any]) -> str:
    """Return what ``compared`` of ``rate.json`` says, in a sentence."""
    first, second = compared["periods"]
    if compared.get("difference") is None:
        seen = " and ".join(map(str, compared["people"]))
        told = f"{first} and {second} cannot be compared: {seen} people were seen in them."
        if compared.get("since_start") and 0 in compared["people"]:
            told += " Times are since the beginning; --clock says when that was."
        return told
    points, ends = 100 * compared["difference"], compared["interval"]
    told = f"{second} has {abs(points):.0f} percentage points {'more' if points >= 0 else 'less'}"
    if ends is None:
        return f"{told} than {first}; no interval can be told."
    low, high = (100 * end for end in ends)
    chance = " That may be chance." if low <= 0 <= high else ""
    return (
        f"{told} than {first} (95 % interval of the difference: {low:.0f} to {high:.0f}).{chance}"
    )


def _sentences(
    people: Sequence[Person],
    counts: dict[str, int],
    raw: float | None,
    estimate: dict[str, Any] | None,
    absent: Sequence[str],
) -> tuple[str, str]:
    if not people:
        return "Nobody was seen.", "So there is no share to tell."
    asked, best = meaning(absent), counts[CLASSES[_BEST]]
    seen = number_of(len(people), "person", "people")
    if estimate and estimate["reliable"]:
        masked = estimate["properly_masked"]
        digits = share_digits(masked["interval"])
        first = (
            f"About {per_cent(masked['share'], digits)} of the {asked.group} seen {asked.do} "
            f"({span_of(masked)})."
        )
        second = (
            f"{seen} {'was' if len(people) == 1 else 'were'} seen, each counted once, and "
            f"{best:,} of them ({per_cent(raw)}) taken to wear a mask properly. The answer "
            f"corrects this for the faces that the model confused on its "
            f"{number_of(estimate['photos']['test'], 'test photograph')}."
        )
        return first, second
    if estimate:
        return (
            f"The model cannot tell classes apart well enough to say what share of the {seen} seen "
            f"{asked.do}.",
            f"It took {best:,} of them for people who {asked.do}; nothing follows from that.",
        )
    return (
        f"Of {seen} seen, {best:,} ({per_cent(raw)}) seem to wear a mask properly; this is only "
        "what was counted, and has no interval.",
        "How often the model confuses faces, and so how far the share may be off, is not known "
        "here.",
    )
