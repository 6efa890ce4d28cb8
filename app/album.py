"""What a visitor handed over, in memory, and what was found on it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePath
from typing import Any

import streamlit as st

from app import model
from app.settings import MEGABYTE, Settings
from utils.analysis.prediction.looking import Unread
from utils.apply.collected import Collected
from utils.apply.looking import Found, look_at
from utils.apply.looking import Settings as Looking
from utils.dataset.intake.archives import Source
from utils.dataset.intake.photographs import NewPhotographs
from utils.errors import InputError


@dataclass(frozen=True)
class Album:
    """What a visitor dropped, and what was found on it.

    Attributes
    ----------
    of
        The files and the model: it is made anew where these change.
    photographs
        Read from memory, again where a picture is drawn.
    found
        In the order of their names.
    groups
        By file: photographs of one group are as one observation. Another threshold changes no
        group, so they are found once.
    refused
        What of it is no photograph, and why.
    """

    of: tuple[str, ...]
    photographs: NewPhotographs
    found: Sequence[Found | Unread]
    groups: Mapping[str, int]
    refused: Sequence[str]


def upload_limit(settings: Settings) -> int:
    """Return how many megabytes one file may have: no page says more than the server takes."""
    return max(1, min(settings.megabytes, st.get_option("server.maxUploadSize")))


def album_of(uploads: Sequence[Any], opened: model.Opened, settings: Settings, key: str) -> Album:
    """Return what was found, which is looked for once.

    It stands in the state of the session by `key`, and nowhere else.

    Raises
    ------
    InputError
        If there is no photograph, or too much of it.
    """
    shared = opened.shared
    of = (shared.model.digest, opened.finder or "", *(upload.file_id for upload in uploads))
    before = st.session_state.get(key)
    if before and before.of == of:
        return before
    size = sum(upload.size for upload in uploads)
    if size > settings.megabytes * MEGABYTE:
        raise InputError(
            f"these are {size / MEGABYTE:.0f} MB; drop at most {settings.megabytes} MB at a time"
        )
    sources, refused = [], []
    for number, upload in enumerate(uploads, start=1):
        name = PurePath(upload.name).name
        try:
            sources.append(Source(Path(f"{number}/{name}"), upload.getvalue()))
        except InputError as error:
            refused.append(str(error).replace(f"{number}/{name}", name))
    if not sources:
        raise InputError("; ".join(refused))
    photographs = NewPhotographs(sources)
    if (count := photographs.facts["photos"]) > settings.photographs:
        raise InputError(
            f"these are {count:,} photographs; drop at most {settings.photographs} at a time"
        )
    found, collected = [], Collected(shared.model)
    bar = st.progress(0.0, "Looking ...")
    looked = look_at(photographs, shared.model, Looking(opened.path, pictures=False))
    while True:
        with shared.lock:  # let go after each, so that visitors take turns
            one = next(looked, None)
        if one is None:
            break
        collected.add(one)
        found.append(replace(one, fingerprint=None) if isinstance(one, Found) else one)
        bar.progress(len(found) / count, f"Looked at {len(found):,} of {count:,}")
    bar.empty()
    album = Album(of, photographs, found, collected.groups(), refused)
    st.session_state[key] = album
    return album
