"""Tracks that are of several people, one after the other: how much more people differ than tracks.

In a crowd a track goes over from one to another. What is pooled of two people lies between them, so
that tracks are more alike than people are, and an interval by how much tracks differ is too narrow.
How often that happens shows in the views of a track: where it is of one person, views differ by the
model's mistakes alone, as much from one to the next as from the first to the last; where it goes
over, they differ more in all than within a second. What is more is the variance of people within
tracks (as von Neumann, Ann. Math. Stat. 12 (1941) 367, compares a variance with that of steps),
which is added to that between them. People who are on two tracks are not found by that.
"""

from collections.abc import Sequence

import numpy as np

from utils.video.people import Person

NEAR = 1.0
"""Seconds between two views of a track that are mostly of one person."""

FEWEST = 20
"""Pairs of such views, in all tracks, from which it can be told how they differ."""


def spread_as_people(
    people: Sequence[Person], shares: np.ndarray, places: np.ndarray | None = None
) -> np.ndarray:
    """Return pooled shares (N, 3) that differ as people do; their means stay.

    Parameters
    ----------
    places
        Shape (N,): labels of parts whose means stay; by default all are one.
    """
    if len(people) < 2:
        return shares
    places = np.zeros(len(people)) if places is None else np.asarray(places)
    result = np.array(shares, np.float64)
    between = float(result.var(axis=0).sum())
    more = np.sqrt(1 + within_tracks(people) / between) if between > 1e-9 else 1.0
    for place in np.unique(places):
        rows = places == place
        mean = result[rows].mean(axis=0)
        result[rows] = mean + more * (result[rows] - mean)
    return result


def within_tracks(people: Sequence[Person]) -> float:
    """Return the variance of people within tracks: of class shares, added up over the classes."""
    near: list[float] = []
    found: list[float] = []
    for person in people:
        if len(person.views) < 2:
            continue
        views = sorted(person.views, key=lambda view: view.time)
        shares = np.array([view.shares for view in views])
        steps = np.square(np.diff(shares, axis=0)).sum(axis=1) / 2
        near += steps[np.diff([view.time for view in views]) <= NEAR].tolist()
        found.append(float(shares.var(axis=0, ddof=1).sum()))
    if len(near) < FEWEST:
        return 0.0
    return max(0.0, (sum(found) - len(found) * float(np.mean(near))) / len(people))
