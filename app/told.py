"""Words on a page: shown as they are, whatever names of files are in them."""

from collections.abc import Sequence

import streamlit as st

MANY = 5
"""Lines that are told at once; of more, the others can be opened."""


def plain(text: str) -> str:
    r"""Return a text that Markdown shows as it is, whatever names of files are in it."""
    return "".join(f"\\{char}" if char in r"\`*_{}[]<>()#+-.!|~$:" else char for char in text)


def tell_error(error: object) -> None:
    """Tell why something cannot be done."""
    st.error(plain(str(error)), icon=":material/error:")


def tell_warning(text: str) -> None:
    """Tell what is to be known before what stands below is used."""
    st.warning(plain(text), icon=":material/warning:")


def tell_list(head: str, lines: Sequence[str]) -> None:
    """Tell of several things of a kind in one warning, and of many those beyond `MANY` folded."""
    told = [f"- {plain(line)}" for line in lines]
    st.warning("\n".join([f"{plain(head)}\n", *told[:MANY]]), icon=":material/warning:")
    if rest := told[MANY:]:
        with st.expander(f"{len(rest):,} more"):
            st.markdown("\n".join(rest))
