"""A real browser, with a camera that is none, and how tests look at what it shows."""

import os
import re
import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path
from weakref import WeakKeyDictionary

import pytest
from playwright.sync_api import Page, expect
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

PATIENCE = 300_000  # ms, on a busy machine
PHONE = {"width": 390, "height": 800}
WORKS = shutil.which("chromium") or shutil.which("chromium-browser")
REQUIRED = os.environ.get("MASK_DETECTION_BROWSER_REQUIRED") == "1"
CAMERA = ("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream")
AXE = files("axe_playwright_python").joinpath("axe.min.js").read_text("utf-8")
SHOTS = os.environ.get("MASK_DETECTION_SCREENSHOTS")
"""A folder in which somebody wants to look at what was seen."""

WEBRTC = "iframe[title*=webrtc]"
ELSEWHERE = "masks.example"
RELAYED = """
const Plain = window.RTCPeerConnection;
window.RTCPeerConnection = class extends Plain {
  constructor(words) { super({...words, iceTransportPolicy: "relay"}); }
};
"""
"""A browser whose network lets nothing through but a relay."""

FOCUSED = """
() => {
  const one = document.activeElement;
  const role = one.getAttribute("role")
    || ({BUTTON: "button", A: "link", SUMMARY: "button"})[one.tagName] || one.type || "";
  if (!role) return {name: "", role};  // what holds others, and says all that they say
  const labels = (one.getAttribute("aria-labelledby") || "").split(/\\s+/)
    .map(id => id && document.getElementById(id)).filter(Boolean);
  const said = [...labels, ...(one.labels || [])].map(label => label.innerText).join(" ");
  return {name: one.getAttribute("aria-label") || said || one.innerText || "", role};
}
"""
"""The name and the role of what has the focus."""

DRAWN = "new Promise(done => setTimeout(() => requestAnimationFrame(() => setTimeout(done)), 50))"
"""What came is taken, and drawn."""

MARKS = [
    pytest.mark.skipif(not WORKS and not REQUIRED, reason="Chromium is not installed"),
    pytest.mark.xdist_group("browser"),
]
"""Of files of tests that need it."""


def seen(page: Page, text: str) -> None:
    """Wait until a text is there."""
    expect(page.get_by_text(text).first).to_be_visible()


def settled(page: Page) -> None:
    """Wait until a page is drawn, each part of it: a redraw would take the focus.

    The code of some controls comes after them. Until then a skeleton stands where they will be.
    """
    page.wait_for_selector("[data-test-script-state=notRunning]")
    expect(page.get_by_test_id("stSkeleton")).to_have_count(0)


class Redraws:
    """How often a page was drawn anew since it was opened, by what the app sent to it.

    The state that the page itself tells cannot be counted: a busy browser takes the beginning and
    the end of a redraw at once, and never shows that it runs.
    """

    def __init__(self, page: Page) -> None:
        self.begun, self.over = 0, 0
        page.on("websocket", lambda socket: socket.on("framereceived", self._came))

    def _came(self, frame: bytes | str) -> None:
        kind = ForwardMsg.FromString(frame).WhichOneof("type")
        self.begun += kind == "new_session"
        self.over += kind == "script_finished"


REDRAWS: WeakKeyDictionary[Page, Redraws] = WeakKeyDictionary()
"""Of each page that is open."""


@contextmanager
def redrawn(page: Page) -> Iterator[None]:
    """Wait until what is done here has had the page drawn anew, which begins a moment later."""
    settled(page)
    redraws = REDRAWS[page]
    over, end = redraws.over, time.monotonic() + PATIENCE / 1000
    yield
    while redraws.over == over:
        assert time.monotonic() < end, "it was not drawn anew"
        page.wait_for_timeout(10)  # in which its messages are taken
    page.evaluate(DRAWN)
    settled(page)


def faults(page: Page) -> list[str]:
    """Return what axe-core finds that is serious or critical, in all frames of a page."""
    settled(page)
    for frame in page.frames:
        frame.evaluate(AXE)
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{one['id']}: {node['html'][:200]} {node['failureSummary']}"
        for one in found["violations"]
        for node in one["nodes"]
        if one["impact"] in ("serious", "critical")
    ]


def shot(page: Page, name: str) -> None:
    """Keep a picture of a page, where somebody wants to look at it."""
    if SHOTS:
        page.screenshot(path=f"{SHOTS}/{name}.png", full_page=True)


def drop(page: Page, paths: Sequence[Path]) -> None:
    """Hand over photographs, and wait for the answer."""
    page.locator("input[type=file]").set_input_files([str(path) for path in paths])
    seen(page, "All faces (CSV)")


def to(page: Page, name: str, role: str = "") -> None:
    """Move the focus to a control by the tabulator alone.

    Parameters
    ----------
    name
        A pattern of its name.
    role
        What it is, or a part of that: two controls may have one name.
    """
    for _ in range(80):
        page.keyboard.press("Tab")
        told = page.evaluate(FOCUSED)
        if re.search(name, told["name"], re.MULTILINE) and role in told["role"]:
            return
    raise AssertionError(f"no tabulator reaches {name}")


def press(page: Page, name: str, key: str = "Enter", role: str = "") -> None:
    """Move the focus to a control by the tabulator alone, and press a key there."""
    to(page, name, role)
    page.keyboard.press(key)


def hand_over(page: Page, paths: Sequence[Path]) -> None:
    """Hand over files by the keyboard alone."""
    to(page, "^Upload$", "button")
    with page.expect_file_chooser() as chooser:
        page.keyboard.press("Enter")
    chooser.value.set_files([str(path) for path in paths])
