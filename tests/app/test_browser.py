"""The app in a real browser, with a camera that is none."""

import os
import re
import shlex
import shutil
import time
from importlib.resources import files
from pathlib import Path

import cv2
import numpy as np
import pytest
from playwright.sync_api import expect, sync_playwright

from benchmarks.app_sessions import held, visit
from data.painter.films import frame_times, write_film
from data.painter.moving import Scene, compose_scene
from data.painter.sample import draw_picture
from tests.app.served import served
from tests.determinism.runs import OPTIONS, dataset
from tests.tracking.made import answer, evaluation, make_run
from utils.dataset.images import encode_jpeg
from utils.dataset.labels import COLOURS

PATIENCE = 90_000  # ms, on a busy machine
PHONE = {"width": 390, "height": 800}
WORKS = shutil.which("chromium") or shutil.which("chromium-browser")
REQUIRED = os.environ.get("MASK_DETECTION_BROWSER_REQUIRED") == "1"
CAMERA = ("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream")
AXE = files("axe_playwright_python").joinpath("axe.min.js").read_text("utf-8")
SHOTS = os.environ.get("MASK_DETECTION_SCREENSHOTS")
"""A folder in which somebody wants to look at what was seen."""

WEBRTC = "iframe[title*=webrtc]"
PAGES = {
    "Home": "The model that looks",
    "Photographs": "nothing is stored",
    "Webcam": "Press START",
    "Snapshot": "Take a snapshot",
    "Video": "nothing is stored",
    "Runs": "Look closely at one",
}
ELSEWHERE = "masks.example"
WIDER = "document.scrollingElement.scrollWidth - document.scrollingElement.clientWidth"
RELAYED = """
const Plain = window.RTCPeerConnection;
window.RTCPeerConnection = class extends Plain {
  constructor(words) { super({...words, iceTransportPolicy: "relay"}); }
};
"""
"""A browser whose network lets nothing through but a relay, of which there is none."""

pytestmark = [
    pytest.mark.skipif(not WORKS and not REQUIRED, reason="Chromium is not installed"),
    pytest.mark.xdist_group("browser"),
]


@pytest.fixture(scope="module")
def app(tmp_path_factory):
    """The app, as `make app` starts it, with a run to look at, and small ones to start."""
    runs = tmp_path_factory.mktemp("runs")
    outputs = {"evaluation.json": evaluation(0.8), "prevalence.json": answer(0.6)}
    make_run(runs / "one", outputs=outputs)
    (runs / "one" / "output" / "report.html").write_text("<h1>The report of the run</h1>")
    faces = dataset(tmp_path_factory.mktemp("data") / "faces")
    words = ["--data", str(faces), *OPTIONS, "--cores", "1"]
    words = ("--runs", str(runs), "--megabytes", "60", "--run-with", shlex.join(words))
    with served(*words) as started:
        yield started


@pytest.fixture
def address(app) -> str:
    return app[0]


@pytest.fixture(scope="module")
def scene() -> Scene:
    """Six people who walk slowly: a busy machine looks at a frame a second."""
    return compose_scene(5, 6, 6, (640, 360), speed=(0.05, 0.2), widths=(0.07, 0.12), pillars=0)


@pytest.fixture(scope="module")
def camera(scene, tmp_path_factory) -> Path:
    """What the browser takes for its camera: the scene, again and again."""
    path = tmp_path_factory.mktemp("camera") / "people.y4m"
    with open(path, "wb") as file:
        file.write(b"YUV4MPEG2 W640 H360 F10:1 Ip A1:1 C420jpeg\n")
        for moment in frame_times(6, 10):
            picture = cv2.cvtColor(scene.paint(moment), cv2.COLOR_RGB2YUV_I420)
            file.write(b"FRAME\n" + picture.tobytes())
    return path


@pytest.fixture(scope="module")
def browser(camera):
    assert WORKS, "Chromium is required (MASK_DETECTION_BROWSER_REQUIRED=1), and not installed"
    with sync_playwright() as playwright:
        words = ["--no-sandbox", "--disable-gpu", *CAMERA]
        words.append(f"--use-file-for-fake-video-capture={camera}")
        words.append(f"--host-resolver-rules=MAP {ELSEWHERE} 127.0.0.1")
        opened = playwright.chromium.launch(executable_path=WORKS, args=words)
        yield opened
        opened.close()


@pytest.fixture
def visitor(browser):
    """Return what opens a page as somebody else."""
    contexts = []

    def opened(address, script=None, **options):
        contexts.append(browser.new_context(permissions=["camera"], **options))
        if script:
            contexts[-1].add_init_script(script)
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


