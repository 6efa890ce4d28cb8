"""The app as Streamlit runs it, without a browser."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from app.settings import Settings

PATIENCE = 120
"""Seconds that a page has on a busy machine."""


def page(name, settings) -> None:  # its source alone is run, without the names above
    """Show one page, as `app.main` does."""
    import importlib

    importlib.import_module(f"app.{name}").show(settings)


@pytest.fixture(autouse=True)
def _own_main() -> Iterator[None]:
    """Streamlit puts a page in place of ``__main__``, which processes of others start with."""
    before = sys.modules["__main__"]
    yield
    sys.modules["__main__"] = before


@pytest.fixture
def visit(tmp_path) -> Callable[..., AppTest]:
    """Return what opens a page for a new visitor: ``visit(page, megabytes=1)``."""
    st.cache_resource.clear()

    def opened(name: str, **chosen) -> AppTest:
        settings = Settings(**{"runs": tmp_path / "runs", **chosen})
        told = {"name": name, "settings": settings}
        return AppTest.from_function(page, default_timeout=PATIENCE, kwargs=told).run()

    return opened


@pytest.fixture(scope="session")
def main() -> Path:
    """The script that Streamlit is started with."""
    return Path(__file__).parents[2] / "app" / "main.py"
