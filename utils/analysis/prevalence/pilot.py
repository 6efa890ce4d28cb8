"""What a first answer tells of others, from other numbers of photographs.

For other numbers of photographs, the draws of the first answer are scaled: sums grow with the
number, and how far draws stray from them with its root; the prior stays as it is. The interval is
then made of them as that of the answer is. For annotated new photographs, surveys are simulated:
the test photographs are annotated and were looked at by the detector, too, and stand for the new
ones with weights that give them the same mix (`utils.analysis.prevalence.balance`).

There is no plan where there is nothing to make it of. Near an end of 0..1 the width depends on the
share itself, so a first answer that does not tell it apart from that end does not tell the width of
others. And where only a few test photographs hold people like the new ones, they say little of how
answers about these vary. ``benchmarks/planner.py`` compares plans with simulated answers.
"""

from dataclasses import dataclass, replace

import numpy as np

from utils.analysis.prevalence.adjusted_counts import BEST, adjusted_counts, expected_as, shares_of
from utils.analysis.prevalence.annotated import annotated_prevalence
from utils.analysis.prevalence.balance import balanced
from utils.analysis.prevalence.draws import TEST_EVENTS, add_groups
from utils.analysis.prevalence.intervals import Photos, share_interval
from utils.analysis.prevalence.sampling import draw_sample, inclusion_probabilities
from utils.analysis.prevalence.scaled import Sums
from utils.dataset.labels import CLASSES
from utils.metrics.bootstrap import effective_photos
from utils.seed import derive_seed

REPETITIONS = 2000
SURVEYS = 20
"""Simulated for each number of annotated photographs."""

AWAY = 2.0
"""Standard errors that a share must be away from 0 and 1 for a plan."""

KNOWN = 0.08
"""Standard error of a share near 0 or 1 from which on there is no plan of annotations either."""

ALIKE = 10.0
"""Effective test photographs like the new ones that a plan needs."""

ALIKE_PART = 0.15
"""The part of all test photographs that these must be for a plan of annotations."""


