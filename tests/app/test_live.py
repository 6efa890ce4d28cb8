"""A camera in a browser: the newest frame alone, everybody once, nothing that grows."""

import threading

import av
import numpy as np
import pytest

from app import camera as cameras
from app import live
from app.camera import BrowserCamera
from app.live import Look, Watcher
from tests.waiting import PATIENCE, until
from utils.metrics.detections import Detections
from utils.models import load_model
from utils.video.correction import Correction
from utils.video.people import Person, View

SIZE = (120, 200)
BOX = [20, 60, 60, 100]


class Paced(BrowserCamera):
    """Twenty frames a second, however long this machine takes over them."""

    def now(self) -> float:
        return self.arrived / 20


class Still:
    """Finds a face, or two, in every frame; waits where it is told to."""

    threshold = 0.5

    def __init__(self, faces: int = 1) -> None:
        self.go, self.looked, self._faces = threading.Event(), [], faces
        self.go.set()

    def predict(self, images):
        self.go.wait(PATIENCE)
        self.looked.append(int(images[0][0, 0, 0]))
        boxes = np.array([BOX, [140, 60, 180, 100]], np.float32)[: self._faces]
        rows = np.array([[0.02, 0.95, 0.02, 0.01], [0.04, 0.01, 0.94, 0.01]], np.float32)
        rows = rows[: self._faces]
        return [Detections(boxes, rows[:, 1:].argmax(1) + 1, rows[:, 1:].max(1), rows)]


def frame(value: int = 128) -> av.VideoFrame:
    return av.VideoFrame.from_ndarray(np.full((*SIZE, 3), value, np.uint8), format="rgb24")


@pytest.fixture
def watching():
    made = []

    def start(model, look=None, camera=None) -> Watcher:
        look, camera = look or Look(mirror=False), camera or Paced()
        made.append(Watcher(model, None, "it is a stand-in", look, camera))
        return made[-1]

    yield start
    for one in made:
        one.on_ended()
        one.thread.join(PATIENCE)
        assert not one.thread.is_alive()


def feed(watcher: Watcher, image: np.ndarray | None = None) -> np.ndarray:
    """Send frames for a second, each looked at, and return the picture that came back last."""
    sent = frame() if image is None else av.VideoFrame.from_ndarray(image, format="rgb24")
    for _ in range(20):
        before = len(watcher._model.looked)
        back = watcher.recv(sent)
        until(lambda before=before: len(watcher._model.looked) > before)
    return back.to_ndarray(format="rgb24")


def test_the_newest_frame_alone_is_kept_and_looked_at(watching):
    model = Still()
    model.go.clear()
    watcher = watching(model)
    watcher.recv(frame(1))
    until(lambda: watcher.camera._newest is None)
    for value in range(2, 200):
        assert watcher.recv(frame(value)).height == SIZE[0]
    assert model.looked == []  # who sends never waits for the model
    assert watcher.now().dropped == 197 and watcher.now().arrived == 199
    model.go.set()
    until(lambda: len(model.looked) == 2)
    assert model.looked == [1, 199]


def test_everybody_is_counted_once_and_told_in_the_timeline(watching):
    watcher = watching(Still(2))
    feed(watcher)
    until(lambda: sum(watcher.now().counts.values()) == 2)
    now, lately = watcher.now(), watcher.lately()
    assert now.counts == {"with_mask": 1, "without_mask": 1, "mask_weared_incorrect": 0}
    assert (now.here, lately.record["people"]) == (2, 2)
    assert sum(row["people"] for row in lately.rows) >= 2
    assert "not corrected, because it is a stand-in" in lately.record["serious"][-1]
    watcher.on_ended()
    watcher.thread.join(PATIENCE)
    assert sum(watcher.now().counts.values()) == 2 and watcher.now().here == 0
    assert watcher.lately().record["people"] == 2


def test_boxes_are_drawn_mirrored_or_not_and_faces_hidden_at_any_time(watching):
    look = Look(mirror=False)
    watcher = watching(Still(), look)
    rows = slice(62, 98)
    plain = feed(watcher)
    x1, x2 = BOX[0], BOX[2]
    assert (plain[rows, x1 : x1 + 2] != 128).any() and (plain[rows, 150:] == 128).all()
    look.mirror = True
    mirrored = feed(watcher)
    assert (mirrored[rows, 200 - x2 : 202 - x2] != 128).any()
    assert (mirrored[rows, : 200 - x2 - 10] == 128).all()


def test_hidden_faces_are_hidden_in_what_comes_back(watching):
    watcher = watching(Still(), Look(hide=True, mirror=False))
    noise = np.random.default_rng(0).integers(0, 255, (*SIZE, 3)).astype(np.uint8)
    picture = feed(watcher, noise)
    inside = (slice(70, 92), slice(30, 52))
    assert len(np.unique(picture[inside].reshape(-1, 3), axis=0)) < 30
    assert np.array_equal(picture[62:98, 100:], noise[62:98, 100:])


def test_before_anything_was_looked_at_nothing_of_the_camera_is_shown(watching):
    model = Still()
    model.go.clear()
    back = watching(model, Look(hide=True)).recv(frame(7)).to_ndarray(format="rgb24")
    model.go.set()
    assert (back == 96).all()


def test_who_has_gone_without_a_word_is_waited_for_no_longer(watching):
    watcher = watching(Still(), camera=BrowserCamera(silence=0.2))
    watcher.recv(frame())
    watcher.thread.join(PATIENCE)
    assert not watcher.thread.is_alive()


def test_a_silence_is_a_gap(monkeypatch):
    now = [0.0]
    monkeypatch.setattr(cameras.clock, "monotonic", lambda: now[0])
    camera = BrowserCamera()
    for at in (1.0, 1.5, 5.5, 6.0):
        now[0] = at
        camera.offer(frame())
    assert [(gap.start, gap.end) for gap in camera.gaps] == [(1.5, 5.5)]


def test_what_is_kept_is_bounded_and_the_rest_is_told(watching):
    watcher = watching(Still())
    view = View(0.0, 1.0, np.array([1.0, 0.0, 0.0]))
    more = live.MOST + 100
    for number in range(more):
        person = Person([number], 0.0, 1.0, 9, [view], times=[[0.0, 1.0]])
        watcher._known.people.append(person)
        watcher._known.counts[person.title] += 1
    lately = watcher.lately()
    assert lately.record["people"] == live.MOST
    assert any("100 came before" in text for text in lately.record["serious"])
    for _ in range(1000):
        watcher._known.spans.append([0.0, 0.0])
    assert len(watcher._known.spans) <= 200 and watcher._known.times.maxlen == 50


def test_a_scene_unlike_those_of_the_test_is_doubted():
    model = load_model()
    watcher = Watcher(Still(), Correction.of(model.file.evaluation), None, Look())
    count = 100  # tiny and unsure
    swarm = Detections(
        np.array([[x, 9, x + 3, 13] for x in range(count)], np.float32),
        np.ones(count, np.int64),
        np.full(count, 0.6, np.float32),
        np.tile(np.array([[0.4, 0.6, 0, 0]], np.float32), (count, 1)),
    )
    for second in range(8):
        watcher._scene.add(swarm, float(second), np.full((*SIZE, 3), 128, np.uint8))
    assert any("unlike the photographs" in text for text in watcher.lately().record["caveats"])
    watcher.on_ended()
    watcher.thread.join(PATIENCE)
