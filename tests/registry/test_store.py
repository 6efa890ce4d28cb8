"""Versions and aliases: whole or not there, at whatever step somebody is cut off."""

import contextlib
import json
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.tracking.made import make_run
from utils.errors import InputError
from utils.registry.store import CHAMPIONS, KIND, Registry
from utils.tracking import client as module
from utils.tracking.described import describe
from utils.tracking.mlflow_store import Store
from utils.tracking.recorded import read_run
from utils.tracking.registered import PLACE, SHA256, find_registered

NAME = "m"
STEPS = (
    *("log_artifacts", "create_model_version"),
    *("set_registered_model_tag", "set_registered_model_alias", "delete_registered_model_alias"),
)


class Killed(BaseException):
    """Ends it where it is, as a signal does."""


@pytest.fixture
def register(address, tmp_path) -> Callable[..., Any]:
    """Return what adds the n-th model, and makes it the champion or the challenger."""
    package, run = tmp_path / "package", describe(read_run(make_run(tmp_path / "run")))
    package.mkdir()
    (package / "model.pth").write_bytes(b"weights")
    store = Store(address)
    store.track(run)
    run_id = store.run_id(run)

    def act(place: str, number: int, champion: bool = True) -> Any:
        registry = Registry(place)
        before = registry.champion(NAME)
        tags = {SHA256: f"{number:064x}", KIND: "detector", "gate.as_good": "passed"}
        version = registry.add(NAME, package, run_id, tags, "model.pth")
        if champion:
            registry.crown(version, before and str(before.version))
        else:
            registry.challenge(version)
        return version

    return act


def aliases(address: str) -> dict[str, str]:
    return Registry(address)._aliases(NAME)


def test_a_version_is_found_by_name_and_alias_and_holds_where_its_file_is(register, address):
    register(address, 1)
    register(address, 2, champion=False)
    found = find_registered("models:/m@champion", address)
    assert (found.name, found.version, found.sha256) == ("m", "1", f"{1:064x}")
    assert Path(found.place.removeprefix("file://")).read_bytes() == b"weights"
    assert find_registered("models:/m@challenger", address).version == "2"
    assert find_registered("models:/m/2", address).version == "2"


@pytest.mark.parametrize(
    ("word", "told"),
    [
        ("models:/m@best", "has no such version or alias; its aliases: @champion"),
        ("models:/m/7", "has no such version or alias"),
        ("models:/other@champion", "no model of that name in sqlite:.*there are m"),
        ("models:/m", "names no model in a registry; write models:/NAME@champion"),
        ("models:/m/0", "names no model in a registry"),
        ("models:/../m@champion", "names no model in a registry"),
        ("models:/m' OR '1'='1@champion", "names no model in a registry"),
    ],
)
def test_what_is_no_version_is_told(register, address, word, told):
    register(address, 1)
    with pytest.raises(InputError, match=told):
        find_registered(word, address)


def test_one_that_others_registered_has_no_file_of_ours(register, address):
    register(address, 1)
    client = Registry(address).client
    client.create_registered_model("theirs")
    source = client.get_model_version(NAME, "1").source
    client.create_model_version("theirs", source)
    with pytest.raises(InputError, match=r"was not registered by `python workflow\.py promote`"):
        find_registered("models:/theirs/1", address)
    client.create_model_version("theirs", source, tags={SHA256: "0" * 64, PLACE: "../../x"})
    with pytest.raises(InputError, match="was not registered by"):
        find_registered("models:/theirs/2", address)


def test_no_registry_is_made_by_looking_for_one(tmp_path):
    address = f"sqlite:///{tmp_path / 'no' / 'mlflow.db'}"
    with pytest.raises(InputError, match="there is no registry at"):
        find_registered("models:/m@champion", address)
    assert not (tmp_path / "no").exists()


@pytest.mark.parametrize("after", [False, True])
def test_cut_off_at_any_step_and_done_again_it_is_as_undisturbed(
    register, address, monkeypatch, after
):
    """A challenger becomes the champion in the end, so that every step is taken."""
    register(address, 1)
    folder, real = Path(address.removeprefix("sqlite:///")).parent, module.open_client
    for name in STEPS:
        copy = folder.with_name(f"{name}_{after}")  # its files stay where they are
        shutil.copytree(folder, copy)
        place = f"sqlite:///{copy / 'mlflow.db'}"
        cuts = []
        for champion in (False, True):

            def cut(address: str, name: str = name, cuts: list[str] = cuts) -> Any:
                client = real(address)
                call = getattr(client, name)

                def dies(*args: Any, **kwargs: Any) -> None:
                    if after:
                        call(*args, **kwargs)
                    cuts.append(name)
                    raise Killed

                setattr(client, name, dies)
                return client

            with monkeypatch.context() as patched:
                patched.setattr(module, "open_client", cut)
                with contextlib.suppress(Killed):
                    register(place, 2, champion)
            assert find_registered("models:/m@champion", place).version in ("1", "2")
            register(place, 2, champion)
        assert cuts, f"{name} is no step"
        registry = Registry(place)
        registry.crown(registry.champion(NAME), "2")
        assert aliases(place) == {"champion": "2"}, name
        assert [one.tags[SHA256] for one in registry._versions(NAME)] == [
            f"{1:064x}",
            f"{2:064x}",
        ]
        told = registry.client.get_registered_model(NAME).tags[CHAMPIONS]
        assert json.loads(told) == ["1", "2"]
        assert registry.roll_back(NAME) == ("2", "1")
        assert aliases(place) == {"champion": "1"}


def test_one_that_was_compared_with_a_champion_of_yesterday_is_not_crowned(register, address):
    first = register(address, 1)
    register(address, 2)
    with pytest.raises(InputError, match="version 2 has become the champion meanwhile"):
        Registry(address).crown(first, None)
    assert aliases(address) == {"champion": "2"}


@pytest.mark.parametrize(
    ("step", "error"),
    [
        ("log_artifacts", OSError(28, "No space left on device")),
        ("log_artifacts", OSError(30, "Read-only file system")),
        ("create_model_version", sqlite3.OperationalError("database or disk is full")),
        ("set_registered_model_alias", TimeoutError("timed out")),
    ],
)
def test_a_store_that_is_full_read_only_or_slow_is_told_and_nothing_is_half_registered(
    register, address, monkeypatch, step, error
):
    register(address, 1)
    real = module.open_client

    def failing(address: str) -> Any:
        client = real(address)

        def fail(*args: Any, **kwargs: Any) -> None:
            raise error

        setattr(client, step, fail)
        return client

    with monkeypatch.context() as patched:
        patched.setattr(module, "open_client", failing)
        with pytest.raises(InputError, match=r"cannot be promoted to .*nothing is half registered"):
            register(address, 2)
    assert aliases(address) == {"champion": "1"}
    register(address, 2)
    assert aliases(address) == {"champion": "2"}
    assert len(Registry(address)._versions(NAME)) == 2


def test_rolling_back_goes_back_through_all_champions_and_passes_over_those_deleted(
    register, address
):
    for number in (1, 2, 3, 2, 4):
        register(address, number)
    registry = Registry(address)
    registry.client.delete_model_version(NAME, "3")
    assert [registry.roll_back(NAME) for _ in range(2)] == [("4", "2"), ("2", "1")]