@dataclass(frozen=True)
class Pilot:
    """What a first answer tells of others.

    Attributes
    ----------
    share, error
        The share properly masked and its standard error.
    photos, tested
        How many new and test photographs there are.
    seen, table
        What was found on the new photographs, and the confusion matrix of the test photographs.
    spread
        Variance of the share by new and by test photographs, times how many of them there are.
    found, people
        Shape (tested, 3): on each test photograph, what was found, and who is there; 0 of the
        classes that the data do not have.
    alike
        Shape (tested,): their weights as new photographs.
    groups
        Shape (photos,): equal numbers for new photographs that are one observation.
    seed
        Of the simulated surveys.
    """

    share: float
    error: float
    photos: int
    tested: int
    seen: Sums
    table: Sums
    spread: tuple[float, float]
    found: np.ndarray
    people: np.ndarray
    alike: np.ndarray
    groups: np.ndarray
    seed: int

    @property
    def told(self) -> bool:
        """Whether there can be a plan of photographs: the share is told apart from 0 and 1, too."""
        away = min(self.share, 1 - self.share) >= AWAY * self.error
        return away and float(effective_photos(self.alike)) >= ALIKE

    @property
    def tested_alike(self) -> bool:
        """Whether there can be a plan of annotations: test photographs enough are like the new."""
        known = self.told or self.error <= KNOWN
        return known and float(effective_photos(self.alike)) >= max(ALIKE, ALIKE_PART * self.tested)

    def half_width(self, new: int, test: int) -> float:
        """Predict the half-width for so many new and test photographs."""
        groups = new * self.seen.photos / self.photos
        known = self.table.effective * test, self.seen.effective * groups
        if min(known) <= 1:
            return 0.5
        found, news = self.seen.of(groups)
        table, tables = self.table.of(test)
        share, place, tested = (
            shares_of(adjusted_counts(*pair))[..., BEST]
            for pair in ((table, found), (tables, news), (tables, found))
        )
        photos = Photos(*map(np.float64, (*known, test, groups)))
        low, high = share_interval(share, np.float64(0.5), place, tested, photos)
        return float(high - low) / 2

    def annotated_half_width(self, annotated: int, new: int | None = None) -> float:
        """Predict the half-width with so many of the new photographs annotated.

        Parameters
        ----------
        new
            How many new photographs there are; by default, as many as now.
        """
        rng = np.random.default_rng(self.seed)
        number = np.arange(new or self.photos)
        groups = self.groups[number % self.photos] + len(self.groups) * (number // self.photos)
        place = _numbered(groups)
        widths = []
        for _ in range(SURVEYS):
            at = rng.choice(self.tested, place.max() + 1, p=self.alike)[place]
            chances = inclusion_probabilities(self.found[at].sum(axis=1) + 1, annotated)
            chosen = draw_sample(chances, rng)
            survey = self.people[at[chosen]], chances[chosen]
            told = annotated_prevalence(self.found[at], chosen, *survey, groups=place)
            low, high = told["interval"] or (0.0, 1.0)
            widths.append((high - low) / 2)
        return float(np.mean(widths))


def pilot(
    tested: np.ndarray,
    seen: np.ndarray,
    seed: int,
    repetitions: int = REPETITIONS,
    groups: np.ndarray | None = None,
) -> Pilot | None:
    """Learn from a first answer how others would be; None where there is none to learn from.

    Parameters
    ----------
    tested, seen
        Shapes (photos, K + 1, K + 1) and (photos, K): confusion counts of the test photographs, and
        what was found on the new ones, both in probabilities or both as labels.
    groups
        Shape (photos,): equal labels for new photographs that are one observation.
    """
    tested, seen = np.asarray(tested, np.float64), np.asarray(seen, np.float64)
    parts = add_groups(seen, groups)
    people = adjusted_counts(tested.sum(axis=0), seen.sum(axis=0))
    known = Photos.of(tested, parts)
    if not np.isfinite(shares_of(people)).all() or min(known.new, known.test) <= 1:
        return None
    rng = np.random.default_rng(derive_seed(seed, "planner"))
    new = Sums.of_rows(parts, 0.5, repetitions, rng, float(known.new))
    table = Sums.of_rows(tested, TEST_EVENTS, repetitions, rng, float(known.test))
    (found, news), (confusion, tables) = new.of(new.photos), table.of(table.photos)
    drawn = adjusted_counts(tables, news)
    # where chance has pushed the share beyond an end, it is most likely somewhat before it
    mix = np.nanmean(shares_of(drawn[np.isfinite(drawn).all(axis=1)]), axis=0)
    people = people.sum() * mix / mix.sum()
    faces = tested[:, 1:].sum(axis=2)
    spread = _variance(adjusted_counts(confusion, news)), _variance(adjusted_counts(tables, found))
    return Pilot(
        share=float(mix[BEST] / mix.sum()),
        error=_variance(drawn) ** 0.5,
        photos=len(seen),
        tested=len(tested),
        seen=replace(new, total=people @ expected_as(table.total)),
        table=table,
        spread=(spread[0] * len(seen), spread[1] * len(tested)),
        found=_of_all(tested[:, :, 1:].sum(axis=1)),
        people=_of_all(faces),
        alike=balanced(faces, people),
        groups=np.arange(len(seen)) if groups is None else _numbered(groups),
        seed=derive_seed(seed, "surveys"),
    )


def _numbered(groups: np.ndarray) -> np.ndarray:
    return np.unique(np.asarray(groups), return_inverse=True)[1]


def _of_all(counts: np.ndarray) -> np.ndarray:
    """Add classes of which nobody is: (photos, K) to (photos, 3)."""
    return np.pad(counts, ((0, 0), (0, len(CLASSES) - counts.shape[1])))


def _variance(people: np.ndarray) -> float:
    """Return the variance of the share by its middle 68 %: draws beyond may be of any size.

    The share is not confined to 0..1, because it would then seem to be known near the ends.
    """
    total = people.sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        shares = np.where(total > 0, people[:, BEST] / total, np.nan)
    low, high = np.nanquantile(shares, (0.16, 0.84))
    return float(((high - low) / 2) ** 2)
