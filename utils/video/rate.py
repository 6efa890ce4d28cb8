"""``rate.json``: the share of people who wear a mask properly, for the whole and by minute.

A person is the unit: one observation, however many frames show them. The classes that views are
mistaken for are corrected by what the model's file carries of its test, as they are for photographs
(`utils.apply.rate`), but only so far as faces that were found were confused. How many test faces
were missed or invented says little here: a face that is missed in a frame is found in the next,
and what is invented for a moment makes no track. Who is never found is in no count.
"""

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np

from utils.analysis.evaluation.carried import unpacked
from utils.analysis.evaluation.joined import correcting_photos
from utils.analysis.prevalence.adjusted_counts import without_classes
from utils.analysis.prevalence.estimate import estimate_prevalence
from utils.analysis.prevalence.places import MOST, compare_places
from utils.analysis.prevalence.quality import LEAST, detector_quality
from utils.analysis.report.meaning import absent_classes, meaning
from utils.analysis.report.words import per_cent, share_digits, span_of
from utils.dataset.labels import BACKGROUND, CLASSES, PROPERLY_MASKED
from utils.drift.features import Album
from utils.drift.watching import album_of_test
from utils.errors import number_of
from utils.video.frames import Gap
from utils.video.people import Person, pooled
from utils.video.timeline import Clock, Span, of_span, seen_and_missed

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


class Correction:
    """What a model's test showed of its mistakes.

    Parameters
    ----------
    evaluation, split
        As `utils.analysis.evaluation.carried.unpacked` returns them.
    """

    def __init__(self, evaluation: dict[str, Any], split: dict[str, Any]) -> None:
        photos = correcting_photos(evaluation)
        whole = np.array([photo["confusion"] for photo in photos])
        expected = np.array([photo["expected"] for photo in photos])
        self.test, self.expected = found_only(whole), found_only(expected)
        self.groups = np.array([split["photos"][photo["name"]]["group"] for photo in photos])
        self.absent = absent_classes(split["sides"])
        self.seed = evaluation["bootstrap"]["seed"]
        quality = detector_quality(whole.sum(axis=0))
        self._tested = evaluation, split
        self.good = all(value is not None and value >= LEAST for value in quality.values())

    @classmethod
    def of(cls, evaluation: Any) -> "Correction":
        """Read it from the field ``evaluation`` of a model file."""
        return cls(*unpacked(evaluation, "the model file"))

    @cached_property
    def album(self) -> Album:
        """The photographs of the test, as `utils.drift` compares them."""
        return album_of_test(*self._tested)

    def nobody(self) -> dict[str, Any]:
        """Return the record of `estimate_prevalence` where nobody was seen."""
        none = np.zeros((1, len(CLASSES)), np.int64)
        return self._estimate(none, none)

    def whole(self, people: Sequence[Person]) -> dict[str, Any]:
        """Return the record of `estimate_prevalence` for people."""
        return self._estimate(*pooled(people))

    def _estimate(self, labels: np.ndarray, shares: np.ndarray) -> dict[str, Any]:
        record = estimate_prevalence(
            self.test,
            labels,
            self.seed,
            expected=(self.expected, shares),
            test_groups=self.groups,
            absent=self.absent,
        )
        if not self.good:
            nothing = dict.fromkeys(("share", "interval", "interval_here"))
            record |= {"reliable": False, "properly_masked": record["properly_masked"] | nothing}
        return record

    def spans(self, people: Sequence[Person], spans: Sequence[Span]) -> list[dict[str, Any]]:
        """Return ``share`` and ``interval`` of each span, None where nobody was seen."""
        told: list[dict[str, Any]] = [{"share": None, "interval": None} for _ in spans]
        if not self.good:
            return told
        there = [(n, of_span(people, span)) for n, span in enumerate(spans)]
        there = [(n, seen) for n, seen in there if seen]
        for first in range(0, len(there), MOST):
            part = there[first : first + MOST]
            labels = np.concatenate([[n] * len(seen) for n, seen in part])
            rows = np.concatenate([pooled(seen)[1] for _, seen in part])
            compared = self._compare(rows, labels, within=labels)
            for place in compared["places"]:
                told[int(place["place"])] = {key: place[key] for key in ("share", "interval")}
        return told

    def difference(
        self, people: Sequence[Person], first: Span, second: Span
    ) -> dict[str, Any] | None:
        """Return the share of two spans and their difference, None where nobody was in one.

        Returns
        -------
        ``shares`` and ``intervals`` of both, ``difference`` of the second less the first, its
        ``interval`` and its ``p``-value.
        """
        seen = [of_span(people, span) for span in (first, second)]
        if not (self.good and all(seen)):
            return None
        rows = np.concatenate([pooled(part)[1] for part in seen])
        labels = np.repeat([1, 0], [len(part) for part in seen])  # the second less the first
        compared = self._compare(rows, labels)
        later, earlier = compared["places"]
        (difference,) = compared["differences"]
        return {
            "shares": [earlier["share"], later["share"]],
            "intervals": [earlier["interval"], later["interval"]],
            **{key: difference[key] for key in ("difference", "interval", "p")},
        }

    def _compare(
        self, rows: np.ndarray, labels: np.ndarray, within: np.ndarray | None = None
    ) -> dict[str, Any]:
        gone = [CLASSES.index(name) for name in self.absent]
        tested, seen = without_classes(self.expected, rows, gone)
        return compare_places(tested, seen, labels, self.seed, within=within)


def found_only(tables: np.ndarray) -> np.ndarray:
    """Return confusion matrices (..., 4, 4) without what was missed and invented."""
    tables = np.array(tables)
    tables[..., BACKGROUND, :] = tables[..., :, BACKGROUND] = 0
    return tables


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
