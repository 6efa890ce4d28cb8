"""`make serve` as people start it: a process, the model in the box, clients that others wrote."""

import base64
import http.client
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from tritonclient import http as triton

from utils.dataset.images import decode
from utils.models import load_model

ROOT = Path(__file__).resolve().parents[2]
PHOTOGRAPHS = [ROOT / "data" / "predict" / f"new_{number:02d}.jpg" for number in (5, 16, 37)]


@pytest.fixture(scope="module")
def service(tmp_path_factory) -> Iterator[tuple[subprocess.Popen, int, Path]]:
    """Return the process, its port, and the empty folder that it works in."""
    folder, log = tmp_path_factory.mktemp("empty"), tmp_path_factory.mktemp("log") / "log"
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": str(folder), "PORT": "0"}
    with log.open("w") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", "service", "--workers", "2", "--deadline", "60"],
            cwd=folder,
            env=environment,
            stderr=file,
        )
    try:
        end = time.monotonic() + 120
        while '"address"' not in log.read_text():
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < end
            time.sleep(0.1)
        first = json.loads(log.read_text().splitlines()[0])
        yield process, int(first["address"].rpartition(":")[2]), folder
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()


@pytest.fixture(scope="module")
def expected():
    """What a model that nobody shares finds on each photograph."""
    model = load_model(device="cpu")
    images = [decode(path.read_bytes(), path.name) for path in PHOTOGRAPHS]
    return [found.above(model.threshold) for found in model.predict(images)]


def post(port: int, data: bytes, path: str = "/predict"):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    connection.request("POST", path, data)
    answer = connection.getresponse()
    return answer.status, json.loads(answer.read())


def test_a_client_of_the_protocol_is_understood(service, expected):
    client = triton.InferenceServerClient(f"127.0.0.1:{service[1]}", network_timeout=120)
    assert client.is_server_live()
    assert client.is_server_ready()
    assert client.is_model_ready("box")
    assert client.get_server_metadata()["name"] == "mask-detection"
    (version,) = client.get_model_metadata("box")["versions"]
    assert client.get_model_repository_index()[0]["state"] == "READY"
    data = np.array([path.read_bytes() for path in PHOTOGRAPHS], object)
    for binary in (True, False):
        tensor = triton.InferInput("photographs", [len(data)], "BYTES")
        sent = data if binary else np.array([encoded(one) for one in data], object)
        tensor.set_data_from_numpy(sent, binary_data=binary)
        wanted = [
            triton.InferRequestedOutput(name, binary_data=binary)
            for name in ("faces", "boxes", "classes", "probabilities")
        ]
        result = client.infer("box", [tensor], outputs=wanted, model_version=version)
        assert result.as_numpy("faces").tolist() == [len(one) for one in expected]
        boxes = np.concatenate([one.boxes for one in expected])
        assert np.allclose(result.as_numpy("boxes"), boxes, atol=0.1)
        chances = np.concatenate([one.probabilities for one in expected])
        assert np.allclose(result.as_numpy("probabilities"), chances, atol=1e-3)
    client.close()


def encoded(data: bytes) -> str:
    return base64.b64encode(data).decode()


def test_workers_that_share_a_model_find_what_one_finds(service, expected):
    sent = [path.read_bytes() for path in PHOTOGRAPHS] * 3
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda data: post(service[1], data), sent))
    for number, (status, told) in enumerate(answers):
        assert status == 200
        faces, right = told["photographs"][0]["faces"], expected[number % 3]
        assert len(faces) == len(right)
        boxes = np.array([face["box"] for face in faces]).reshape(-1, 4)
        assert np.allclose(boxes, right.boxes, atol=0.1)


def test_nothing_is_written_and_the_end_is_in_good_order(service):
    process, port, folder = service
    with ThreadPoolExecutor() as pool:
        last = pool.submit(post, port, PHOTOGRAPHS[0].read_bytes(), "/rate")
        time.sleep(0.3)
        process.send_signal(signal.SIGTERM)
        assert last.result()[0] == 200
    assert process.wait(30) in (0, -signal.SIGTERM)
    assert list(folder.rglob("*")) == []
