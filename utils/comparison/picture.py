"""The picture of a comparison: each measure's difference with its interval."""

from collections.abc import Sequence
from pathlib import Path

from utils.analysis.plots.style import ACCENT, INK, MUTED, empty, figure, save, styled
from utils.comparison.measured import Comparison
from utils.comparison.words import title

_COLOURS = (ACCENT, "#D55E00", "#009E73", "#CC79A7", "#E69F00", INK)


@styled
def draw_differences(comparisons: Sequence[Comparison], output: Path) -> None:
    """Draw by how much runs are above or below the first one, measure by measure.

    Those whose interval holds 0 are hollow.
    """
    names = list(dict.fromkeys(name for one in comparisons for name in one.measures))
    names = [n for n in names if any(_difference(one, n) is not None for one in comparisons)]
    fig, (ax,) = figure(10, 1.6 + 0.42 * max(len(names), 4))
    ax.set_title("Difference from the first run, and its 95 % interval")
    if not names:
        empty(ax, "nothing can be compared")
        save(fig, output)
        return
    step = 0.8 / len(comparisons)
    for k, one in enumerate(comparisons):
        colour = _COLOURS[k % len(_COLOURS)]
        if one.measures:
            ax.plot([], [], "o", color=colour, label=one.second.name)
        for row, name in enumerate(names):
            if (value := _difference(one, name)) is None:
                continue
            y, measure = row + (k - (len(comparisons) - 1) / 2) * step, one.measures[name]
            if measure.interval:
                ax.plot(measure.interval, (y, y), color=colour, linewidth=2.4)
            sure = measure.verdict in ("higher", "lower")
            fill = colour if sure else "white"
            ax.plot(
                value, y, "o", color=colour, markersize=8, markerfacecolor=fill, markeredgewidth=2
            )
    ax.axvline(0, color=INK, linewidth=1.2)
    ax.set_yticks(range(len(names)), [title(name) for name in names])
    ax.set_ylim(len(names) - 0.4, -0.6)
    ax.tick_params(axis="y", length=0, labelcolor=INK)
    reach = max(abs(value) for value in ax.get_xlim())
    ax.set_xlim(-reach, reach)
    ax.grid(visible=False, axis="y")
    ax.set_xlabel("lower than the first    |    higher")
    ax.xaxis.label.set_color(MUTED)
    if len(comparisons) > 1:
        ax.legend(loc="upper center", bbox_to_anchor=(0.3, -0.12))
    save(fig, output)


def _difference(comparison: Comparison, name: str) -> float | None:
    measure = comparison.measures.get(name)
    return measure.difference if measure else None
