"""The app in a real browser, with a camera that is none."""

import re
import time
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import expect

from benchmarks.app_sessions import held, visit
from data.painter.films import frame_times, write_film
from tests.app.browsing import (
    ELSEWHERE,
    MARKS,
    PATIENCE,
    PHONE,
    RELAYED,
    WEBRTC,
    drop,
    faults,
    press,
    seen,
    settled,
    shot,
)
from utils.dataset.labels import COLOURS

PAGES = {
    "Home": "The model that looks",
    "Photographs": "nothing is stored",
    "Webcam": "Press START",
    "Snapshot": "Take a snapshot",
    "Video": "nothing is stored",
    "Runs": "Look closely at one",
}
WIDER = "document.scrollingElement.scrollWidth - document.scrollingElement.clientWidth"

pytestmark = MARKS


def take_photo(page) -> None:
    """Take one as soon as the camera is there, which the button does not wait for."""
    page.wait_for_function(
        "document.querySelector('[data-testid=stCameraInput] video')?.videoWidth > 0"
    )
    page.get_by_role("button", name="Take Photo").click()
    seen(page, "All faces (CSV)")


@pytest.mark.parametrize("options", [{}, {"viewport": PHONE}], ids=["desktop", "phone"])
def test_every_page_opens_and_shuts_nobody_out(address, visitor, options, request):
    page = visitor(address, **options)
    found = {}
    for name, text in PAGES.items():
        page.goto(f"{address}/{name.lower()}" if name != "Home" else address)
        seen(page, text)
        if name == "Webcam":
            page.frame_locator(WEBRTC).get_by_role("button", name="START").wait_for()
        found[name] = faults(page)
        assert page.evaluate(WIDER) == 0  # nothing to scroll to the side
        shot(page, f"{request.node.callspec.id}-{name}")
    assert found == {name: [] for name in PAGES}
    assert not page.locator("[data-testid=stException]").count()


def test_photographs_are_dropped_and_answered_on_a_desktop_and_a_phone(
    address, visitor, photographs
):
    for name, options in (("desktop", {}), ("phone", {"viewport": PHONE})):
        page = visitor(f"{address}/photographs", **options)
        drop(page, photographs)
        for path in photographs:
            seen(page, f"{path.name}: ")
        expect(page.locator("[data-testid=stImage] img")).to_have_count(2)
        assert page.evaluate(WIDER) == 0
        shot(page, f"{name}-answer")
    assert faults(page) == []


def test_two_visitors_never_see_each_others_photographs(address, visitor, photographs):
    pages = [visitor(f"{address}/photographs") for _ in photographs]
    for page, path in zip(pages, photographs, strict=True):
        drop(page, [path])
    for page, other in zip(pages, photographs[::-1], strict=True):
        assert other.name not in page.content()
        expect(page.locator("[data-testid=stImage] img")).to_have_count(1)
    (one, other) = (
        page.locator("[data-testid=stImage] img").get_attribute("src") for page in pages
    )
    assert one != other


def test_a_report_is_shown_in_a_frame_of_its_own(address, visitor):
    page = visitor(f"{address}/runs")
    seen(page, "Look closely at one")
    settled(page)
    press(page, "^Report$")
    frame = page.frame_locator("iframe").first
    expect(frame.get_by_text("The report of the run")).to_be_visible()
    sandbox = page.locator("iframe").first.get_attribute("sandbox")
    assert sandbox is not None


def of_a_class(frame) -> np.ndarray:
    """Return how many pixels of the video that came back have the colour of each class."""
    data = frame.locator("video").evaluate(
        """video => {
          const canvas = document.createElement("canvas");
          canvas.width = video.videoWidth; canvas.height = video.videoHeight;
          const context = canvas.getContext("2d");
          context.drawImage(video, 0, 0);
          return Array.from(context.getImageData(0, 0, canvas.width, canvas.height).data);
        }"""
    )
    pixels = np.array(data, int).reshape(-1, 4)[:, :3]
    wanted = [[int(colour[i : i + 2], 16) for i in (1, 3, 5)] for colour in COLOURS[1:]]
    return np.array([(abs(pixels - one).max(axis=1) < 24).sum() for one in wanted])


def press_in(page, frame, name: str) -> None:
    """Move the focus to a button in a frame by the tabulator alone, and press it."""
    button = frame.get_by_role("button", name=name)
    button.wait_for()
    settled(page)
    for _ in range(60):
        page.keyboard.press("Tab")
        if button.evaluate("one => one === document.activeElement"):
            page.keyboard.press("Enter")
            return
    raise AssertionError(f"no tabulator reaches {name}")


