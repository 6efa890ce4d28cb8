"""One look for all pictures: fonts, sizes, colours, and how a figure is made and saved."""

import functools
import io
import threading
from collections.abc import Callable
from pathlib import Path
from typing import ParamSpec, TypeVar

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from utils.records import write_atomically

INK, MUTED, GRID = "#1c2733", "#5a6672", "#dfe4ea"
ACCENT = "#0072B2"  # Okabe and Ito's blue; the classes have the other colours
SEQUENTIAL = "Blues"

_RC = {
    "font.family": "DejaVu Sans",  # matplotlib ships it, so every machine draws alike
    "font.size": 13,
    "text.color": INK,
    "axes.titlesize": 14,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.titlepad": 12,
    "axes.labelsize": 13,
    "axes.labelcolor": MUTED,
    "axes.edgecolor": "#aab4be",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": GRID,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "legend.frameon": False,
    "legend.fontsize": 12,
    "lines.linewidth": 2.4,
    "lines.solid_capstyle": "round",
}


_ONE_AT_A_TIME = threading.RLock()  # matplotlib has one look for all threads

P, R = ParamSpec("P"), TypeVar("R")


def styled(draw: Callable[P, R]) -> Callable[P, R]:
    """Decorate a function that draws and saves a figure: all of it follows this module's look."""

    @functools.wraps(draw)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> R:
        with _ONE_AT_A_TIME, matplotlib.rc_context(_RC):
            return draw(*args, **kwargs)

    return wrapper


def figure(width: float, height: float, panels: int = 1) -> tuple[Figure, list[Axes]]:
    """Return an empty figure, `width` x `height` inches, with panels side by side."""
    fig = Figure(figsize=(width, height), layout="constrained")
    fig.get_layout_engine().set(w_pad=0.12, h_pad=0.12, wspace=0.06)
    return fig, list(fig.subplots(1, panels, squeeze=False)[0])


def save(fig: Figure, output: Path) -> None:
    """Write a figure as PNG, whole or not at all; equal figures give equal bytes."""
    write_atomically(output, as_png(fig))


def as_png(fig: Figure) -> bytes:
    """Return a figure as PNG."""
    file = io.BytesIO()
    fig.savefig(file, format="png", dpi=150, facecolor="white", metadata={"Software": None})
    return file.getvalue()


def whole_numbers(ax: Axes, first: int, last: int) -> None:
    """Tick an x axis of epochs or trials, `first` to `last`, at about ten whole numbers."""
    step = next(s for s in _STEPS if s * 10 > last - first)
    start = first if step == 1 else -(-first // step) * step
    ticks = list(range(start, last + 1, step))
    ax.set_xticks(ticks if ticks[0] - first < step / 2 else [first, *ticks])
    margin = max(0.4, (last - first) / 40)
    ax.set_xlim(first - margin, last + margin)


def empty(ax: Axes, text: str) -> None:
    """Say in the middle of a panel why it is empty."""
    ax.text(0.5, 0.5, text, ha="center", va="center", color=MUTED, transform=ax.transAxes)
    ax.set(xticks=[], yticks=[])


def legend_below(ax: Axes, columns: int) -> None:
    """Put a panel's legend under its x axis, where it hides no data."""
    ax.legend(
        loc="upper center",
        bbox_to_anchor=(0.5, -0.16),
        ncols=columns,
        columnspacing=1.4,
        handlelength=1.4,
    )


_STEPS = tuple(int(m * 10**e) for e in np.arange(9) for m in (1, 2, 5))
