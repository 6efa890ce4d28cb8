"""The answer: the share, its interval, and all that is to be known before it is quoted."""

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from app.told import plain, tell_warning


def show_answer(
    rate: Mapping[str, Any],
    share: float | None,
    interval: Sequence[float] | None,
    counted: str | None = None,
) -> None:
    """Show an answer.

    Parameters
    ----------
    rate
        Its ``answer``, ``explanation``, ``serious`` and ``caveats``, in words.
    share, interval
        Corrected; None where nothing is.
    counted
        What was counted, in words.
    """
    if share is not None and interval is not None:
        low, high = (100 * end for end in interval)
        st.metric(
            "Share that wears a mask properly",
            f"{100 * share:.0f} %",
            f"{low:.0f} to {high:.0f} %, 95 % interval",
            delta_color="off",
            delta_arrow="off",
        )
    st.markdown(plain(rate["answer"]))
    if counted:
        st.caption(plain(counted))
    for text in rate.get("serious", ()):
        tell_warning(text)
    lines = [plain(rate.get("explanation") or "")]
    lines += [f"- {plain(text)}" for text in rate.get("caveats", ())]
    with st.expander("What to know before you quote it"):
        st.markdown("\n".join(lines))