def test_a_webcam_started_by_the_keyboard_shows_boxes_and_counts_people(address, visitor, scene):
    plain = np.concatenate([scene.paint(time) for time in (0, 2, 4)]).reshape(-1, 3).astype(int)
    page = visitor(f"{address}/webcam")
    frame = page.frame_locator(WEBRTC)
    press_in(page, frame, "START")
    frame.locator("video").wait_for()
    page.frames[-1].wait_for_function("document.querySelector('video').videoWidth > 0")
    until, boxes = time.monotonic() + PATIENCE / 1000, np.zeros(3, int)
    began = time.monotonic()
    while time.monotonic() < until:
        boxes = np.maximum(boxes, of_a_class(frame))
        people = page.get_by_text(re.compile("^People so far$")).first
        told = people.locator("xpath=ancestor::*[@data-testid='stMetric']").inner_text()
        if boxes.sum() > 500 and int(told.split()[-1]) >= 2 and time.monotonic() - began > 10:
            break
        page.wait_for_timeout(500)
    colour = [int(COLOURS[1][i : i + 2], 16) for i in (1, 3, 5)]
    assert (abs(plain - colour).max(axis=1) < 24).sum() < 50  # the camera itself shows none
    assert boxes.sum() > 500 and int(told.split()[-1]) >= 2
    page.get_by_alt_text("how many people were seen, over time").wait_for()
    assert faults(page) == []
    shot(page, "webcam")
    press_in(page, frame, "STOP")
    frame.get_by_role("button", name="START").wait_for()
    seen(page, "people seen")
    assert not page.locator("[data-testid=stException]").count()


def test_where_no_live_video_comes_through_a_snapshot_is_offered_and_says_why(address, visitor):
    page = visitor(f"{address}/webcam", RELAYED)
    page.frame_locator(WEBRTC).get_by_role("button", name="START").click()
    page.get_by_role("link", name="Take a snapshot").click()
    seen(page, "There was no live video")
    take_photo(page)


def test_a_page_that_came_over_plain_http_says_that_it_gets_no_camera(address, visitor):
    for name in ("webcam", "snapshot"):
        page = visitor(f"{address.replace('127.0.0.1', ELSEWHERE)}/{name}")
        seen(page, f"This page came over plain HTTP from {ELSEWHERE}")


def test_a_video_is_looked_at_shown_and_taken_home(address, visitor, scene, tmp_path):
    write_film(tmp_path / "clip.mp4", scene, frame_times(2, 10))
    page = visitor(f"{address}/video")
    page.locator("input[type=file]").set_input_files(str(tmp_path / "clip.mp4"))
    page.get_by_text("Make faces unrecognisable").click()
    page.get_by_role("button", name="Look at it").click()
    seen(page, "each once, on 20 frames")
    page.locator("video").wait_for()
    page.wait_for_function("document.querySelector('video').readyState >= 1")
    for name, begins in (
        ("report.html", b"<!doctype html>"),
        ("people.csv", b"person,tracks,"),
        ("annotated.webm", b"\x1a\x45\xdf\xa3"),
        ("All of it (zip)", b"PK"),
    ):
        with page.expect_download() as download:
            page.get_by_role("button", name=name, exact=True).click()
        data = Path(download.value.path()).read_bytes()
        assert data[: len(begins)].lower() == begins.lower()
    assert faults(page) == []
    shot(page, "video")


def test_a_run_is_started_followed_and_stopped_by_the_keyboard(address, visitor):
    page = visitor(f"{address}/runs")
    seen(page, "Look closely at one")
    settled(page)
    press(page, "Run the workflow")
    page.get_by_role("button", name="Stop this run").wait_for()
    expect(page.get_by_text(re.compile(r"[1-9]\d* of \d+ jobs are done"))).to_be_visible()
    shot(page, "running")
    assert faults(page) == []
    press(page, "Stop this run")
    expect(page.get_by_text("State: stopped")).to_be_visible()
    assert not page.locator("[data-testid=stException]").count()


def test_who_has_gone_leaves_neither_memory_nor_threads_behind(app):
    address, process = app
    host = address.removeprefix("http://")
    visit(host)
    memory, threads = held(process)
    for _ in range(8):
        visit(host, megabytes=50)
    until = time.monotonic() + PATIENCE / 1000
    while True:  # of 400 MB, those of a visitor stay
        now = held(process)
        if now[0] < memory + 120 and now[1] <= threads + 4:
            break
        assert time.monotonic() < until, (now, memory, threads)
        time.sleep(1)
