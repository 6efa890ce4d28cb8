"""The cells of ``benchmarks/prevalence.py``: what is simulated, and how it is measured."""

import math
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from benchmarks.simulated_photos import (
    DETECTORS,
    TEST_MIX,
    USUAL,
    Detector,
    Photographs,
    Scene,
    mix_of,
    photographs,
)
from utils.analysis.prevalence.adjusted_counts import adjusted_counts, shares_of
from utils.analysis.prevalence.annotated import annotated_prevalence
from utils.analysis.prevalence.draws import TEST_EVENTS, draw, draw_tables
from utils.analysis.prevalence.intervals import (
    Photos,
    count_interval,
    share_here,
    share_interval,
)
from utils.analysis.prevalence.sampling import draw_sample, inclusion_probabilities

POOL = 40_000
"""Photographs generated for each mix and scene; repetitions draw from them."""

TOGETHER = 50
"""Repetitions that share the weights of their resamples, which makes them a product of matrices."""

_UNEVEN = replace(DETECTORS["middling"], recall=(0.95, 0.60, 0.50))
_RARE = (0.94, 0.03, 0.03)


@dataclass(frozen=True)
class Cell:
    """One line of a table: what is simulated.

    Attributes
    ----------
    table, detector, rate
        The table's name, a key of `_DETECTORS`, and the true share properly masked.
    test, new
        Photographs.
    mix
        Of classes in the test set.
    scene
        What the new photographs are like; test photographs are `USUAL`, but for ``hidden``.
    burst
        Most near-duplicates that a new photograph has.
    stay
        Photographs that people stay for on average, before a camera that stands still; 0 if it does
        not. The estimate is told stretches of time, as `utils.analysis.prediction.bursts` cuts
        them.
    grouped
        Whether bursts are told to the estimate.
    annotated
        How many new photographs are annotated, 0 if none.
    labels
        Whether labels are counted instead of probabilities.
    events
        The prior of test cells.
    """

    table: str
    detector: str
    rate: float
    test: int = 139
    new: int = 200
    mix: tuple[float, ...] = TEST_MIX
    scene: Scene = USUAL
    burst: int = 1
    stay: int = 0
    grouped: bool = False
    annotated: int = 0
    labels: bool = False
    events: float = TEST_EVENTS


def tables() -> dict[str, list[Cell]]:
    """Return every table's cells by its name."""
    three, rates = tuple(DETECTORS), (0.05, 0.5, 0.95)
    crowds = Scene(crowd=14, spread=0.3, hidden=0.8)
    farther, cluttered = Scene(harder=(0, 0.8, 0.4)), Scene(crowd=1.5, invented=3.0)
    told = {
        "label shift": [
            Cell("", d, rate, new=n)
            for d in three for rate in (0.05, 0.25, 0.5, 0.75, 0.95) for n in (20, 200, 2000)
        ],
        "small sets": [
            Cell("", d, 0.5, test=m, new=n)
            for m in (12, 40, 61, 139, 400) for n in (8, 20, 200, 2000) for d in three
        ],
        "class-dependent misses": [Cell("", "uneven", rate) for rate in rates],
        "a class of 3 %": [
            *(Cell("", d, 0.03) for d in three),
            *(Cell("", d, 0.5, mix=_RARE) for d in three),
        ],
        "bursts": [
            Cell("", "middling", 0.5, new=n, burst=8, grouped=grouped)
            for n in (40, 200) for grouped in (False, True)
        ],
        "a still camera": [
            Cell("", "middling", 0.5, new=n, stay=stay, grouped=True)
            for n in (60, 200, 2000) for stay in (2, 5, 20)
        ],
        "crowding": [Cell("", "middling", rate, scene=crowds) for rate in rates],
        "clutter": [Cell("", "middling", rate, scene=cluttered) for rate in rates],
        "size shift": [Cell("", "middling", rate, scene=farther) for rate in rates],
        "annotated": [
            Cell("", "middling", rate, new=n, scene=scene, annotated=k)
            for scene in (USUAL, crowds, farther) for rate in rates
            for n, k in ((200, 20), (200, 50), (2000, 50))
        ],
        "priors": [
            Cell("", d, rate, test=m, new=n, events=events)
            for m in (12, 40, 61, 139, 400) for n in (8, 20, 200, 2000)
            for d in three for rate in rates for events in (0.5, 0.25, 0.125)
        ],
    }  # fmt: skip
    return {name: [replace(cell, table=name) for cell in cells] for name, cells in told.items()}


def measure(cell: Cell, repetitions: int, draws: int, seed: int) -> dict[str, float]:
    """Draw test sets and new photographs, and hold the answers against the truth.

    Returns
    -------
    ``told`` (the share of repetitions with an answer: without a solution there is none);
    ``coverage`` and ``width`` of the interval for the place; ``here`` and ``here_width`` of that
    for these very photographs; ``people`` and ``people_width`` (of the number of people, the width
    as a part of it where there is an upper end) and ``people_open`` (where there is none);
    ``raw_bias``, ``bias``, its Monte Carlo ``error``, and the ``deviation`` of the estimate; the
    bias is against the people on the very photographs, so that their own chance does not blur it.
    Absent where a cell does not have it.
    """
    test = pool(cell.mix, cell.detector, replace(USUAL, hidden=cell.scene.hidden), seed)
    new = pool(mix_of(cell.rate), cell.detector, cell.scene, seed + 1)
    true = new.labels[:, 1:].sum(axis=(0, 2))
    rng = np.random.default_rng([seed, cell.test, cell.new, round(1000 * cell.rate)])
    one = _annotated if cell.annotated else _corrected
    parts = []
    for start in range(0, repetitions, TOGETHER):
        many = min(TOGETHER, repetitions - start)
        parts.append(one(cell, test, new, true[0] / true.sum(), many, draws, rng))
    values = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    told = values.pop("told").astype(bool)
    values = {name: value[told].astype(float) for name, value in values.items()}
    error, share = values["bias"].std() / np.sqrt(max(told.sum(), 1)), values.pop("share")
    finite = {name: value[np.isfinite(value)] for name, value in values.items()}
    result = {name: float(value.mean()) for name, value in finite.items() if len(value)}
    return {"told": float(told.mean()), **result, "error": float(error), "deviation": share.std()}


