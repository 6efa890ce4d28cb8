"""The page of videos: upload a clip, see everybody counted once, and take it all home."""

import io
import threading
import time
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePath
from typing import Any

import streamlit as st

from app import model
from app.album import upload_limit
from app.answer import show_answer
from app.settings import MEGABYTE, Settings
from app.told import tell_error, tell_warning
from utils.apply.faces import model_record
from utils.apply.rate import why_uncorrected
from utils.dataset.labels import CLASSES, TITLES
from utils.errors import InputError, is_full_disk, number_of
from utils.video.clock import Clock
from utils.video.correction import Correction
from utils.video.drawing import drawn
from utils.video.files import VideoFile
from utils.video.folders import MemoryFolder
from utils.video.frames import Part
from utils.video.results import VideoResults, Wanted
from utils.video.run import PACE
from utils.video.watch import Moment, watch

SUFFIXES = ["mp4", "mov", "m4v", "mkv", "webm", "avi", "mpg", "mpeg", "ts", "3gp", "wmv", "flv"]
CLIP = "clip"
"""Where the clip stands in the state of the session."""

EVERY = 0.5
"""Seconds between one picture of what is being looked at and the next."""

MIME = {"html": "text/html", "csv": "text/csv", "json": "application/json", "webm": "video/webm"}


@dataclass
class Clip:
    """A visitor's clip while it is looked at, and after.

    It is made step by step by whichever run of the page is there: Streamlit starts a new one, and
    lets the one before go on for a moment, whenever something is touched.

    Attributes
    ----------
    of
        The file, the model and how to look: it is made anew where these change.
    source, folder, results
        What is read, where it is written (memory), and what was seen.
    moments
        Those that are still to come.
    threshold
        Of the model.
    record
        The answer, once it is over.
    trouble
        Why it ended before its end.
    lock
        To be held while a step is made.
    """

    of: tuple[Any, ...]
    source: VideoFile
    folder: MemoryFolder
    results: VideoResults
    moments: Iterator[Moment]
    record: dict[str, Any] | None = None
    trouble: str | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)

    def step(self) -> Moment | None:
        """Look at one frame more; None, and there is an answer, where that was the last."""
        with self.lock:
            if self.record is not None:
                return None
            try:
                moment = next(self.moments, None)
                if moment is not None:
                    self.results.add(moment)
                    return moment
            except InputError as error:
                self.trouble = str(error)
            except OSError as error:
                if not is_full_disk(error):
                    raise
                self.trouble = "what was found is more than is kept in memory"
            self._finish()
        return None

    def stop(self) -> None:
        """Look no further; what was seen so far is the answer."""
        with self.lock:
            if self.record is None:
                self.trouble = "it was stopped"
                self._finish()

    def _finish(self) -> None:
        self.folder.widen()  # the answer itself always fits
        self.record = self.results.finish()
        self.moments = iter(())
        self.source.close()


def show(settings: Settings) -> None:
    """Show the page."""
    st.title("Video")
    if (opened := model.opened(settings, moving=True)) is None:
        return
    upload = st.file_uploader(
        f"A video (at most {settings.megabytes} MB)",
        SUFFIXES,
        max_upload_size=upload_limit(settings),
    )
    clip: Clip | None = st.session_state.get(CLIP)
    if upload is None:
        st.session_state.pop(CLIP, None)
        st.info("It stays in memory until you leave; nothing is stored.", icon=":material/lock:")
        return
    looking = clip is not None and clip.of[0] == upload.file_id and clip.record is None
    hide = st.toggle("Make faces unrecognisable in all of it", disabled=looking)
    pace = st.slider("Frames a second to look at", 2, 30, int(PACE), disabled=looking)
    of = (upload.file_id, opened.shared.model.digest, opened.finder, hide, pace)
    place = st.empty()  # one after the other: what stood there would stay while it is looked at
    if clip is None or clip.of != of:
        st.session_state.pop(CLIP, None)
        if not place.button("Look at it", type="primary", icon=":material/play_arrow:"):
            return
        try:
            clip = st.session_state[CLIP] = _opened(upload, opened.shared, settings, of)
        except InputError as error:
            tell_error(error)
            return
        st.rerun()
    if clip.record is None:
        with place.container():
            _look(clip, settings)
    _show_answer(clip)


