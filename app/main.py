"""The app: ``streamlit run app/main.py -- [--model FILE] [--runs DIR]``, as ``make app`` does."""

import os
import sys
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
if str(PROJECT) not in sys.path:
    sys.path.append(str(PROJECT))

import streamlit as st  # noqa: E402

from app import home, photographs, runs, snapshot, video, webcam  # noqa: E402
from app.forgetting import forget_who_has_gone  # noqa: E402
from app.settings import MEGABYTE, read_settings  # noqa: E402
from app.told import tell_error  # noqa: E402
from utils.errors import InputError  # noqa: E402

# A sidebar that is folded away, as on a phone, would still take the focus of a keyboard.
FOLDED = "<style>[data-testid=stSidebar][data-collapsed=true] { visibility: hidden }</style>"

st.set_page_config(page_title="Masks", page_icon="😷", layout="wide")
st.html(FOLDED)
try:
    settings = read_settings(sys.argv[1:], os.environ)
except InputError as error:
    tell_error(error)
    st.stop()
forget_who_has_gone(settings.megabytes * MEGABYTE)
shows = {
    "Photographs": lambda: photographs.show(settings),
    "Webcam": lambda: webcam.show(settings, pages["Snapshot"]),
    "Snapshot": lambda: snapshot.show(settings),
    "Video": lambda: video.show(settings),
    "Runs": lambda: runs.show(settings),
}
pages = {title: st.Page(show, title=title, url_path=title.lower()) for title, show in shows.items()}
first = st.Page(lambda: home.show(settings, pages), title="Home", url_path="home", default=True)
st.navigation([first, *pages.values()]).run()
