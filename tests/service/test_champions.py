"""A new version in the registry is served without a restart, and no request is lost."""

import shutil
import threading
from pathlib import Path

import pytest

from service.champions import Champions
from service.models import Models
from service.server import parser
from service.settings import settings_of
from tests.service.fakes import FakeModel
from tests.tracking.made import make_run
from tests.waiting import until
from utils.errors import InputError
from utils.records import digest_of
from utils.registry.store import KIND, Registry
from utils.tracking.described import describe
from utils.tracking.mlflow_store import Store
from utils.tracking.recorded import read_run
from utils.tracking.registered import SHA256, registered_file

JPEG = {"Content-Type": "image/jpeg"}
PLACE = Path("models:/m@champion")


@pytest.fixture
def crown(address, tmp_path):
    """Return what makes a file with this content the champion."""
    run = describe(read_run(make_run(tmp_path / "run")))
    store = Store(address)
    store.track(run)
    registry = Registry(address)

    def act(content: bytes) -> str:
        package = tmp_path / content.decode()
        package.mkdir()
        (package / "model.pth").write_bytes(content)
        sha256 = digest_of(package / "model.pth")
        tags = {SHA256: sha256, KIND: "detector"}
        version = registry.add("m", package, store.run_id(run), tags, "model.pth")
        before = registry.champion("m")
        registry.crown(version, before and str(before.version))
        return sha256

    return act


@pytest.fixture
def models(crown, address) -> Models:
    crown(b"first")

    def load(path: Path | None, device: str | None) -> FakeModel:
        return FakeModel(digest=digest_of(registered_file(path, address)))

    made = Models({"m": PLACE}, loader=load)
    made.load_all()
    return made


def test_a_new_champion_is_served_while_requests_go_on(models, crown, address, serve, jpeg):
    client, ended, answers = serve(models), threading.Event(), []
    first = models.get().model.digest

    def ask() -> None:
        while not ended.is_set():
            answers.append(client.post("/predict", content=jpeg, headers=JPEG))

    asking = threading.Thread(target=ask)
    with Champions(models, {"m": PLACE}, address, interval=0.05):
        asking.start()
        try:
            until(lambda: len(answers) > 3)
            second = crown(b"second")
            until(lambda: models.get().model.digest == second)
            seen = len(answers)
            until(lambda: len(answers) > seen + 3)
        finally:
            ended.set()
            asking.join()
    assert {answer.status_code for answer in answers} == {200}
    told = [answer.json()["model"]["digest"] for answer in answers]
    assert set(told) == {first, second} and told == sorted(told, key=[first, second].index)


def test_what_cannot_be_had_stays_as_it_is_and_is_told_once(models, crown, address, caplog):
    watch, served = Champions(models, {"m": PLACE}, address), models.get().model.digest
    second = crown(b"second")
    place = registered_file("models:/m@champion", address)
    place.write_bytes(b"damaged")
    for _ in range(3):
        watch.look()
    assert models.get().model.digest == served != second
    assert len([one for one in caplog.records if "stays as it is" in one.message]) == 1
    place.write_bytes(b"second")
    watch.look()
    assert models.get().model.digest == second
    shutil.move(address.removeprefix("sqlite:///"), place.parent / "away.db")
    watch.look()
    assert models.get().model.digest == second


def test_one_that_was_unloaded_or_is_a_file_is_left_alone(models, crown, address, tmp_path):
    models.unload("m")
    crown(b"second")
    Champions(models, {"m": PLACE, "box": None, "file": tmp_path / "x.pth"}, address).look()
    assert models.served == []


def test_a_model_in_a_registry_is_named_by_its_name(tmp_path):
    words = ["--model", "models:/mask-detector@champion", "--registry", "sqlite:////x.db"]
    settings = settings_of(parser().parse_args(words), {})
    assert settings.models == {"mask-detector": Path("models:/mask-detector@champion")}
    assert settings.registry == "sqlite:////x.db"
    with pytest.raises(InputError, match="names no model in a registry"):
        settings_of(parser().parse_args(["--model", "models:/mask-detector"]), {})
