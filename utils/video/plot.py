"""The timeline as a picture: the share with its interval, the people, and what was missed."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from utils.analysis.plots.style import ACCENT, MUTED, empty, styled
from utils.dataset.labels import CLASSES, COLOURS, TITLES
from utils.video.clock import Clock
from utils.video.frames import Gap

_GAP = "#c9ced4"


@styled
def timeline_figure(rows: Sequence[dict[str, Any]], gaps: Sequence[Gap], clock: Clock) -> Figure:
    """Draw the records of a timeline; a span's values stand in its middle.

    Parameters
    ----------
    rows
        As `utils.video.results.VideoResults` makes them.
    gaps
        What was missed: grey.
    """
    fig = Figure(figsize=(10, 6), layout="constrained")
    top, below = fig.subplots(2, 1, sharex=True, height_ratios=(3, 2))
    middles = np.array([(row["start"] + row["end"]) / 2 for row in rows])
    widths = np.array([row["end"] - row["start"] for row in rows])
    _shares(top, rows, middles)
    bottom = np.zeros(len(rows))
    for name, title, colour in zip(CLASSES, TITLES[1:], COLOURS[1:], strict=True):
        counts = np.array([row["counts"][name] for row in rows], float)
        below.bar(middles, counts, 0.86 * widths, bottom, color=colour, label=title)
        bottom += counts
    below.set_ylabel("people seen")
    below.yaxis.set_major_locator(MaxNLocator(integer=True))
    below.set_ylim(0, max(1.0, 1.1 * bottom.max(initial=0)))
    for panel in (top, below):
        for gap in gaps:
            panel.axvspan(gap.start, gap.end, color=_GAP, alpha=0.6, linewidth=0)
    if len(rows):
        below.set_xlim(rows[0]["start"], rows[-1]["end"])
    steps = [1, 1.5, 2, 3, 6, 10]  # whole seconds: a clock tells no half ones
    below.xaxis.set_major_locator(MaxNLocator(8, steps=steps, integer=True))
    below.xaxis.set_major_formatter(FuncFormatter(lambda value, _: clock.told(max(value, 0.0))))
    below.set_xlabel("time of day" if clock.began else "time since the beginning")
    below.legend(loc="upper center", bbox_to_anchor=(0.5, -0.32), ncols=3)
    return fig


def _shares(panel: Any, rows: Sequence[dict[str, Any]], middles: np.ndarray) -> None:
    told = [row["share"] if row["share"] is not None else row["raw_share"] for row in rows]
    there = np.array([value is not None for value in told], bool)
    panel.set_ylim(-3, 103)
    panel.set_ylabel("wear a mask properly, %")
    if not there.any():
        empty(panel, "nobody was seen")
        return
    shares = 100 * np.array([value if value is not None else np.nan for value in told], float)
    for middle, row in zip(middles, rows, strict=True):
        if row["interval"]:
            low, high = (100 * end for end in row["interval"])
            panel.plot([middle, middle], [low, high], color=ACCENT, alpha=0.35, linewidth=5)
    corrected = any(row["share"] is not None for row in rows)
    panel.plot(middles, shares, "o-", color=ACCENT if corrected else MUTED, linewidth=1.4)
    title = "Share by time, with 95 % intervals" if corrected else "Share as counted, by time"
    panel.set_title(title)
