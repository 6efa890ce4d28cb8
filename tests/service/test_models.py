"""Models by name: loaded, replaced without a lost request, kept where a file is not sound."""

import base64
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import pytest

from service.looking import Look
from service.models import Models, Served
from service.problems import Problem
from tests.service.fakes import WITH_KEY, FakeModel
from tests.waiting import PATIENCE, until
from utils.classifier.two_stage import TwoStageDetector
from utils.errors import InputError

JPEG = {"Content-Type": "image/jpeg"}


class Files:
    """Stands in for `load_model`: a file holds what its name was given last."""

    def __init__(self, **digests: str) -> None:
        self.digests = digests

    def __call__(self, path, device):
        digest = self.digests["box" if path is None else path.name]
        if not digest:
            raise InputError(f"{path}: is damaged; train the model again")
        return FakeModel(digest=digest * 32)


@pytest.fixture
def files() -> Files:
    return Files(box="aa", other="bb")


@pytest.fixture
def models(files, tmp_path) -> Models:
    made = Models({"box": None, "other": tmp_path / "other"}, loader=files)
    made.load_all()
    return made


def test_the_first_is_meant_where_none_is_named(models):
    assert models.get().name == "box"
    assert models.get("other").version == "bb" * 6


@pytest.mark.parametrize("name", ["otter", "", "../other", "/etc/passwd"])
def test_no_other_name_is_served(models, name):
    with pytest.raises(Problem) as problem:
        models.get(name)
    assert problem.value.status == 404


def test_a_version_is_the_start_of_a_digest(models):
    for version in (None, "bb" * 6, "bb" * 32):
        assert models.get("other", version).name == "other"
    for version in ("bb", "aa" * 6, ""):
        with pytest.raises(Problem) as problem:
            models.get("other", version)
        assert problem.value.status == 404


def test_a_file_that_is_not_sound_replaces_nothing(models, files, tmp_path):
    files.digests["other"] = ""
    with pytest.raises(Problem) as problem:
        models.load("other")
    assert problem.value.record() == {
        "error": "is damaged", "file": "other", "field": None, "fix": "train the model again"
    }  # fmt: skip
    assert str(tmp_path) not in str(problem.value.record())
    assert models.get("other").version == "bb" * 6
    assert models.index()[1]["reason"] == "its file is not sound"
    files.digests["other"] = "cc"
    assert models.load("other").version == "cc" * 6
    assert models.index()[1] == {
        "name": "other", "version": "cc" * 6, "state": "READY", "reason": ""
    }  # fmt: skip


def test_a_start_with_a_file_that_is_not_sound_fails(files, tmp_path):
    files.digests["other"] = ""
    with pytest.raises(InputError):
        Models({"other": tmp_path / "other"}, loader=files).load_all()


def test_what_is_unloaded_is_gone_until_it_is_loaded(serve, models, jpeg):
    client = serve(models, key=True)
    at = "/v2/repository/models/other"
    assert client.post(f"{at}/unload", headers=WITH_KEY).status_code == 200
    for path in ("/v2/models/other", "/v2/models/other/ready"):
        assert client.get(path, headers=WITH_KEY).status_code == 503
    assert client.get("/v2/models", headers=WITH_KEY).json() == {"models": ["box"]}
    assert client.get("/v2/health/ready").status_code == 200
    listed = client.post("/v2/repository/index", headers=WITH_KEY).json()
    assert [one["state"] for one in listed] == ["READY", "UNAVAILABLE"]
    assert client.post(f"{at}/load", headers=WITH_KEY).status_code == 200
    assert client.get("/v2/models/other/ready", headers=WITH_KEY).status_code == 200
    assert client.post("/v2/repository/models/x/load", headers=WITH_KEY).status_code == 404


def test_without_any_model_it_is_not_ready(serve, models):
    client = serve(models)
    for name in models.names:
        models.unload(name)
    answer = client.get("/v2/health/ready")
    assert (answer.status_code, answer.json()["reasons"]) == (503, ["no model is loaded"])


def test_a_request_ends_with_the_model_that_it_began_with(serve, models, files, jpeg):
    client = serve(models, key=True)
    old = models.get("box").model
    old.may_go.clear()
    headers = {**JPEG, **WITH_KEY}
    with ThreadPoolExecutor() as pool:
        waiting = pool.submit(client.post, "/predict", content=jpeg, headers=headers)
        until(lambda: old.begun)
        files.digests["box"] = "dd"
        loaded = client.post("/v2/repository/models/box/load", headers=WITH_KEY)
        assert loaded.json()["version"] == "dd" * 6
        new = client.post("/predict", content=jpeg, headers=headers).json()
        assert new["model"]["version"] == "dd" * 6
        old.may_go.set()
        assert waiting.result().json()["model"]["version"] == "aa" * 6


@pytest.mark.parametrize("stages", [1, 2])
def test_finders_of_faces_do_one_thing_at_a_time(jpeg, stages):
    """A cascade keeps what it works with; a network does not, and serves all workers at once."""
    both = threading.Barrier(2)
    model: Any = FakeModel()
    if stages == 2:
        model = object.__new__(TwoStageDetector)
        model.file, model.digest, model.threshold = FakeModel().file, "ab" * 32, 0.5
    met = []

    def predict(images):
        with suppress(threading.BrokenBarrierError):
            both.wait(PATIENCE if stages == 1 else 0.3)
            met.append(True)
        return [FakeModel().found] * len(images)

    model.predict = predict
    served = Served.load("a", None, None, lambda path, device: model)
    tasks = [Look(served, "a", jpeg, 10_000, 0.5) for _ in range(2)]
    with ThreadPoolExecutor() as pool:
        found = list(pool.map(lambda task: Look.run([task])[0], tasks))
    assert all(one.detections is not None for one in found)
    assert bool(met) is (stages == 1)


def test_a_model_that_is_replaced_again_and_again_leaves_nothing_behind(models):
    import gc
    import weakref

    kept = []
    for _ in range(100):
        models.load("box")
        kept.append(weakref.ref(models.get("box").model))
    gc.collect()
    assert sum(one() is not None for one in kept) == 1


def test_the_data_that_a_model_learnt_from_are_named_where_they_are_known(client, model, jpeg):
    def told():
        tensor = {"name": "photographs", "datatype": "BYTES", "shape": [1]}
        tensor["data"] = [base64.b64encode(jpeg).decode()]
        return [
            client.post("/predict", content=jpeg, headers=JPEG).json()["model"],
            client.post("/rate", content=jpeg, headers=JPEG).json()["model"],
            client.get("/v2/models/box").json()["parameters"],
            client.post("/v2/models/box/infer", json={"inputs": [tensor]}).json()["parameters"],
        ]

    assert not any("data_version" in one for one in told())
    model.file.data_version = "cd" * 32
    assert [one["data_version"] for one in told()] == ["cd" * 32] * 4
