"""The page of photographs: drop some, see every face, get the share, and download it all."""

import streamlit as st

from app import model
from app.album import album_of, upload_limit
from app.results import how, show_results
from app.settings import Settings
from app.told import tell_error, tell_list
from utils.errors import InputError

SUFFIXES = ["jpg", "jpeg", "png", "webp", "bmp", "tif", "tiff", "zip"]
ALBUM = "album"
"""Where the photographs stand in the state of the session."""


def show(settings: Settings) -> None:
    """Show the page."""
    st.title("Photographs")
    if (opened := model.opened(settings)) is None:
        return
    uploads = st.file_uploader(
        f"Photographs, or a zip of them (at most {settings.photographs} photographs and "
        f"{settings.megabytes} MB together)",
        SUFFIXES,
        max_upload_size=upload_limit(settings),
        accept_multiple_files=True,
    )
    if not uploads:
        st.session_state.pop(ALBUM, None)
        st.info("They stay in memory until you leave; nothing is stored.", icon=":material/lock:")
        return
    try:
        album = album_of(uploads, opened, settings, ALBUM)
    except InputError as error:
        tell_error(error)
        return
    if album.refused:
        tell_list("Not taken:", album.refused)
    show_results(album, opened.shared, how(opened.shared))
