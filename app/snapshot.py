"""The page of snapshots: a picture of the camera, and who wears a mask on it."""

import streamlit as st

from app import model
from app.album import album_of
from app.results import how, show_results
from app.secure import tell_where_no_camera_is_allowed
from app.settings import Settings
from app.told import tell_error
from app.webcam import FAILED
from utils.errors import InputError

SNAPSHOT = "snapshot"
"""Where it stands in the state of the session."""


def show(settings: Settings) -> None:
    """Show the page."""
    st.title("Snapshot")
    tell_where_no_camera_is_allowed()
    if FAILED in st.session_state:
        st.info(f"There was no live video. {st.session_state[FAILED]}", icon=":material/info:")
    st.caption(
        "It needs no live video: the snapshot goes to this server as a photograph does, and stays "
        "in memory until you take another or leave."
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
        tell_error(error)
        return
    show_results(album, opened.shared, how(opened.shared))
