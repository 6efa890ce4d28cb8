"""Sessions forgotten at their end, also where nobody comes after, and bounded until then.

Streamlit keeps the session of a browser that has gone for two minutes, because it may only have
lost its connection. After them it is forgotten when the next one goes, which may be never; and who
reloads a page again and again leaves many behind, each with what was uploaded.
"""

import contextlib
import gc
import threading
import time
from collections.abc import MutableMapping

import streamlit as st
from streamlit.runtime.runtime import Runtime

EVERY = 5.0
"""Seconds between one look and the next."""


@st.cache_resource(show_spinner=False)
def forget_who_has_gone(most: int) -> threading.Thread:
    """Start what forgets them, once in a process.

    Parameters
    ----------
    most
        Bytes of uploads that all who have gone leave behind together, at most: beyond, those who
        went first are forgotten first.
    """
    thread = threading.Thread(target=_forget, args=(Runtime.instance(), most), daemon=True)
    thread.start()
    return thread


def _forget(runtime: Runtime, most: int) -> None:
    loop = runtime._get_async_objs().eventloop
    with contextlib.suppress(RuntimeError):  # the loop is closed: the app ends
        while True:
            time.sleep(EVERY)
            loop.call_soon_threadsafe(_expire, runtime, most)


def _expire(runtime: Runtime, most: int) -> None:
    """Let go of the sessions whose time is over; it runs in the loop that uses them."""
    gone: MutableMapping = runtime._session_mgr._session_storage._cache
    before = len(gone.expire())
    uploads = runtime._uploaded_file_mgr.file_storage
    left = {name: sum(len(file.data) for file in uploads.get(name, {}).values()) for name in gone}
    while sum(left.values()) > most:
        del left[first := next(iter(left))], gone[first]
        before += 1
    if before:
        gc.collect()  # they refer to themselves
