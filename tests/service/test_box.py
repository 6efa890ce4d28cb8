"""`make serve` as people start it: a process, the model in the box, clients that others wrote."""

import base64
import os
import re
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from tritonclient import http as triton

from tests.service.fakes import WITH_KEY
from tests.service.started import Started, is_there, started
from tests.waiting import until
from utils.dataset.images import decode
from utils.models import load_model

ROOT = Path(__file__).resolve().parents[2]
PHOTOGRAPHS = [ROOT / "data" / "predict" / f"new_{number:02d}.jpg" for number in (5, 16, 37)]


@pytest.fixture(scope="module")
def service(tmp_path_factory) -> Iterator[tuple[Started, Path]]:
    """Return the service, and the empty folder that it works in."""
    folder, home = tmp_path_factory.mktemp("log"), tmp_path_factory.mktemp("empty")
    with started(folder, "--workers", 2, "--deadline", 60, home=home) as service:
        yield service, home


@pytest.fixture(scope="module")
def expected():
    """What a model that nobody shares finds on each photograph."""
    model = load_model(device="cpu")
    images = [decode(path.read_bytes(), path.name) for path in PHOTOGRAPHS]
    return [found.above(model.threshold) for found in model.predict(images)]


def test_a_client_of_the_protocol_is_understood(service, expected):
    client = triton.InferenceServerClient(f"127.0.0.1:{service[0].port}", network_timeout=120)
    key = {"headers": WITH_KEY}
    assert client.is_server_live()
    assert client.is_server_ready()
    assert client.is_model_ready("box", **key)
    assert client.get_server_metadata(**key)["name"] == "mask-detection"
    client.load_model("box", **key)
    (version,) = client.get_model_metadata("box", **key)["versions"]
    assert client.get_model_repository_index(**key)[0]["state"] == "READY"
    data = np.array([path.read_bytes() for path in PHOTOGRAPHS], object)
    for binary in (True, False):
        tensor = triton.InferInput("photographs", [len(data)], "BYTES")
        sent = data if binary else np.array([encoded(one) for one in data], object)
        tensor.set_data_from_numpy(sent, binary_data=binary)
        wanted = [
            triton.InferRequestedOutput(name, binary_data=binary)
            for name in ("faces", "boxes", "classes", "probabilities")
        ]
        key = {"headers": dict(WITH_KEY)}  # to which the client adds its own
        result = client.infer("box", [tensor], version, wanted, **key)
        assert result.as_numpy("faces").tolist() == [len(one) for one in expected]
        boxes = np.concatenate([one.boxes for one in expected])
        assert np.allclose(result.as_numpy("boxes"), boxes, atol=0.1)
        chances = np.concatenate([one.probabilities for one in expected])
        assert np.allclose(result.as_numpy("probabilities"), chances, atol=1e-3)
    client.close()


def encoded(data: bytes) -> str:
    return base64.b64encode(data).decode()


NUMBER = re.compile(r"\d+\.\d+")


@pytest.mark.parametrize("page", ["README.md", "docs/service.md"])
def test_the_answer_that_the_pages_show_is_the_answer(service, page):
    """Numbers to a thousandth; what a page leaves out (...) is not looked at, nor are times."""
    text = (ROOT / page).read_text()
    shown = re.search(r'^\{\s*"model": ?\{.*?^(?=```)', text, re.DOTALL | re.MULTILINE)[0]
    told = service[0].ask("POST", "/predict", PHOTOGRAPHS[0].read_bytes())[1].decode()
    place = 0
    for part in re.split(r"\.\.\.|\"milliseconds\"[^}]*\}?", re.sub(r"\s+", "", shown)):
        numbers = [float(number) for number in NUMBER.findall(part)]
        pattern = re.escape(NUMBER.sub("#", part)).replace(r"\#", r"([\d.e-]+)")
        found = re.compile(pattern).search(told, place)
        assert found, f"{page}: {part}"
        assert np.allclose([float(one) for one in found.groups()], numbers, rtol=1e-3, atol=1e-3)
        place = found.end()


def test_workers_that_share_a_model_find_what_one_finds(service, expected):
    sent = [path.read_bytes() for path in PHOTOGRAPHS] * 3
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(service[0].predict, sent))
    for number, (status, told) in enumerate(answers):
        assert status == 200
        faces, right = told["photographs"][0]["faces"], expected[number % 3]
        assert len(faces) == len(right)
        boxes = np.array([face["box"] for face in faces]).reshape(-1, 4)
        assert np.allclose(boxes, right.boxes, atol=0.1)
    for worker in service[0].workers():  # it computes on one core: two wait for each other
        assert len(list(Path(f"/proc/{worker}/task").iterdir())) == 1


def test_a_worker_that_is_killed_costs_no_request(service, expected):
    one, _ = service
    first = one.workers()
    with ThreadPoolExecutor(3) as pool:
        sent = [path.read_bytes() for path in PHOTOGRAPHS] * 3
        answers = [pool.submit(one.predict, data) for data in sent]
        os.kill(first[0], signal.SIGKILL)
        assert [answer.result()[0] for answer in answers] == [200] * len(sent)
    until(lambda: first[0] not in one.workers())  # a process may take a while to end
    until(lambda: len(one.workers()) == 2)
    until(lambda: one.is_ready)
    assert one.metric("mask_worker_restarts") == 1


def test_nothing_is_written_and_the_end_is_in_good_order(service):
    one, home = service
    workers = one.workers()
    with ThreadPoolExecutor() as pool:
        last = pool.submit(one.predict, PHOTOGRAPHS[0].read_bytes(), "/rate")
        until(lambda: one.metric("mask_places_taken") or last.done())
        assert one.end() in (0, -signal.SIGTERM)
        assert last.result()[0] == 200
    assert list(home.rglob("*")) == []
    until(lambda: not any(map(is_there, workers)))
