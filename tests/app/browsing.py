"""A real browser, with a camera that is none, and how tests look at what it shows."""

import os
import re
import shutil
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

PATIENCE = 90_000  # ms, on a busy machine
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

MARKS = [
    pytest.mark.skipif(not WORKS and not REQUIRED, reason="Chromium is not installed"),
    pytest.mark.xdist_group("browser"),
]
"""Of files of tests that need it."""


def seen(page: Page, text: str) -> None:
    """Wait until a text is there."""
    expect(page.get_by_text(text).first).to_be_visible(timeout=PATIENCE)


def settled(page: Page) -> None:
    """Wait until a page is drawn: a redraw would take the focus."""
    page.wait_for_selector("[data-test-script-state=notRunning]")


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
    """Move the focus to a control by the tabulator alone."""
    for _ in range(80):
        page.keyboard.press("Tab")
        told = page.evaluate(
            """() => { const one = document.activeElement; return [
              one.getAttribute('role') || one.type || one.tagName,
              /^(MAIN|DIV|SECTION)$/.test(one.tagName) && !one.getAttribute('role') ? ''
                : one.getAttribute('aria-label') || one.innerText || ''
            ]; }"""
        )
        if re.search(name, told[1], re.MULTILINE) and role in told[0]:
            return
    raise AssertionError(f"no tabulator reaches {name}")


def press(page: Page, name: str, key: str = "Enter", role: str = "") -> None:
    """Move the focus to a control by the tabulator alone, and press a key there."""
    to(page, name, role)
    page.keyboard.press(key)
