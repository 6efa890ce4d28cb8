"""The app: ``streamlit run app/main.py -- [--model FILE] [--runs DIR]``, as ``make app`` does."""

import sys
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
if str(PROJECT) not in sys.path:
    sys.path.append(str(PROJECT))

import streamlit as st  # noqa: E402

from app import camera, home, photographs, runs  # noqa: E402
from app.settings import read_settings  # noqa: E402

st.set_page_config(page_title="Masks", page_icon="😷", layout="wide")
settings = read_settings(sys.argv[1:])
pages = [
    st.Page(lambda: home.show(settings), title="Home", url_path="home", default=True),
    st.Page(lambda: photographs.show(settings), title="Photographs", url_path="photographs"),
    st.Page(lambda: camera.show(settings), title="Camera", url_path="camera"),
    st.Page(lambda: runs.show(settings), title="Runs", url_path="runs"),
]
st.navigation(pages).run()
