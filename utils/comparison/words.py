"""A comparison in words: for a terminal, and what the page says of numbers."""

from collections.abc import Mapping, Sequence

from utils.comparison.measured import Comparison
from utils.dag.status_tables import table
from utils.dataset.labels import CLASSES, TITLES
from utils.metrics.paired import Paired
from utils.tracking.differences import Difference

_TITLES = {
    "map": "mAP over IoU .5 to .95",
    "map_50": "mAP at IoU .5",
    "balanced_accuracy": "balanced accuracy",
    "accuracy": "accuracy",
    "f1": "F1",
    "recall": "recall",
    "precision": "precision",
    "found": "faces found, of any class",
    "class_of_found": "faces found whose class is right",
}
TOPICS = {
    "options": "Options",
    "settings": "Settings of the final training",
    "data": "Data",
    "code": "Code",
    "packages": "Packages",
}
SHOWN, WIDTH = 12, 40
"""Differences of a topic that a terminal shows, and characters of each; the page has them all."""


def title(name: str) -> str:
    """Return what a measure is called."""
    measure, _, of_class = name.partition(":")
    told = _TITLES[measure]
    if not of_class:
        return told
    told = told.replace("mAP", "AP")
    return f"{told}: {TITLES[CLASSES.index(of_class) + 1]}"


def verdict(measure: Paired) -> str:
    """Return what can be said of a difference."""
    if measure.difference is None:
        return "nothing to count"
    if measure.verdict == "equal":
        return "the same throughout"
    if measure.interval is None:
        return "too few photographs differ" if measure.differ < 2 else "no interval"
    told = {"higher": "higher", "lower": "lower", "open": "cannot be told apart"}
    return told[measure.verdict]


def summary(comparison: Comparison) -> str:
    """Return in a sentence whether the second is better, by the measure that comes first."""
    first, second = comparison.first.name, comparison.second.name
    if not comparison.measures:
        return f"{second} cannot be compared with {first}."
    name, one = next(iter(comparison.measures.items()))
    if one.interval is None:  # of too few photographs: by what has one
        told = [(n, m) for n, m in comparison.measures.items() if m.interval and ":" not in n]
        name, one = told[0] if told else (name, one)
    what = f"{title(name)} {score(one.second)} against {score(one.first)}"
    span = ""
    if one.interval:
        span = f" (95 % interval of the difference: {signed(one.interval[0])} to "
        span += f"{signed(one.interval[1])})"
    words = {
        "higher": f"{second} is better than {first}",
        "lower": f"{second} is worse than {first}",
        "open": f"{second} and {first} cannot be told apart",
        "equal": f"{second} and {first} do the same throughout",
    }
    return f"{words[one.verdict]}: {what}{span}, on {comparison.photos:,} test photographs."


def score(value: float | None) -> str:
    """Return a measure with three digits."""
    return "-" if value is None else f"{value:.3f}"


def signed(value: float | None) -> str:
    """Return a difference of measures with three digits and its sign."""
    return "-" if value is None else f"{value:+.3f}"


def told(comparisons: Sequence[Comparison], differ: Mapping[str, Sequence[Difference]]) -> str:
    """Return what differs between runs, and the differences of their measures, as text."""
    names = [comparisons[0].first.name, *(one.second.name for one in comparisons)]
    lines: list[str] = []
    for topic, rows in differ.items():
        if not rows:
            continue
        shown = rows[: 1 if topic == "code" else SHOWN]  # of code, files say little here
        cells = [[row.what, *(value[:WIDTH] for value in row.values)] for row in shown]
        lines += table([TOPICS[topic], *names], cells)
        more = len(rows) - len(shown)
        lines += [f"and {more} more, see the page"] * bool(more) + [""]
    if not lines:
        lines = ["Nothing differs in options, settings, data, code and packages", ""]
    for one in comparisons:
        lines += [summary(one), *(f"{note}." for note in one.notes)]
        if one.measures:
            head = ["", one.first.name, one.second.name, "difference", "95 % interval", ""]
            lines += ["", *table(head, [_cells(*item) for item in one.measures.items()])]
        lines.append("")
    return "\n".join(lines[:-1])


def _cells(name: str, one: Paired) -> list[str]:
    span = f"{signed(one.interval[0])} to {signed(one.interval[1])}" if one.interval else ""
    numbers = score(one.first), score(one.second), signed(one.difference)
    return [title(name), *numbers, span, verdict(one)]
