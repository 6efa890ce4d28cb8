"""The page of the camera: a snapshot, and who wears a mask on it."""

import streamlit as st

from app import model
from app.album import album_of
from app.results import how, show_results
from app.settings import Settings
from utils.errors import InputError

SNAPSHOT = "snapshot"
"""Where it stands in the state of the session."""


def show(settings: Settings) -> None:
    """Show the page."""
    st.title("Camera")
    st.caption(
        "Browsers let pages use a camera on this machine (localhost) or over HTTPS alone. The "
        "snapshot stays in memory until you take another or leave."
    )
    if (opened := model.opened(settings)) is None:
        return
    picture = st.camera_input("Take a snapshot")
    if picture is None:
        st.session_state.pop(SNAPSHOT, None)
        return
    try:
        album = album_of([picture], opened, settings, SNAPSHOT)
    except InputError as error:
        st.error(str(error), icon=":material/error:")
        return
    show_results(album, opened.shared, how(opened.shared))
