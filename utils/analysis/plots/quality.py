"""Pictures of how good a model is: confusion matrix, precision over recall, calibration."""

from pathlib import Path
from typing import Any

import matplotlib
import numpy as np

from utils.analysis.plots.style import (
    ACCENT,
    INK,
    MUTED,
    SEQUENTIAL,
    empty,
    figure,
    legend_below,
    save,
    styled,
)
from utils.dataset.labels import CLASSES, COLOURS, TITLES


@styled
def confusion_matrix(confusion: np.ndarray, threshold: float | None, output: Path) -> None:
    """Draw a confusion matrix: number of faces, and share of its row, in every cell.

    Parameters
    ----------
    confusion
        Shape (4, 4): rows true, columns predicted, 0 is "no face" (see
        `utils.metrics.confusion.confusion_counts`). It is drawn last, where readers expect it.
    threshold
        Least confidence of the detections in it. None where the faces were given, so that none is
        missed or invented; then neither "no face" nor classes that are not there are drawn.
    """
    counts = np.asarray(confusion, np.int64)
    order = [*range(1, len(TITLES)), 0]
    if threshold is None:
        order = [k for k in order[:-1] if counts[k].any() or counts[:, k].any()]
    counts = counts[np.ix_(order, order)]
    totals = counts.sum(axis=1, keepdims=True)
    shares = np.divide(counts, totals, out=np.zeros(counts.shape), where=totals > 0)
    last = len(order) - 1
    nothing = last if threshold is not None else -1  # where there is no cell
    words = [TITLES[k].replace("mask worn incorrectly", "mask worn\nincorrectly") for k in order]
    fig, (ax,) = figure(8.6, 7.2)
    image = np.ma.masked_array(shares, mask=np.eye(last + 1) * (np.arange(last + 1) == nothing))
    ax.imshow(image, cmap=SEQUENTIAL, vmin=0, vmax=1.12, aspect="auto")
    for (row, column), count in np.ndenumerate(counts):
        if row == column == nothing:
            ax.text(column, row, "-", ha="center", va="center", color=MUTED)
            continue
        ink = "white" if shares[row, column] > 0.6 else INK
        share = f"{100 * shares[row, column]:.0f} %" if totals[row, 0] else "-"
        ax.text(
            column,
            row - 0.1,
            share,
            ha="center",
            va="center",
            color=ink,
            fontsize=19,
            weight="bold",
        )
        ax.text(column, row + 0.22, f"{count:,}", ha="center", va="center", color=ink, fontsize=13)
    found = threshold is None
    ax.set_xticks(range(last + 1), words if found else [*words[:-1], "not found"])
    ax.set_yticks(range(last + 1), words if found else [*words[:-1], "no face\n(invented)"])
    for label in [*ax.get_yticklabels(), *ax.get_xticklabels()]:
        label.set(color=INK, fontsize=14)
    ax.set_xlabel(f"what the {'classifier' if found else 'detector'} said", labelpad=10)
    ax.set_ylabel("what it was", labelpad=10)
    above = "" if threshold is None else f" (confidence ≥ {threshold:.2f})"
    ax.set_title(f"Share and number of each row's faces{above}")
    ax.grid(visible=False)
    ax.spines[:].set_visible(False)
    ax.set_xticks(np.arange(last + 2) - 0.5, minor=True)
    ax.set_yticks(np.arange(last + 2) - 0.5, minor=True)
    ax.grid(which="minor", color="white", linewidth=3)
    ax.tick_params(which="both", length=0)
    save(fig, output)