def _opened(upload: Any, shared: model.Shared, settings: Settings, of: tuple[Any, ...]) -> Clip:
    if upload.size > settings.megabytes * MEGABYTE:
        raise InputError(f"this is {upload.size / MEGABYTE:.0f} MB; at most {settings.megabytes}")
    *_, hide, pace = of
    part = Part(rate=pace, end=60.0 * settings.minutes)
    source = VideoFile(Path(PurePath(upload.name).name), part, upload)
    whole = shared.model
    why = why_uncorrected(whole)
    correction = None if why else Correction.of(whole.file.evaluation)
    record = {**model_record(whole), "threshold": float(whole.threshold)}
    folder = MemoryFolder(settings.megabytes * MEGABYTE)
    results = VideoResults(folder, source, record, correction, why, Wanted(), Clock())
    return Clip(of, source, folder, results, watch(source, shared, hide=hide))


def _look(clip: Clip, settings: Settings) -> None:
    """Look at frame after frame until it is over, and show how far it is."""
    duration = clip.source.duration
    last = 60.0 * settings.minutes
    if duration and duration > last:
        st.warning(f"It is longer than {settings.minutes} minutes; it is looked at up to there.")
    st.button("Stop, and keep what was seen", on_click=clip.stop, icon=":material/stop:")
    bar, picture = st.progress(0.0, "Looking ..."), st.empty()
    told = 0.0
    while (moment := clip.step()) is not None:
        if time.monotonic() - told < EVERY:
            continue
        told = time.monotonic()
        at, counts = moment.frame.time, clip.results.counts(moment)
        words = f"{Clock().told(at)} of {Clock().told(duration)}" if duration else Clock().told(at)
        bar.progress(min(1.0, at / min(duration or last, last)), f"Looked at {words}")
        faces = (moment.shown, moment.detections, moment.tracks, moment.here)
        picture.image(
            drawn(*faces, counts, Clock().told(at)),
            width="stretch",
            alt="The frame that is looked at, with a box around every face that is followed",
        )
    st.rerun()


def _show_answer(clip: Clip) -> None:
    record, folder = clip.record, clip.folder
    if clip.trouble:
        tell_warning(f"Not to its end: {clip.trouble}")
    for gap in clip.source.gaps:
        tell_warning(gap.reason)
    people = number_of(record["people"], "person", "people")
    titles = dict(zip(CLASSES, TITLES[1:], strict=True))
    counts = ", ".join(f"{titles[name]}: {n:,}" for name, n in record["counts"].items())
    looked = number_of(record["frames"], "frame")
    counted = f"Counted: {people} ({counts}), each once, on {looked}"
    show_answer(record, record["share"], record["interval"], counted)
    st.image(
        clip.results.timeline,
        width="stretch",
        alt="The share that wears a mask properly, and how many people were seen, over time",
    )
    if record["annotated"]:
        name = record["annotated"]["file"]
        st.video(folder.read(name), f"video/{PurePath(name).suffix[1:]}", alt="The annotated video")
    names = ["report.html", "people.csv", "timeline.csv", "faces.csv", "rate.json"]
    if record["annotated"]:
        names.append(record["annotated"]["file"])
    with st.container(horizontal=True):
        for name in names:
            st.download_button(
                name,
                lambda name=name: folder.read(name),
                name,
                MIME.get(PurePath(name).suffix[1:], "application/octet-stream"),
                on_click="ignore",  # a new run of the page would take away what is fetched
            )
        st.download_button(
            "All of it (zip)",
            lambda: _zipped(folder),
            "video.zip",
            "application/zip",
            on_click="ignore",
        )


def _zipped(folder: MemoryFolder) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_STORED) as archive:
        for name in folder.files:
            archive.writestr(name, folder.read(name))
    return made.getvalue()
