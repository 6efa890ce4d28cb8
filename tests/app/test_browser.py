"""The app in a real browser, with a camera that is none."""

import os
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest
from playwright.sync_api import expect, sync_playwright

from data.painter.sample import draw_picture
from tests.tracking.made import answer, evaluation, make_run
from utils.dataset.images import encode_jpeg

PROJECT = Path(__file__).parents[2]
PATIENCE = 90_000  # ms, on a busy machine
PHONE = {"width": 390, "height": 800}
WORKS = shutil.which("chromium") or shutil.which("chromium-browser")
REQUIRED = os.environ.get("MASK_DETECTION_BROWSER_REQUIRED") == "1"
CAMERA = ("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream")

pytestmark = [
    pytest.mark.skipif(not WORKS and not REQUIRED, reason="Chromium is not installed"),
    pytest.mark.xdist_group("browser"),
]


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    """The app, as `make app` starts it, with a run to look at."""
    runs = tmp_path_factory.mktemp("runs")
    outputs = {"evaluation.json": evaluation(0.8), "prevalence.json": answer(0.6)}
    make_run(runs / "one", outputs=outputs)
    (runs / "one" / "output" / "report.html").write_text("<h1>The report of the run</h1>")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = ["-m", "streamlit", "run", "app/main.py", "--server.port", str(port)]
    words += ["--server.address", "127.0.0.1", "--server.headless", "true"]
    words += ["--browser.gatherUsageStats", "false", "--server.fileWatcherType", "none"]
    app = subprocess.Popen([sys.executable, *words, "--", "--runs", str(runs)], cwd=PROJECT)
    try:
        until = time.monotonic() + PATIENCE / 1000
        while True:
            try:
                with urlopen(f"http://127.0.0.1:{port}/_stcore/health", timeout=5) as health:
                    assert health.read() == b"ok"
                break
            except URLError:
                assert app.poll() is None and time.monotonic() < until
                time.sleep(0.2)
        yield f"http://127.0.0.1:{port}"
    finally:
        app.terminate()
        app.wait(30)


@pytest.fixture(scope="module")
def browser():
    assert WORKS, "Chromium is required (MASK_DETECTION_BROWSER_REQUIRED=1), and not installed"
    with sync_playwright() as playwright:
        words = ["--no-sandbox", "--disable-gpu", *CAMERA]
        opened = playwright.chromium.launch(executable_path=WORKS, args=words)
        yield opened
        opened.close()


@pytest.fixture
def visitor(browser):
    """Return what opens a page as somebody else."""
    contexts = []

    def opened(address, **options):
        contexts.append(browser.new_context(permissions=["camera"], **options))
        page = contexts[-1].new_page()
        page.set_default_timeout(PATIENCE)
        page.goto(address)
        return page

    yield opened
    for context in contexts:
        context.close()


@pytest.fixture(scope="module")
def photographs(tmp_path_factory) -> list[Path]:
    folder = tmp_path_factory.mktemp("photographs")
    for number in range(2):
        data = encode_jpeg(draw_picture(number, [1, 2, 1, 3]).image)
        (folder / f"street_{number}.jpg").write_bytes(data)
    return sorted(folder.iterdir())


def seen(page, text: str) -> None:
    expect(page.get_by_text(text).first).to_be_visible(timeout=PATIENCE)


def drop(page, paths) -> None:
    page.locator("input[type=file]").set_input_files([str(path) for path in paths])
    seen(page, "All faces (CSV)")


def test_every_page_opens(address, visitor):
    page = visitor(address)
    for link, text in (
        ("Home", "The model that looks"),
        ("Photographs", "nothing is stored"),
        ("Camera", "Take a snapshot"),
        ("Runs", "Look closely at one"),
    ):
        page.get_by_role("link", name=link, exact=True).click()
        seen(page, text)
    assert not page.locator("[data-testid=stException]").count()


def test_photographs_are_dropped_and_answered_on_a_desktop_and_a_phone(
    address, visitor, photographs
):
    for options in ({}, {"viewport": PHONE}):
        page = visitor(f"{address}/photographs", **options)
        drop(page, photographs)
        for path in photographs:
            seen(page, f"{path.name}: ")
        expect(page.locator("[data-testid=stImage] img")).to_have_count(2, timeout=PATIENCE)
        wide = "document.scrollingElement.scrollWidth - document.scrollingElement.clientWidth"
        assert page.evaluate(wide) == 0  # nothing to scroll to the side


def test_two_visitors_never_see_each_others_photographs(address, visitor, photographs):
    pages = [visitor(f"{address}/photographs") for _ in photographs]
    for page, path in zip(pages, photographs, strict=True):
        drop(page, [path])
    for page, other in zip(pages, photographs[::-1], strict=True):
        assert other.name not in page.content()


def test_the_keyboard_is_enough_to_drop_photographs(address, visitor, photographs):
    page = visitor(f"{address}/photographs")
    seen(page, "nothing is stored")
    page.wait_for_selector("[data-test-script-state=notRunning]")  # a redraw would take the focus
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("!!document.activeElement.closest('[data-testid=stFileUploader]')"):
            break
    with page.expect_file_chooser(timeout=PATIENCE) as chooser:
        page.keyboard.press("Enter")
    chooser.value.set_files([str(path) for path in photographs])
    seen(page, "All faces (CSV)")


def test_a_snapshot_of_the_camera_is_looked_at(address, visitor):
    page = visitor(f"{address}/camera")
    page.get_by_role("button", name="Take Photo").click()
    seen(page, "All faces (CSV)")
    assert not page.locator("[data-testid=stException]").count()


def test_a_report_is_shown_in_a_frame_of_its_own(address, visitor):
    page = visitor(f"{address}/runs")
    seen(page, "Look closely at one")
    page.get_by_text("Report", exact=True).first.click()
    frame = page.frame_locator("iframe").first
    expect(frame.get_by_text("The report of the run")).to_be_visible(timeout=PATIENCE)
    sandbox = page.locator("iframe").first.get_attribute("sandbox")
    assert sandbox is not None
