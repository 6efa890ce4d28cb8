"""The answer: the share, its interval, and all that is to be known before it is quoted."""

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st


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
    for text in rate["serious"]:
        st.warning(plain(text), icon=":material/warning:")
    with st.expander("What to know before you quote it"):
        st.markdown(plain(rate["explanation"]))
        st.markdown("\n".join(f"- {plain(text)}" for text in rate["caveats"]))


def plain(text: str) -> str:
    r"""Return a text that Markdown shows as it is, whatever names of files are in it."""
    return "".join(f"\\{char}" if char in r"\`*_{}[]<>()#+-.!|~$:" else char for char in text)