def faults(page) -> list[str]:
    """Return what axe-core finds that is serious or critical, in all frames of a page."""
    page.wait_for_selector("[data-test-script-state=notRunning]")
    for frame in page.frames:
        frame.evaluate(AXE)
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{one['id']}: {node['html'][:200]} {node['failureSummary']}"
        for one in found["violations"]
        for node in one["nodes"]
        if one["impact"] in ("serious", "critical")
    ]


def shot(page, name: str) -> None:
    """Keep a picture of a page, where somebody wants to look at it."""
    if SHOTS:
        page.screenshot(path=f"{SHOTS}/{name}.png", full_page=True)


def take_photo(page) -> None:
    """Take one as soon as the camera is there, which the button does not wait for."""
    page.wait_for_function(
        "document.querySelector('[data-testid=stCameraInput] video')?.videoWidth > 0",
        timeout=PATIENCE,
    )
    page.get_by_role("button", name="Take Photo").click()
    seen(page, "All faces (CSV)")


def drop(page, paths) -> None:
    page.locator("input[type=file]").set_input_files([str(path) for path in paths])
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
        expect(page.locator("[data-testid=stImage] img")).to_have_count(2, timeout=PATIENCE)
        assert page.evaluate(WIDER) == 0
        shot(page, f"{name}-answer")
    assert faults(page) == []


def test_two_visitors_never_see_each_others_photographs(address, visitor, photographs):
    pages = [visitor(f"{address}/photographs") for _ in photographs]
    for page, path in zip(pages, photographs, strict=True):
        drop(page, [path])
    for page, other in zip(pages, photographs[::-1], strict=True):
        assert other.name not in page.content()
        expect(page.locator("[data-testid=stImage] img")).to_have_count(1, timeout=PATIENCE)
    (one, other) = (
        page.locator("[data-testid=stImage] img").get_attribute("src") for page in pages
    )
    assert one != other


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
    page = visitor(f"{address}/snapshot")
    take_photo(page)
    assert not page.locator("[data-testid=stException]").count()


def test_a_report_is_shown_in_a_frame_of_its_own(address, visitor):
    page = visitor(f"{address}/runs")
    seen(page, "Look closely at one")
    page.get_by_text("Report", exact=True).first.click()
    frame = page.frame_locator("iframe").first
    expect(frame.get_by_text("The report of the run")).to_be_visible(timeout=PATIENCE)
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


def test_a_webcam_started_by_the_keyboard_shows_boxes_and_counts_people(address, visitor, scene):
    plain = np.concatenate([scene.paint(time) for time in (0, 2, 4)]).reshape(-1, 3).astype(int)
    page = visitor(f"{address}/webcam")
    frame = page.frame_locator(WEBRTC)
    start = frame.get_by_role("button", name="START")
    start.wait_for()
    page.wait_for_selector("[data-test-script-state=notRunning]")
    for _ in range(40):
        page.keyboard.press("Tab")
        if start.evaluate("button => button === document.activeElement"):
            break
    page.keyboard.press("Enter")
    frame.locator("video").wait_for()
    page.frames[-1].wait_for_function(
        "document.querySelector('video').videoWidth > 0", timeout=PATIENCE
    )
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
    frame.get_by_role("button", name="STOP").click()
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
    page.wait_for_function("document.querySelector('video').readyState >= 1", timeout=PATIENCE)
    for name, begins in (
        ("report.html", b"<!doctype html>"),
        ("people.csv", b"person,tracks,"),
        ("annotated.webm", b"\x1a\x45\xdf\xa3"),
        ("All of it (zip)", b"PK"),
    ):
        with page.expect_download(timeout=PATIENCE) as download:
            page.get_by_role("button", name=name, exact=True).click()
        data = Path(download.value.path()).read_bytes()
        assert data[: len(begins)].lower() == begins.lower()
    assert faults(page) == []
    shot(page, "video")


def test_a_run_is_started_followed_and_stopped(address, visitor):
    page = visitor(f"{address}/runs")
    page.get_by_role("button", name="Run the workflow").click()
    page.get_by_role("button", name="Stop this run").wait_for()
    expect(page.get_by_text(re.compile(r"[1-9]\d* of \d+ jobs are done"))).to_be_visible(
        timeout=PATIENCE
    )
    shot(page, "running")
    assert faults(page) == []
    page.get_by_role("button", name="Stop this run").click()
    expect(page.get_by_text("State: stopped")).to_be_visible(timeout=PATIENCE)
    assert not page.locator("[data-testid=stException]").count()


def test_who_has_gone_leaves_neither_memory_nor_threads_behind(app):
    address, process = app
    host = address.removeprefix("http://")
    visit(host)
    memory, threads = held(process)
    for _ in range(8):
        visit(host, megabytes=50)
    until = time.monotonic() + PATIENCE / 1000
    while held(process)[0] > memory + 120 and time.monotonic() < until:
        time.sleep(1)
    now = held(process)
    assert now[0] < memory + 120 and now[1] <= threads + 4  # of 400 MB, those of a visitor stay
