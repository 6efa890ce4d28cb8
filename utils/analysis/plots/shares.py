"""The share by place and over time, as ``--groups`` tells them, as a picture."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter, date2num
from matplotlib.figure import Figure

from utils.analysis.plots.style import ACCENT, GRID, INK, MUTED, empty, figure, save, styled
from utils.dataset.periods import next_start, periods
from utils.errors import brief, number_of

SEVERAL = 6
"""Places that have each a line over time; of more, all are drawn as one."""

_COLOURS = (ACCENT, "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
_MARKERS = "osD^vP"
_NO_SHARE = "no share can be told"
_HOLLOW = "hollow: without annotations, corrected by the test photographs alone"

Row = dict[str, Any]


@styled
def plot_shares(places: Mapping[str, Any], share: str, output: Path) -> None:
    """Draw shares with their intervals, and how many photographs each rests on.

    Over time where two periods or more are told, with a gap where there are no photographs; else
    one row for each place. Marks are hollow where too few photographs of a place are annotated for
    a share of their own, and the one without annotations stands in.

    Parameters
    ----------
    places
        ``places`` of the answer's record (`utils.analysis.report.places.breakdowns`).
    share
        What the share is called.
    """
    told = {one["by"]: one["places"] for one in places["breakdowns"]}
    timed = [row for row in told.get(places["period"], []) if row["start"]]
    if len(timed) > 1:
        lines = _lines(places, told, timed)
        fig = _over_time(timed, lines, places["period"], share)
        without = places["without_time"]
        notes = [f"{number_of(without, 'photograph')} without a time not shown"] if without else []
        _add_notes(fig, notes, chain.from_iterable(lines.values()))
    elif told:
        by, rows = next(iter(told.items()))
        fig = _by_place(rows, by, share)
        _add_notes(fig, [], rows)
    else:
        fig, [ax] = figure(11, 2)
        empty(ax, "weights alone are told: no places and no times")
    save(fig, output)


def _lines(
    places: Mapping[str, Any], told: Mapping[str, list[Row]], timed: list[Row]
) -> dict[str, list[Row]]:
    """Return the rows of each line: of each place, if they are few, else of all."""
    both = [row for row in told.get(_both(places, told), []) if row["start"]]
    names = sorted({row["of"] for row in both})
    known = [row for row in both if _told(row)[0]["share"] is not None]
    if not 1 < len(names) <= SEVERAL or len(known) * 2 < len(both):
        return {"": timed}
    return {name: [row for row in both if row["of"] == name] for name in names}


def _both(places: Mapping[str, Any], told: Mapping[str, list[Row]]) -> str | None:
    ending = f" and {places['period']}"
    return next((by for by in told if by.endswith(ending)), None)


def _told(row: Row) -> tuple[dict[str, Any], bool]:
    """Return what holds the share and the interval of a place, and whether it is without
    annotations."""
    alone = row.get("alone") or {"share": None}
    hollow = row["share"] is None and alone["share"] is not None
    return (alone, True) if hollow else (row, False)


def _add_notes(fig: Figure, notes: list[str], rows: Iterable[Row]) -> None:
    notes = [*notes, _HOLLOW] if any(_told(row)[1] for row in rows) else notes
    if notes:
        fig.supxlabel("; ".join(notes), fontsize=12, color=MUTED)


def _over_time(timed: list[Row], lines: Mapping[str, list[Row]], unit: str, share: str) -> Figure:
    fig = Figure(figsize=(12, 6.4), layout="constrained")
    above, below = fig.subplots(2, 1, sharex=True, height_ratios=(3, 1))
    starts = [datetime.fromisoformat(row["start"]) for row in timed]
    whole = periods(min(starts), max(starts), unit)
    edges = date2num([*whole, next_start(whole[-1], unit)])
    number = {start: n for n, start in enumerate(whole)}
    for n in sorted(set(range(len(whole))) - {number[start] for start in starts}):
        for ax in (above, below):
            ax.axvspan(edges[n], edges[n + 1], color=GRID, alpha=0.45, linewidth=0)
    for k, (name, rows) in enumerate(lines.items()):
        places = [number[datetime.fromisoformat(row["start"])] for row in rows]
        shift = (k + 1) / (len(lines) + 1)  # beside each other within their period
        at = edges[places] + shift * (edges[1:] - edges[:-1])[places]
        _line(above, places, at, rows, name, k)
    if not any(_told(row)[0]["share"] is not None for rows in lines.values() for row in rows):
        above.text(0.5, 0.5, _NO_SHARE, ha="center", color=MUTED, transform=above.transAxes)
    above.set(title=f"{share.capitalize()} by {unit}", ylim=(0, 100))
    above.yaxis.set_major_formatter("{x:g} %")
    if len(lines) > 1:
        above.legend(loc="upper left", bbox_to_anchor=(1, 1))
    counts = np.zeros(len(whole))
    counts[[number[start] for start in starts]] = [row["photos"] for row in timed]
    widths = 0.8 * (edges[1:] - edges[:-1])
    below.bar(edges[:-1] + 0.1 / 0.8 * widths, counts, width=widths, align="edge", color=MUTED)
    below.set_title("Photographs; grey: none in that time", fontsize=12, weight="normal")
    below.set_xlim(edges[0], edges[-1])
    locator = AutoDateLocator()
    below.xaxis.set_major_locator(locator)
    below.xaxis.set_major_formatter(ConciseDateFormatter(locator))
    return fig


def _line(
    ax: Axes, places: Sequence[int], at: np.ndarray, rows: list[Row], name: str, k: int
) -> None:
    """Draw shares with their intervals, joined where one period follows the other."""
    colour, told = _COLOURS[k], [_told(row) for row in rows]
    shares = np.array([np.nan if one["share"] is None else 100 * one["share"] for one, _ in told])
    for x, (one, _) in zip(at, told, strict=True):
        if one["interval"]:
            ax.vlines(x, *(100 * end for end in one["interval"]), color=colour, alpha=0.45, lw=5)
    first = min(places, default=0)
    joined = np.full((2, max(places, default=-1) + 1 - first), np.nan)
    joined[:, np.array(places, int) - first] = at, shares
    ax.plot(*joined, color=colour, linewidth=1.6, zorder=3)
    hollow = np.array([is_hollow for _, is_hollow in told], bool)
    for some, face in ((~hollow, colour), (hollow, "white")):
        look = {"color": colour, "markerfacecolor": face, "markersize": 8, "zorder": 4}
        name = "" if face == "white" else _shown(name)
        ax.plot(at[some], shares[some], _MARKERS[k], label=name or None, **look)


def _by_place(rows: list[Row], by: str, share: str) -> Figure:
    fig, [ax] = figure(11, 1.8 + 0.42 * len(rows))
    for y, row in enumerate(rows):
        one, hollow = _told(row)
        if one["interval"]:
            ax.hlines(y, *(100 * end for end in one["interval"]), color=ACCENT, alpha=0.45, lw=6)
        if one["share"] is not None:
            look = {"color": ACCENT, "markerfacecolor": "white" if hollow else ACCENT}
            ax.plot(100 * one["share"], y, "o", markersize=8, **look)
        else:
            ax.text(50, y, _NO_SHARE, ha="center", va="center", color=MUTED, fontsize=12)
        words = number_of(row["photos"], "photograph")
        ax.text(101, y, words, va="center", color=INK, fontsize=12, clip_on=False)
    ax.set_yticks(range(len(rows)), [_shown(row["place"]) for row in rows])
    ax.set(title=f"{share.capitalize()} by {by}", xlim=(0, 100), ylim=(len(rows) - 0.4, -0.6))
    ax.xaxis.set_major_formatter("{x:g} %")
    ax.grid(axis="y", visible=False)
    return fig


def _shown(name: str) -> str:
    """Return a name as matplotlib may show it: short, and not taken for mathematics."""
    return brief(name, 40).replace("$", r"\$")
