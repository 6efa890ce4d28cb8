"""A picture of the DAG: by graphviz where it is installed, else by matplotlib."""

import shutil
import subprocess
from graphlib import TopologicalSorter
from itertools import pairwise
from pathlib import Path
from statistics import fmean

from Pegasus.api import Workflow

from utils.errors import InputError

FORMATS = (".png", ".svg", ".pdf")

_LINE = "#666666"
_HALF_BOX, _HEAD = 0.16, 0.06  # in rows
_COLOURS = {  # by the first word of the job's kind: what the job is about
    "split": "#CFE8F5",
    "plot": "#CFE8F5",
    "preprocess": "#CFE8F5",
    "hpo": "#FBE3C0",
    "train": "#F6CDBB",
    "evaluate": "#CDEBDD",
    "predict": "#CDEBDD",
    "report": "#E6D9EE",
}


def draw_graph(workflow: Workflow, output: Path) -> None:
    """Draw jobs as boxes and "must finish before" as arrows, to a PNG, SVG or PDF file.

    Raises
    ------
    InputError
        If `output` ends in something else.
    """
    if output.suffix not in FORMATS:
        raise InputError(f"--output: {output} must end in one of {', '.join(FORMATS)}")
    children = _reduced(edges(workflow))
    if shutil.which("dot"):
        _draw_with_graphviz(children, output)
    else:
        _draw_with_matplotlib(children, output)


def edges(workflow: Workflow) -> dict[str, set[str]]:
    """Return the children of every job, by the files that they hand on."""
    makers = {use.file.lfn: name for name, use in _uses(workflow, "output")}
    children: dict[str, set[str]] = {name: set() for name in workflow.jobs}
    for name, use in _uses(workflow, "input"):
        if use.file.lfn in makers:
            children[makers[use.file.lfn]].add(name)
    return children


def _uses(workflow: Workflow, kind: str) -> list:
    return [(n, use) for n, job in workflow.jobs.items() for use in job.uses if use._type == kind]


def _reduced(children: dict[str, set[str]]) -> dict[str, set[str]]:
    """Leave out every edge that a longer way implies (transitive reduction)."""
    below: dict[str, set[str]] = {}

    def reach(name: str) -> set[str]:
        if name not in below:
            below[name] = set().union(*({c} | reach(c) for c in children[name]))
        return below[name]

    return {
        name: {c for c in found if not any(c in reach(other) for other in found - {c})}
        for name, found in children.items()
    }


def _colour(name: str) -> str:
    return _COLOURS.get(name.split("_")[0], "#EEEEEE")


def _draw_with_graphviz(children: dict[str, set[str]], output: Path) -> None:
    command = ["dot", f"-T{output.suffix[1:]}", "-o", str(output)]
    subprocess.run(command, input=graphviz_source(children), text=True, check=True)


def graphviz_source(children: dict[str, set[str]]) -> str:
    """Return the graph in graphviz's language."""
    lines = [
        "digraph workflow {",
        'graph [nodesep=0.25 ranksep=0.4 dpi=150 bgcolor="white"]',
        'node [shape=box style="filled,rounded" color="#888888" fontname="DejaVu Sans"]',
        f'edge [color="{_LINE}" arrowsize=0.7]',
    ]
    lines += [f'"{name}" [fillcolor="{_colour(name)}"]' for name in children]
    for name, found in children.items():
        lines += [f'"{name}" -> "{child}"' for child in sorted(found)]
    return "\n".join([*lines, "}"])


def _draw_with_matplotlib(children: dict[str, set[str]], output: Path) -> None:
    from matplotlib.figure import Figure
    from matplotlib.patches import FancyArrowPatch
    from matplotlib.path import Path as Curve

    rows, ways = layout(children)
    places = {name: (x, -y) for y, row in enumerate(rows) for name, x in row.items()}
    half = max(abs(x) for x, _ in places.values()) + 0.6
    figure = Figure(figsize=(1.9 * 2 * half, 0.85 * len(rows)), dpi=150)
    axes = figure.add_axes((0, 0, 1, 1), xlim=(-half, half), ylim=(0.5 - len(rows), 0.5))
    axes.axis("off")
    for name in children:
        box = {"boxstyle": "round,pad=0.5", "facecolor": _colour(name), "edgecolor": "#888888"}
        axes.text(*places[name], name, ha="center", va="center", fontsize=8, bbox=box)
    for (parent, child), way in ways.items():
        (left, low), (right, high) = places[parent], places[child]
        points = [(left, low - _HALF_BOX)]
        for u, v in [*(places[bend] for bend in way), (right, high + _HALF_BOX + _HEAD)]:
            x, y = points[-1]
            points += [(x, (y + v) / 2), (u, (y + v) / 2), (u, v)]  # upright at both ends
        curve = Curve(points, [Curve.MOVETO] + [Curve.CURVE4] * (len(points) - 1))
        axes.add_patch(FancyArrowPatch(path=curve, arrowstyle="-", color=_LINE))
        head = {"arrowstyle": "-|>", "mutation_scale": 10, "shrinkA": 0, "shrinkB": 0}
        tail, tip = (right, high + _HALF_BOX + 2 * _HEAD), (right, high + _HALF_BOX)
        axes.add_patch(FancyArrowPatch(tail, tip, color=_LINE, **head))
    figure.savefig(output, facecolor="white")


def layout(
    children: dict[str, set[str]],
) -> tuple[list[dict[str, float]], dict[tuple[str, str], list[str]]]:
    """Return rows of columns by job, and for each edge the bends on its way.

    A job stands in the row below its lowest parent; an edge that crosses rows gets a bend in each,
    so that no line runs through a box; within a row, jobs follow the mean column of what they are
    joined to. Method: Sugiyama, Tagawa, Toda (1981), "Methods for visual understanding of
    hierarchical system structures".
    """
    row = _row_numbers(children)
    links: dict[str, list[str]] = {name: [] for name in children}
    ways: dict[tuple[str, str], list[str]] = {}
    for parent, found in children.items():
        for child in sorted(found):
            way = [f"{parent}>{child}>{r}" for r in range(row[parent] + 1, row[child])]
            row |= {bend: row[parent] + 1 + i for i, bend in enumerate(way)}
            chain = [parent, *way, child]
            for above, below in pairwise(chain):
                links.setdefault(above, []).append(below)
                links.setdefault(below, []).append(above)
            ways[parent, child] = way
    rows = [[name for name in row if row[name] == r] for r in range(max(row.values()) + 1)]
    column = {name: i - (len(names) - 1) / 2 for names in rows for i, name in enumerate(names)}
    for sweep in range(8):
        step = 1 if sweep % 2 == 0 else -1  # downwards by the row above, upwards by the row below
        for r in range(len(rows))[::step]:
            near = {n: [column[o] for o in links[n] if row[o] == r - step] for n in rows[r]}
            rows[r].sort(key=lambda n, near=near: fmean(near[n] or [column[n]]))
            column |= {n: i - (len(rows[r]) - 1) / 2 for i, n in enumerate(rows[r])}
    return [{name: column[name] for name in names} for names in rows], ways


def _row_numbers(children: dict[str, set[str]]) -> dict[str, int]:
    parents = {name: [p for p, found in children.items() if name in found] for name in children}
    row: dict[str, int] = {}
    for name in TopologicalSorter(parents).static_order():
        row[name] = max((row[parent] + 1 for parent in parents[name]), default=0)
    for name, found in children.items():  # what waits for nothing stands just above its children
        if not parents[name] and found:
            row[name] = min(row[child] for child in found) - 1
    return row