@lru_cache(maxsize=6)
def pool(mix: tuple[float, ...], detector: str, scene: Scene, seed: int) -> Photographs:
    """Generate the photographs to draw from."""
    known: dict[str, Detector] = {**DETECTORS, "uneven": _UNEVEN}
    return photographs(np.random.default_rng(seed), POOL, mix, known[detector], scene)


Values = dict[str, np.ndarray]


def _corrected(
    cell: Cell,
    test: Photographs,
    new: Photographs,
    truth: float,
    many: int,
    draws: int,
    rng: np.random.Generator,
) -> Values:
    counts = "labels" if cell.labels else "expected"
    at_test = rng.integers(0, len(test.labels), (many, cell.test))
    at_new, starts = _photos(cell, len(new.labels), many, rng)
    labels = new.labels[at_new]
    tested = getattr(test, counts)[at_test]
    seen = getattr(new, counts)[at_new][..., 1:].sum(axis=2)
    boxes = labels[..., 1:].sum(axis=2)
    squared = None
    if cell.grouped:
        sizes = np.diff(starts, append=cell.new)
        squared = np.repeat(sizes, sizes).astype(seen.dtype) @ seen
        seen, boxes = (np.add.reduceat(rows, starts, axis=1) for rows in (seen, boxes))
    drawn = draw(tested, seen, draw_tables(tested, draws, rng, cell.events), rng, squared)
    photos = Photos.of(test.labels[at_test], boxes)
    people = adjusted_counts(drawn.table, drawn.found)
    share, number = shares_of(people)[:, 0], people.sum(axis=1)
    place, of_test, here = (
        shares_of(drawn.people(*chances))[..., 0]
        for chances in (("test", "new"), ("test",), ("test", "detector"))
    )
    counted = boxes.sum(axis=1)
    raw = counted[:, 0] / counted.sum(axis=1)
    there = labels[:, :, 1:].sum(axis=(1, 3))
    size = there.sum(axis=1)
    there = there[:, 0] / size
    spans = {
        "": (share_interval(share, raw, place, of_test, photos), truth),
        "here": (share_here(share, here, photos), there),
        "people": (count_interval(number, *drawn.numbers(), photos), size),
    }
    result = {"told": np.isfinite(share) & (number > 0), "share": share}
    for name, ((low, high), true) in spans.items():
        result[name or "coverage"] = (low <= true + 1e-6) & (true <= high + 1e-6)
        result[f"{name}_width".strip("_")] = (high - low) / (size if name == "people" else 1)
    result["people_open"] = np.isinf(result["people_width"])
    return result | {"raw_bias": raw - there, "bias": share - there}


def _annotated(
    cell: Cell,
    test: Photographs,
    new: Photographs,
    truth: float,
    many: int,
    draws: int,
    rng: np.random.Generator,
) -> Values:
    rows = []
    for _ in range(many):
        at = rng.integers(0, len(new.labels), cell.new)
        found, people = new.expected[at][..., 1:].sum(axis=1), new.labels[at][:, 1:].sum(axis=2)
        chances = inclusion_probabilities(found.sum(axis=1) + 1, cell.annotated)
        chosen = draw_sample(chances, rng)
        answer = annotated_prevalence(found, chosen, people[chosen], chances[chosen])
        there, raw = (part.sum(axis=0)[0] / part.sum() for part in (people, found))
        row = {"told": answer["share"] is not None, "share": answer["share"] or 0.0}
        for name, key, true in (("", "interval", truth), ("here", "interval_here", there)):
            low, high = answer[key] or (0.0, 1.0)
            row[name or "coverage"] = low <= true + 1e-6 and true <= high + 1e-6
            row[f"{name}_width".strip("_")] = high - low
        rows.append(row | {"raw_bias": raw - there, "bias": row["share"] - there})
    return {name: np.array([row[name] for row in rows]) for name in rows[0]}


def _photos(
    cell: Cell, pool: int, many: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Return the new photographs of each repetition, (many, photos), and where groups begin."""
    if cell.stay:
        leaves = rng.random((many, cell.new)) < 1 / cell.stay
        visit = np.cumsum(leaves, axis=1)
        people = rng.integers(0, pool, (many, cell.new + 1))
        # as `utils.analysis.prediction.bursts.split_scenes` cuts one scene
        stretches = np.array_split(np.arange(cell.new), math.isqrt(cell.new))
        starts = np.array([one[0] for one in stretches])
        return np.take_along_axis(people, visit, axis=1), starts
    sizes = rng.integers(1, cell.burst + 1, cell.new)
    starts = np.cumsum(sizes) - sizes
    starts = starts[starts < cell.new]
    lengths = np.diff(starts, append=cell.new)
    return np.repeat(rng.integers(0, pool, (many, len(starts))), lengths, axis=1), starts