@styled
def precision_recall(record: dict[str, Any], output: Path) -> None:
    """Draw precision over recall by class, with the operating point of each.

    Parameters
    ----------
    record
        As in ``evaluation.json``: ``precision_recall`` ({name: {recall, precision}}),
        ``average_precision``, ``operating_point`` and ``threshold``.
    """
    fig, (ax,) = figure(8.6, 6.4)
    _f1_lines(ax)
    drawn = False
    for k, name in enumerate(CLASSES, start=1):
        curve = record["precision_recall"][name]
        found = record["average_precision"]["classes"][name]
        if not found["faces"]:
            ax.plot([], [], color=COLOURS[k], label=f"{TITLES[k]}: no face in the test set")
            continue
        drawn = True
        words = f"{TITLES[k]}: AP {found['map_50']:.2f}  ({found['faces']:,} faces)"
        reached = np.count_nonzero(curve["precision"])  # beyond, no threshold gives such a recall
        ax.plot(
            curve["recall"][:reached], curve["precision"][:reached], color=COLOURS[k], label=words
        )
        point = record["operating_point"]["classes"][name]
        if point["precision"] is not None:
            ax.plot(
                point["recall"],
                point["precision"],
                "o",
                color=COLOURS[k],
                markersize=12,
                markeredgecolor="white",
                markeredgewidth=2,
                clip_on=False,
                zorder=5,
            )
    if not drawn:
        empty(ax, "the test set has no faces")
    ax.set(xlim=(0, 1.01), ylim=(0, 1.02))
    ax.set_xlabel("recall: share of the faces that were found")
    ax.set_ylabel("precision: share of the finds that are right")
    ax.set_title(f"Precision and recall at IoU 0.5; dots: confidence ≥ {record['threshold']:.2f}")
    fig.legend(loc="outside lower center", ncols=1, fontsize=13)
    save(fig, output)


_ABOVE = {"textcoords": "offset points", "ha": "center", "fontsize": 10, "color": INK}


@styled
def calibration(record: dict[str, Any], threshold: float | None, output: Path) -> None:
    """Draw how often boxes of a confidence are right, before and after calibration.

    Parameters
    ----------
    record
        ``before`` and ``after`` as `utils.metrics.calibration.reliability` returns them.
    threshold
        The operating threshold, which is marked; None where each face is judged, and is no box.
    """
    things = "boxes" if threshold is not None else "faces"
    fig, (left, right) = figure(13.2, 5.8, panels=2)
    left.plot([0, 1], [0, 1], color="#c4ccd4", linewidth=1.5, linestyle=(0, (4, 4)))
    looks = {
        "before": {"color": MUTED, "marker": "s", "linestyle": (0, (2, 2)), "markersize": 7},
        "after": {"color": ACCENT, "marker": "o", "markersize": 9},
    }
    for place, (name, look) in zip((-0.021, 0.021), looks.items(), strict=True):
        bins = record[name]["bins"]
        filled = [part for part in bins if part["count"]]
        error = record[name]["ece"]
        words = f"{name} calibration: error {'-' if error is None else format(error, '.3f')}"
        x, y = ([part[key] for part in filled] for key in ("confidence", "right"))
        left.plot(x, y, label=words, clip_on=False, zorder=3, **look)
        middles = np.array([(part["from"] + part["below"]) / 2 for part in bins])
        counts = [part["count"] for part in bins]
        right.bar(middles + place, counts, 0.038, color=look["color"], label=f"{name} calibration")
    if not filled:
        empty(left, "the detector found nothing")
    for ax in (left, right):
        if threshold is not None:
            ax.axvline(threshold, color=INK, linewidth=1.2, linestyle=":")
        ax.set_xlim(0, 1)
    left.set(ylim=(0, 1), ylabel=f"share of these {things} that are right")
    left.set_title("How often a confidence is right")
    for middle, count in zip(middles, counts, strict=True):
        right.annotate(f"{count:,}", (middle + 0.021, count), (0, 3), **_ABOVE)
    right.set_yscale("symlog", linthresh=10)
    right.set_ylim(0, 2 * max(10, *counts))
    right.yaxis.set_major_formatter("{x:,.0f}")
    marked = "" if threshold is None else f" (dotted: threshold {threshold:.2f})"
    right.set(ylabel=things, title=f"{things.capitalize()} by confidence{marked}")
    for ax in (left, right):
        ax.set_xlabel("confidence")
        legend_below(ax, columns=2)
    save(fig, output)


def _f1_lines(ax: matplotlib.axes.Axes) -> None:
    """Thin lines of equal F1 score behind the curves."""
    recall = np.linspace(0.01, 1, 200)
    for f1 in (0.2, 0.4, 0.6, 0.8):
        with np.errstate(divide="ignore"):
            precision = f1 * recall / (2 * recall - f1)
        keep = (precision > 0) & (precision <= 1)
        ax.plot(recall[keep], precision[keep], color="#c4ccd4", linewidth=1, linestyle=(0, (4, 4)))
        ax.text(1.02, f1 / (2 - f1), f"F1 {f1:g}", color=MUTED, fontsize=11, va="center")
