"""The page of a comparison: one file that needs no other and no network."""

from collections.abc import Mapping, Sequence
from importlib.resources import files
from pathlib import Path

from utils.analysis.report.page import environment
from utils.analysis.report.pictures import data_address
from utils.comparison.measured import REPETITIONS, Comparison
from utils.comparison.picture import draw_differences
from utils.comparison.words import TOPICS, signed, summary, title, verdict
from utils.records import write_atomically
from utils.tracking.differences import Difference
from utils.tracking.table import Row

TEMPLATE = "comparison.html"


def write_page(
    comparisons: Sequence[Comparison],
    differ: Mapping[str, Sequence[Difference]],
    rows: Sequence[Row],
    page: Path,
) -> Path:
    """Write the page, and beside it the picture that it holds; return the picture's path.

    Parameters
    ----------
    comparisons
        Each of the same run with another.
    differ
        See `utils.tracking.differences`.
    rows
        Of the table of runs, the first of them first.
    """
    picture = page.with_suffix(".png")
    draw_differences(comparisons, picture)
    template = environment({TEMPLATE: _template()}).get_template(TEMPLATE)
    tested = [comparisons[0].shared.tested[0], *(one.shared.tested[1] for one in comparisons)]
    html = template.render(
        names=[row["run"] for row in rows],
        comparisons=comparisons,
        rows=[{**row, "tested": n} for row, n in zip(rows, tested, strict=True)],
        differ=differ,
        topics=TOPICS,
        picture=data_address(picture.read_bytes(), "png"),
        repetitions=REPETITIONS,
        summary=summary,
        title=title,
        verdict=verdict,
        signed=signed,
    )
    write_atomically(page, html.encode())
    return picture


def _template() -> str:
    return (files("utils.comparison") / "templates" / TEMPLATE).read_text("utf-8")
