"""The first page: what this is, which model looks, and what that is bad at."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from app import model
from app.settings import Settings
from app.told import plain
from utils.analysis.evaluation.text_tables import size_range
from utils.dataset.labels import CLASSES, TITLES
from utils.detector.names import IN_THE_BOX

WHAT = """
# Who wears a mask?

*What share of people wear a mask properly, and how sure are we?* Give photographs of a public
place, and get every face, what it wears, and the share with an interval that accounts for the
mistakes that the model made in its test.

Nothing that you hand over is stored: it stays in memory until you leave. It counts people. It is
not made to single anyone out, and recognises nobody.
"""

WAYS = {
    "Photographs": "some, or a zip of them",
    "Webcam": "live, everybody counted once",
    "Snapshot": "one picture of the camera",
    "Video": "a clip, everybody counted once",
    "Runs": "what was trained here",
}
"""The other pages, by their titles: on a phone their list is folded away, and a line is short."""


def show(settings: Settings, pages: Mapping[str, Any] | None = None) -> None:
    """Show the page; `pages` are the others, by their titles."""
    st.markdown(WHAT)
    for title, page in (pages or {}).items():
        st.page_link(page, label=f"**{title}**: {WAYS[title]}", icon=":material/arrow_forward:")
    if (opened := model.opened(settings)) is None:
        return
    name, path, shared = opened.name, opened.path, opened.shared
    st.header("The model that looks", divider="gray")
    st.markdown(f"**{plain(name)}** (choose another in the sidebar)")
    evaluation = model.evaluation_of(shared.model)
    if evaluation is None:
        st.warning(
            "This file does not hold what a test showed of the model, so there is no interval. "
            "`face_mask_detector.pth` of a run does.",
            icon=":material/warning:",
        )
    else:
        _show_test(evaluation)
    if path == IN_THE_BOX and (card := path.with_suffix(".md")).exists():
        with st.expander("Its card: what it learnt from, how, and what it is bad at"):
            st.markdown(card.read_text("utf-8"))
    size = getattr(shared.model, "image_size", None)  # a model of two stages has none of its own
    pixels = f", {size} pixels" if size else ""
    st.caption(
        f"{shared.model.arch}{pixels}, counts faces from a confidence "
        f"of {shared.model.threshold:.2f}; SHA-256 {shared.model.digest[:16]}..."
    )


def _show_test(evaluation: dict[str, Any]) -> None:
    """Show what the test of a detector found, class by class."""
    if not evaluation.get("average_precision"):
        _show_judged(evaluation.get("classification"))
        return
    precision, point = evaluation["average_precision"], evaluation["operating_point"]
    columns = st.columns(3)
    columns[0].metric("mAP at IoU 0.5", _rounded(precision["map_50"]))
    columns[1].metric("Test photographs", evaluation["photos"])
    columns[2].metric("Faces on them", sum(evaluation["faces"].values()))
    rows = [
        {
            "class": title,
            "faces": evaluation["faces"][label],
            "average precision": _rounded(precision["classes"][label]["map_50"]),
            "found (recall)": _per_cent(point["classes"][label]["recall"]),
            "right (precision)": _per_cent(point["classes"][label]["precision"]),
        }
        for label, title in zip(CLASSES, TITLES[1:], strict=True)
    ]
    st.dataframe(rows, hide_index=True)
    st.dataframe(
        [
            {
                "size of a face": f"{name}: {size_range(size)}",
                "faces": size["faces"],
                "mAP at IoU 0.5": _rounded(size["map_50"]),
            }
            for name, size in precision["sizes"].items()
        ],
        hide_index=True,
    )


def _show_judged(judged: dict[str, Any] | None) -> None:
    """Show how a classifier did on test faces, class by class."""
    if not judged:
        return
    columns = st.columns(3)
    columns[0].metric("Balanced accuracy", _per_cent(judged["balanced_accuracy"]))
    columns[1].metric("Accuracy", _per_cent(judged["accuracy"]))
    columns[2].metric("Test faces", judged["faces"])
    rows = [
        {
            "class": title,
            "faces": judged["classes"][label]["faces"],
            "found (recall)": _per_cent(judged["classes"][label]["recall"]),
            "right (precision)": _per_cent(judged["classes"][label]["precision"]),
            "area under ROC": _rounded(judged["classes"][label]["auc"]),
        }
        for label, title in zip(CLASSES, TITLES[1:], strict=True)
    ]
    st.dataframe(rows, hide_index=True)


def _rounded(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _per_cent(value: float | None) -> str:
    return "-" if value is None else f"{100 * value:.0f} %"
