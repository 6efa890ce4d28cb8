"""The page of the webcam: live boxes, everybody counted once, the last minutes."""

import time
from typing import Any

import streamlit as st
from streamlit_webrtc import WebRtcMode, webrtc_streamer

from app import model
from app.answer import show_answer
from app.live import WINDOW, Look, Watcher
from app.secure import tell_where_no_camera_is_allowed
from app.settings import Settings
from app.told import tell_warning
from utils.analysis.plots.style import as_png
from utils.apply.rate import why_uncorrected
from utils.dataset.labels import CLASSES, TITLES
from utils.errors import number_of
from utils.video.clock import Clock
from utils.video.correction import Correction
from utils.video.plot import timeline_figure

WATCHER, LOOK, TRYING, FAILED = "watcher", "look", "trying", "no live video"
"""Where these stand in the state of the session."""

PATIENCE = 10.0
"""Seconds after which a connection that does not come about is taken to have failed."""

CAMERAS = {"the one that the browser takes": None, "front": "user", "back": "environment"}
WHY = (
    "The browser and this server find no way to each other for live video (WebRTC). A firewall or "
    "a router between them lets only the page itself through. Whoever runs the app can name a "
    "TURN server for that: `--ice`, docs/app.md."
)


def show(settings: Settings, snapshot: Any = None) -> None:
    """Show the page; `snapshot` is that of the snapshots, which need no live video."""
    st.title("Webcam")
    tell_where_no_camera_is_allowed()
    if (opened := model.opened(settings, moving=True)) is None:
        return
    st.caption(
        "Frames go to this server alone, are looked at in memory, and are gone. Choose a camera "
        "below the picture (*Select device*)."
    )
    look: Look = st.session_state.setdefault(LOOK, Look())
    columns = st.columns(3)
    st.session_state.setdefault("mirror", look.mirror)
    st.session_state.setdefault("hide", look.hide)
    look.mirror = columns[0].toggle("Mirror", key="mirror")
    look.hide = columns[1].toggle("Make faces unrecognisable", key="hide")
    facing = columns[2].selectbox("Camera of a phone", list(CAMERAS))
    playing = _stream(opened, settings, look, CAMERAS[facing], snapshot)
    watcher = st.session_state.get(WATCHER)
    with st.container():
        if watcher is None and not playing and TRYING not in st.session_state:
            st.info("Press START, and allow the camera.", icon=":material/videocam:")
    if watcher is not None:
        _numbers(watcher, playing)


def _stream(
    opened: model.Opened, settings: Settings, look: Look, facing: str | None, snapshot: Any
) -> bool:
    """Show the picture; return whether it is live."""
    whole = opened.shared.model
    why = why_uncorrected(whole)

    def watcher() -> Watcher:
        correction = None if why else Correction.of(whole.file.evaluation)
        return Watcher(opened.shared, correction, why, look)

    video: dict[str, Any] = {"width": {"ideal": 640}, "frameRate": {"ideal": 15, "max": 30}}
    if facing:
        video["facingMode"] = {"ideal": facing}
    context = webrtc_streamer(
        f"webcam {whole.digest[:16]} {opened.finder}",  # another model is another stream
        WebRtcMode.SENDRECV,
        rtc_configuration={"iceServers": [dict(server) for server in settings.ice]},
        media_stream_constraints={"video": video, "audio": False},
        video_processor_factory=watcher,
        async_processing=False,  # `Watcher` has a thread of its own, and keeps the newest alone
        sendback_audio=False,
        video_html_attrs={"autoPlay": True, "muted": True, "style": {"width": "100%"}},
    )
    if context.video_processor is not None:
        st.session_state[WATCHER] = context.video_processor
    with st.container():  # also where it is empty: what is below keeps its place
        if context.state.signalling and not context.state.playing:
            st.session_state.setdefault(TRYING, time.monotonic())
            _wait(snapshot)
        else:
            st.session_state.pop(TRYING, None)
            if context.state.playing:
                st.session_state.pop(FAILED, None)
            elif FAILED in st.session_state:
                _tell_failed(snapshot)
    return context.state.playing


@st.fragment(run_every="2s")
def _wait(snapshot: Any) -> None:
    """Say that it connects, and where a connection does not come about why."""
    since = st.session_state.get(TRYING)
    if since is None:
        return
    if time.monotonic() - since > PATIENCE:
        st.session_state[FAILED] = WHY
        _tell_failed(snapshot)
    else:
        st.info("Connecting: allow the camera, if the browser asks.", icon=":material/videocam:")


def _tell_failed(snapshot: Any) -> None:
    st.warning(
        f"{WHY} Until then take snapshots: they go the way of the page.", icon=":material/warning:"
    )
    if snapshot is not None:
        st.page_link(snapshot, label="Take a snapshot", icon=":material/photo_camera:")


def _numbers(watcher: Watcher, playing: bool) -> None:
    """Show what is known of who was seen, again and again while it is live."""
    for part, every in ((_now, "2s"), (_lately, "6s")):
        with st.container():
            if playing:
                st.fragment(part, run_every=every)(watcher)
            else:
                part(watcher)


def _now(watcher: Watcher) -> None:
    seen = watcher.now()
    if seen.trouble:
        tell_warning(seen.trouble)
    with st.container(horizontal=True, gap="medium"):  # on a phone in two lines
        st.metric("People so far", sum(seen.counts.values()), width="content")
        for name, title in zip(CLASSES, TITLES[1:], strict=True):
            st.metric(title, seen.counts[name], width="content")
    pace = f" ({seen.pace:.1f} a second)" if seen.pace else ""
    st.caption(
        f"{number_of(seen.here, 'face')} here now. Of {number_of(seen.arrived, 'frame')} that came "
        f"the newest was looked at each time{pace}; {seen.dropped:,} were dropped."
    )


def _lately(watcher: Watcher) -> None:
    lately = watcher.lately()
    if not lately.record["people"] and watcher.thread.is_alive():
        st.caption("The timeline and the answer follow once somebody has been counted.")
        return
    st.image(
        as_png(timeline_figure(lately.rows, lately.gaps, Clock())),
        f"The last {WINDOW / 60:.0f} minutes",
        width="stretch",
        alt="The share that wears a mask properly, and how many people were seen, over time",
    )
    show_answer(lately.record, lately.record["share"], lately.record["interval"])
