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
from utils.errors import InputError  # noqa: E402

st.set_page_config(page_title="Masks", page_icon="😷", layout="wide")
try:
    settings = read_settings(sys.argv[1:], os.environ)
except InputError as error:
    st.error(str(error), icon=":material/error:")
    st.stop()
forget_who_has_gone(settings.megabytes * MEGABYTE)
of_snapshots = st.Page(lambda: snapshot.show(settings), title="Snapshot", url_path="snapshot")
pages = [
    st.Page(lambda: home.show(settings), title="Home", url_path="home", default=True),
    st.Page(lambda: photographs.show(settings), title="Photographs", url_path="photographs"),
    st.Page(lambda: webcam.show(settings, of_snapshots), title="Webcam", url_path="webcam"),
    of_snapshots,
    st.Page(lambda: video.show(settings), title="Video", url_path="video"),
    st.Page(lambda: runs.show(settings), title="Runs", url_path="runs"),
]
st.navigation(pages).run()
