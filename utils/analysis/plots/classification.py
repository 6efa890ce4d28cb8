"""Pictures of how well a classifier tells each class from the others: ROC, precision and recall."""

from pathlib import Path
from typing import Any

from matplotlib.axes import Axes

from utils.analysis.plots.style import empty, figure, save, styled
from utils.dataset.labels import CLASSES, COLOURS, TITLES

_FAINT = {"color": "#c4ccd4", "linewidth": 1.5, "linestyle": (0, (4, 4))}


@styled
def roc(record: dict[str, Any], output: Path) -> None:
    """Draw the true over the false positive rate of each class against the others.

    Parameters
    ----------
    record
        ``classification`` of ``evaluation.json``
        (`utils.analysis.evaluation.classification.classification_record`).
    """
    fig, (ax,) = figure(8.6, 6.8)
    ax.plot([0, 1], [0, 1], **_FAINT)
    drawn = False
    for k, name, part, words in _classes(record, "auc", "AUC"):
        curve = record["roc"].get(name)
        if curve is None:
            ax.plot([], [], color=COLOURS[k], label=words)
            continue
        drawn = True
        x, y = curve["false_positive_rate"], curve["true_positive_rate"]
        ax.plot([0, *x], [0, *y], color=COLOURS[k], label=words)
        _dot(ax, 1 - part["specificity"], part["recall"], COLOURS[k])
    if not drawn:
        empty(ax, "the test faces are all of one class")
    ax.set(xlim=(-0.01, 1), ylim=(0, 1.02))
    ax.set_xlabel("false positive rate: share of the other faces that are called so")
    ax.set_ylabel("true positive rate: share of its faces that are called so")
    ax.set_title("ROC of each class; dots: where the likeliest class decides")
    fig.legend(loc="outside lower center", ncols=1, fontsize=13)
    save(fig, output)


@styled
def precision_recall(record: dict[str, Any], output: Path) -> None:
    """Draw precision over recall of each class against the others.

    Parameters
    ----------
    record
        As `roc` takes it.
    """
    fig, (ax,) = figure(8.6, 6.8)
    drawn = False
    for k, name, part, words in _classes(record, "average_precision", "AP"):
        curve = record["precision_recall"].get(name)
        if curve is None:
            ax.plot([], [], color=COLOURS[k], label=words)
            continue
        drawn = True
        share = part["faces"] / record["faces"]
        ax.plot([0, 1], [share] * 2, **{**_FAINT, "color": COLOURS[k], "alpha": 0.5})
        ax.plot(curve["recall"], curve["precision"], color=COLOURS[k], label=words)
        if part["precision"] is not None:
            _dot(ax, part["recall"], part["precision"], COLOURS[k])
    if not drawn:
        empty(ax, "there is no test face")
    ax.set(xlim=(0, 1.01), ylim=(0, 1.02))
    ax.set_xlabel("recall: share of its faces that are called so")
    ax.set_ylabel("precision: share of those called so that are")
    ax.set_title("Precision and recall of each class; dashed: by chance")
    fig.legend(loc="outside lower center", ncols=1, fontsize=13)
    save(fig, output)


def _classes(record: dict[str, Any], area: str, title: str) -> list[tuple[int, str, dict, str]]:
    """Return id, name, numbers and words of the legend for each class."""
    result = []
    for k, name in enumerate(CLASSES, start=1):
        part = record["classes"][name]
        words = "not learnt" if name in record["absent"] else "no face in the test set"
        if part[area] is not None:
            span = part["intervals"][area]
            between = f" [{span[0]:.3f} {span[1]:.3f}]" if span else ""
            words = f"{title} {part[area]:.3f}{between}  ({part['faces']:,} faces)"
        elif part["faces"] and name not in record["absent"]:
            words = f"all {part['faces']:,} faces"
        result.append((k, name, part, f"{TITLES[k]}: {words}"))
    return result


def _dot(ax: Axes, x: float, y: float, colour: str) -> None:
    look = {"markersize": 12, "markeredgecolor": "white", "markeredgewidth": 2}
    ax.plot(x, y, "o", color=colour, clip_on=False, zorder=5, **look)
