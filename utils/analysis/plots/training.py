"""Pictures of how a model came to be: training curves, and the search for its settings."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from utils.analysis.plots.style import (
    ACCENT,
    INK,
    MUTED,
    empty,
    figure,
    legend_below,
    save,
    styled,
    whole_numbers,
)

_PARTS = {  # of the loss: words, colour
    "classification": ("class of a face", "#D55E00"),
    "box_regression": ("box of a face", "#009E73"),
    "objectness": ("proposals: face or not", "#CC79A7"),
    "rpn_box_regression": ("proposals: box", "#E69F00"),
}


_PRECISION = (
    ("map_50", "at IoU 0.5", ACCENT),
    ("map", "mean over IoU 0.5 to 0.95", "#56B4E9"),
)
_ACCURACY = (
    ("balanced_accuracy", "balanced: mean of the classes' recalls", ACCENT),
    ("accuracy", "of all faces", "#56B4E9"),
)


@styled
def training_curves(record: dict[str, Any], output: Path) -> None:
    """Draw the losses, of training and of validation, and what is reached on validation, by epoch.

    That is the average precision of a detector, and the accuracy of a classifier.

    Parameters
    ----------
    record
        As in ``training.json``; of it only ``epochs`` and ``task`` are read.
    """
    epochs, judges = record["epochs"], record.get("task") == "classify"
    things = "faces" if judges else "photographs"
    fig, (left, right) = figure(12, 6, panels=2)
    left.set_title("Loss")
    right.set_title(f"{'Accuracy' if judges else 'Average precision'} on validation {things}")
    if not epochs:
        empty(left, "no epoch was trained")
        empty(right, "no epoch was trained")
        save(fig, output)
        return
    numbers = [epoch["epoch"] for epoch in epochs]
    marker = "o" if len(epochs) < 12 else None
    for name, (words, colour) in {"total": ("total", INK), **_PARTS}.items():
        for kind, line in (("training", "-"), ("validation", ":")):
            values = _losses(epochs, kind, name)
            if np.isfinite(values).any():
                width = {"linewidth": 1.6} if name in _PARTS else {"zorder": 4}
                label = words if kind == "training" else None
                style = {"color": colour, "linestyle": line, "marker": marker, **width}
                left.plot(numbers, values, label=label, **style)
    if np.isfinite(_losses(epochs, "validation", "total")).any():
        left.plot([], [], color=MUTED, linestyle=":", label=f"dotted: on validation {things}")
    left.set_ylim(bottom=0)
    for name, words, colour in _ACCURACY if judges else _PRECISION:
        values = _column(epochs, "validation", name)
        if not np.isfinite(values).any():
            continue
        right.plot(numbers, values, color=colour, marker=marker, label=words)
        right.annotate(
            f"{values[np.isfinite(values)][-1]:.2f}",
            (numbers[-1], values[np.isfinite(values)][-1]),
            xytext=(8, 0),
            textcoords="offset points",
            va="center",
            color=colour,
            weight="bold",
            annotation_clip=False,
        )
    if not right.lines:
        empty(right, "validation holds no faces")
    else:
        right.set_ylim(0, max(0.1, right.get_ylim()[1]))
        legend_below(right, 1)
    legend_below(left, 2)
    skipped = sum(epoch.get("skipped_batches") or 0 for epoch in epochs)
    for ax in (left, right) if right.lines else (left,):
        whole_numbers(ax, numbers[0], numbers[-1])
        ax.set_xlabel("epoch")
    if skipped:
        fig.supxlabel(
            f"{skipped} batch{'es' * (skipped > 1)} skipped for a non-finite loss",
            fontsize=12,
            color="#D55E00",
        )
    save(fig, output)


@styled
def hpo_history(
    trials: Sequence[dict[str, Any]], kept: int | None, objective: str, output: Path
) -> None:
    """Draw what each trial of the hyper-parameter search reached, and its curve on the way.

    Parameters
    ----------
    trials
        ``{number, state, value, values, error, params}`` each; state is complete, pruned or fail,
        value the objective on validation, values the same after each epoch, error the standard
        error of value.
    kept
        Number of the trial whose settings are used, which need not be the highest (see
        `utils.search.study.best`); None without one.
    objective
        What trials are judged by, in words (`utils.training.plan.Trainable`).
    """
    trials = sorted(trials, key=lambda trial: trial["number"])
    best = next((trial for trial in trials if trial["number"] == kept), None)
    fig, (left, right) = figure(12, 5.2, panels=2)
    left.set_title("What each trial reached")
    right.set_title("Epoch by epoch")
    _reached(left, trials, best)
    _curves(right, trials, best)
    left.set_ylabel(f"validation {objective}")
    told = [value for trial in trials for value in _values(trial)]
    told += [trial["value"] + (trial.get("error") or 0) for trial in trials if trial["value"]]
    top = max([*told, 0.05]) * 1.22
    for ax in (left, right):
        ax.set_ylim(0, top)
    handles, labels = left.get_legend_handles_labels()
    if handles:
        fig.legend(handles, labels, loc="outside lower center", ncols=3)
    save(fig, output)


def _reached(ax: Any, trials: list[dict[str, Any]], best: dict[str, Any] | None) -> None:
    if not trials:
        return empty(ax, "no trial was made")
    ends = {trial["number"]: _values(trial)[-1:] for trial in trials}
    for state, words, marker, colour in (
        ("complete", "complete", "o", ACCENT),
        ("pruned", "pruned: worse than the median", "v", "#8c96a0"),
    ):
        chosen = [t["number"] for t in trials if t["state"] == state and ends[t["number"]]]
        if chosen:
            values = [ends[n][0] for n in chosen]
            ax.scatter(chosen, values, s=90, c=colour, marker=marker, label=words, zorder=3)
    failed = [trial["number"] for trial in trials if trial["state"] == "fail"]
    if failed:
        ax.scatter(
            failed, [0] * len(failed), s=90, c="#D55E00", marker="X", label="failed", clip_on=False
        )
    running, record = 0.0, []
    for trial in trials:
        running = max(running, trial["value"] or 0) if trial["state"] == "complete" else running
        record.append(running)
    if best:
        numbers = [trial["number"] for trial in trials]
        ax.step(numbers, record, where="post", color=ACCENT, alpha=0.35, label="highest so far")
        first = trials[0]
        if first["number"] == 0 and first["state"] == "complete" and first.get("error"):
            ax.axhline(
                first["value"] + first["error"],
                color=MUTED,
                linewidth=1.2,
                linestyle=":",
                label="to beat: trial 0 and its standard error",
            )
        ax.annotate(
            f"kept: {best['value']:.3f}",
            (best["number"], best["value"]),
            xytext=(0, 12),
            textcoords="offset points",
            ha="center",
            weight="bold",
            color=ACCENT,
            annotation_clip=False,
        )
    whole_numbers(ax, trials[0]["number"], trials[-1]["number"])
    return ax.set_xlabel("trial")


def _curves(ax: Any, trials: list[dict[str, Any]], best: dict[str, Any] | None) -> None:
    longest = max([len(trial.get("values") or []) for trial in trials] or [0])
    if not longest:
        return empty(ax, "no trial finished an epoch")
    for trial in sorted(trials, key=lambda t: t is best):
        values = trial.get("values") or []
        chosen = trial is best
        ax.plot(
            range(1, len(values) + 1),
            values,
            color=ACCENT if chosen else "#9aa5b0",
            linewidth=3 if chosen else 1.4,
            linestyle="-" if trial["state"] == "complete" else (0, (3, 2)),
            marker="o" if longest < 12 else None,
            markersize=7 if chosen else 5,
        )
    whole_numbers(ax, 1, longest)
    if best:
        ax.text(
            0.02, 0.97, f"blue: trial {best['number']}, whose settings are used",
            transform=ax.transAxes, va="top", color=MUTED, fontsize=12,
        )  # fmt: skip
    return ax.set_xlabel("epoch")


def _values(trial: dict[str, Any]) -> list[float]:
    """Return the values after each epoch that are known of a trial, its result last."""
    values = [v for v in trial.get("values") or [] if v is not None]
    return values if trial.get("value") is None else [*values, trial["value"]]


def _losses(epochs: list[dict[str, Any]], kind: str, name: str) -> np.ndarray:
    """Return a loss of training or of validation, one number an epoch, as `_column` does."""
    if kind == "training":
        return _column(epochs, "loss", name)
    return _column([epoch.get("validation") or {} for epoch in epochs], "loss", name)


def _column(epochs: list[dict[str, Any]], group: str, name: str) -> np.ndarray:
    """One number an epoch, NaN where it is not told, so that the line has a gap there."""
    values = [(epoch.get(group) or {}).get(name) for epoch in epochs]
    return np.array([np.nan if value is None else value for value in values], np.float64)
