"""What chance could have made of the counts: draws of the test photographs and of the new ones.

Three things are left to chance, and each has its draws:

- *the test photographs*, which tell the detector's mistakes. Whole photographs are resampled, with
  a prior for mistakes that none of them shows (`utils.metrics.bootstrap.imaginary`);
- *the new photographs*, as a sample of their place. They are resampled in the same way;
- *the detector* on the new photographs: which of the people on them it misses and confuses. The
  test photographs tell how far what is found strays from what its mistakes let expect.

For the place, the first two count: what is resampled holds the detector's chance already. For the
people on these very photographs, the first and the third do.

For their number there is a fourth: *a crowd that is missed*. Where a detector misses most of a few
crowds, and little else, a test set without such a crowd makes it look both better and surer than it
is; whole photographs that are missed get a prior of their own (`missed_crowds`).
"""

from dataclasses import dataclass

import numpy as np

from utils.analysis.prevalence.adjusted_counts import adjusted_counts, expected_as
from utils.metrics.bootstrap import imaginary, resample

TEST_EVENTS = 0.25
"""Prior of each cell of the confusion matrix: a face has four outcomes, and Perks' prior shares one
event among them. `benchmarks/prevalence.py --tables priors` compares it with others."""


@dataclass(frozen=True)
class Draws:
    """Draws of the counts; every array has the leading dimensions of the data.

    Attributes
    ----------
    table, found
        Shapes (..., 4, 4) and (..., 3): the confusion matrix, and what was found on the new
        photographs. No draws.
    tables
        Shape (..., R, 4, 4): confusion matrices of resampled test photographs.
    news
        Shape (..., R, 3): what was found, of resampled new photographs.
    again
        Shape (..., R, 3): what the detector could as well have found on these very photographs.
    crowds
        Shape (..., R, 4, 4): what crowds that are missed add to `tables`.
    """

    table: np.ndarray
    found: np.ndarray
    tables: np.ndarray
    news: np.ndarray
    again: np.ndarray
    crowds: np.ndarray

    def people(self, *chances: str) -> np.ndarray:
        """Return people of each class, (..., R, 3), with only the named left to chance.

        Parameters
        ----------
        chances
            ``test``, and one of ``new`` and ``detector``.
        """
        table = self.tables if "test" in chances else self.table[..., None, :, :]
        found = self.found[..., None, :]
        if "new" in chances or "detector" in chances:
            found = self.news if "new" in chances else self.again
        return adjusted_counts(table, found)

    def numbers(self) -> tuple[np.ndarray, np.ndarray]:
        """Return how many people there are on these very photographs, twice of shape (..., R).

        Without and with crowds that are missed.
        """
        tables = self.tables, self.tables + self.crowds
        without, with_crowds = (adjusted_counts(one, self.again).sum(axis=-1) for one in tables)
        return without, with_crowds


def draw_tables(
    tested: np.ndarray, repetitions: int, rng: np.random.Generator, events: float = TEST_EVENTS
) -> np.ndarray:
    """Draw confusion matrices of resampled test photographs, shape (..., repetitions, 4, 4).

    Parameters
    ----------
    tested
        Shape (..., photos, 4, 4): confusion counts of each test photograph, or of each group.
    events
        The prior of each cell (`imaginary`).
    """
    side = tested.shape[-1]
    rows = tested.reshape(*tested.shape[:-2], side * side)
    tables = resample(rows, repetitions, rng) + imaginary(rows, repetitions, rng, events)
    return tables.reshape(*tables.shape[:-1], side, side)


def draw(
    tested: np.ndarray,
    seen: np.ndarray,
    tables: np.ndarray,
    rng: np.random.Generator,
    squared: np.ndarray | None = None,
) -> Draws:
    """Draw what chance could have made of the counts on the new photographs.

    Parameters
    ----------
    tested
        As in `draw_tables`.
    seen
        Shape (..., photos, 3): what was found on each new photograph, or in each group.
    tables
        As `draw_tables` returns them. The same ones may serve several sets of new photographs,
        which are then corrected by the same test photographs in each draw.
    squared
        Shape (..., 3): as `squared_counts` gives it, where new photographs have weights or groups.
    """
    repetitions = tables.shape[-3]
    news = resample(seen, repetitions, rng) + imaginary(seen, repetitions, rng)
    table, found = tested.sum(axis=-3), seen.sum(axis=-2)
    people = adjusted_counts(table, found if squared is None else squared)
    people = np.nan_to_num(np.maximum(people, 0), posinf=0)
    covariance = detector_covariance(tested, people)
    values, vectors = np.linalg.eigh(covariance)
    root = vectors * np.sqrt(np.maximum(values, 0))[..., None, :]
    normal = rng.normal(size=(repetitions, seen.shape[-1])).astype(covariance.dtype)
    again = np.maximum(found[..., None, :] + normal @ np.swapaxes(root, -1, -2), 0)
    again = again + rng.gamma(0.5, size=normal.shape).astype(covariance.dtype)  # Jeffreys' prior
    return Draws(table, found, tables, news, again, missed_crowds(tested, repetitions, rng))


