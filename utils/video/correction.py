"""What a model's test showed of its mistakes, and the shares that follow for people.

A person is the unit: one observation, however many frames show them. The classes that views are
mistaken for are corrected by what the model's file carries of its test, as they are for photographs
(`utils.apply.rate`), but only so far as faces that were found were confused. How many test faces
were missed or invented says little here: a face that is missed in a frame is found in the next,
and what is invented for a moment makes no track. Who is never found is in no count. How much people
differ, who are mixed on tracks, is found by `utils.video.mixing`.
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
from utils.analysis.report.meaning import absent_classes
from utils.dataset.labels import BACKGROUND, CLASSES
from utils.drift.features import Album
from utils.drift.watching import album_of_test
from utils.video.clock import Span
from utils.video.mixing import spread_as_people
from utils.video.people import Person, pooled
from utils.video.timeline import of_span


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
        labels, shares = pooled(people)
        return self._estimate(labels, spread_as_people(people, shares))

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
            compared = self._compare([one for _, seen in part for one in seen], labels, labels)
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
        labels = np.repeat([1, 0], [len(part) for part in seen])  # the second less the first
        compared = self._compare([*seen[0], *seen[1]], labels)
        later, earlier = compared["places"]
        (difference,) = compared["differences"]
        return {
            "shares": [earlier["share"], later["share"]],
            "intervals": [earlier["interval"], later["interval"]],
            **{key: difference[key] for key in ("difference", "interval", "p")},
        }

    def _compare(
        self, people: Sequence[Person], labels: np.ndarray, within: np.ndarray | None = None
    ) -> dict[str, Any]:
        rows = spread_as_people(people, pooled(people)[1], labels)
        gone = [CLASSES.index(name) for name in self.absent]
        tested, seen = without_classes(self.expected, rows, gone)
        return compare_places(tested, seen, labels, self.seed, within=within)


def found_only(tables: np.ndarray) -> np.ndarray:
    """Return confusion matrices (..., 4, 4) without what was missed and invented."""
    tables = np.array(tables)
    tables[..., BACKGROUND, :] = tables[..., :, BACKGROUND] = 0
    return tables
