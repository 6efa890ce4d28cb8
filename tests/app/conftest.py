"""The app as Streamlit runs it without a browser, and as `make app` starts it for one."""

import shlex
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import pytest
import streamlit as st
from playwright.sync_api import expect, sync_playwright
from streamlit.testing.v1 import AppTest

from app.settings import Settings
from data.painter.films import frame_times
from data.painter.moving import Scene, compose_scene
from data.painter.sample import draw_picture
from tests.app.browsing import CAMERA, ELSEWHERE, PATIENCE, REDRAWS, WORKS, Redraws
from tests.app.served import served
from tests.determinism.runs import OPTIONS, dataset
from tests.tracking.made import answer, evaluation, make_run
from utils.dataset.images import encode_jpeg


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
        return AppTest.from_function(page, default_timeout=PATIENCE / 1000, kwargs=told).run()

    return opened


@pytest.fixture(scope="session")
def main() -> Path:
    """The script that Streamlit is started with."""
    return Path(__file__).parents[2] / "app" / "main.py"


@pytest.fixture(scope="session")
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
        expect.set_options(timeout=PATIENCE)
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
        REDRAWS[page] = Redraws(page)
        # Asked for before a key is pressed: it would take a moment, and the chooser be gone.
        page.on("filechooser", lambda _: None)
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