def missed_crowds(tested: np.ndarray, repetitions: int, rng: np.random.Generator) -> np.ndarray:
    """Draw confusion counts of crowds of which nobody is found: Jeffreys' prior of one such event.

    A crowd is as large as that in which a test face stands on average, and of their mix of classes.
    `benchmarks/drawn_truth.py` shows what it is for.

    Parameters
    ----------
    tested
        Shape (..., photos, 4, 4).

    Returns
    -------
    Shape (..., repetitions, 4, 4); the chance is common to all leading dimensions.
    """
    faces = tested[..., 1:, :].sum(axis=-1)
    sizes, total = faces.sum(axis=-1), faces.sum(axis=(-1, -2))
    crowd = (sizes * sizes).sum(axis=-1) / np.maximum(total, 1)
    each = crowd[..., None] * faces.sum(axis=-2) / np.maximum(total, 1)[..., None]
    result = np.zeros((*tested.shape[:-3], repetitions, *tested.shape[-2:]), tested.dtype)
    events = rng.gamma(0.5, size=repetitions).astype(tested.dtype)
    result[..., 1:, 0] = events[:, None] * each[..., None, :]
    return result


def draw_new(
    tested: np.ndarray,
    seen: np.ndarray,
    tables: np.ndarray,
    rng: np.random.Generator,
    groups: np.ndarray | None = None,
    weights: np.ndarray | None = None,
) -> Draws:
    """Draw as `draw` does, of one set of new photographs some of which belong together.

    Parameters
    ----------
    seen
        Shape (photos, K): what was found on each new photograph.
    groups, weights
        Shape (photos,): labels, equal in a burst, and how much each photograph counts.
    """
    weighed = seen if weights is None else seen * np.asarray(weights)[:, None]
    squared = squared_counts(seen, groups, weights)
    return draw(tested, add_groups(weighed, groups), tables, rng, squared)


def detector_covariance(tested: np.ndarray, people: np.ndarray) -> np.ndarray:
    """Return how what is found of people varies with the detector's chance alone.

    The residuals of each test photograph, found less expected, are shared out over its classes by
    their faces, and added up for as many people of each class as there are. A class without test
    faces is taken to vary as all together do.

    Parameters
    ----------
    tested
        Shape (..., photos, 4, 4).
    people
        Shape (..., 3): how many there are of each class, not negative.

    Returns
    -------
    Shape (..., 3, 3): the covariance matrix of the counts found of each class.
    """
    faces = tested[..., 1:, :].sum(axis=-1)
    found = tested[..., 1:].sum(axis=-2)
    residuals = found - faces @ expected_as(tested.sum(axis=-3))
    often = stands_for(faces, people)
    return np.swapaxes(residuals * often[..., None], -1, -2) @ residuals


def stands_for(faces: np.ndarray, people: np.ndarray) -> np.ndarray:
    """Return how many photographs each test photograph stands for, by who is on it.

    Parameters
    ----------
    faces
        Shape (..., photos, 3): faces of each class on each test photograph.
    people
        Shape (..., 3): people of each class elsewhere.

    Returns
    -------
    Shape (..., photos). Times the faces they add up to the people of each class, as far as each
    photograph holds one class. Photographs without faces, and classes without test faces, come in
    proportion to all people.
    """
    crowd, total = faces.sum(axis=-1), faces.sum(axis=-2)
    everybody = np.maximum(total.sum(axis=-1), 1)
    times = np.where(total > 0, people / np.maximum(total, 1), 0)
    untested = np.where(total > 0, 0, people).sum(axis=-1) / everybody
    mixed = (faces * times[..., None, :]).sum(axis=-1) / np.maximum(crowd, 1)
    empty = people.sum(axis=-1) / everybody
    return np.where(crowd > 0, mixed + untested[..., None], empty[..., None])


def squared_counts(
    seen: np.ndarray, groups: np.ndarray | None = None, weights: np.ndarray | None = None
) -> np.ndarray:
    """Add up what was found, each time by what weighs its chance: (photos, 3) to (3,).

    The variance of what the detector finds goes with the squares of the weights. Of a burst it sees
    nearly the same again and again: each photograph weighs as many times.

    Parameters
    ----------
    groups, weights
        Shape (photos,): labels, equal in a burst, and how much each photograph counts.
    """
    seen = np.asarray(seen)
    often = np.ones(len(seen)) if weights is None else np.asarray(weights, np.float64) ** 2
    if groups is not None and len(seen):
        _, place, sizes = np.unique(np.asarray(groups), return_inverse=True, return_counts=True)
        often = often * sizes[place]
    return often @ seen


def add_groups(rows: np.ndarray, groups: np.ndarray | None) -> np.ndarray:
    """Add up the counts of photographs that belong together: (photos, ...) to (groups, ...).

    Photographs of one burst are as one observation.

    Parameters
    ----------
    groups
        Shape (photos,): any labels; equal ones belong together. None if each stands alone.
    """
    rows = np.asarray(rows)
    if groups is None or not len(rows):
        return rows
    names, place = np.unique(np.asarray(groups), return_inverse=True)
    result = np.zeros((len(names), *rows.shape[1:]), rows.dtype)
    np.add.at(result, place, rows)
    return result
