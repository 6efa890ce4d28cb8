"""A service whose models find what the tests say, and clients that need no socket."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from starlette.testclient import TestClient

from service.app import make_app
from service.models import Models
from service.settings import Settings, digest
from tests.service.fakes import KEY, FakeModel
from tests.waiting import PATIENCE
from utils.dataset.images import encode_jpeg, encode_png


@pytest.fixture
def model() -> FakeModel:
    return FakeModel()


@pytest.fixture
def settings() -> Settings:
    return Settings(workers=2, queue=2, deadline=PATIENCE, hosts=frozenset({"testserver"}))


@pytest.fixture
def serve(model, settings) -> Iterator[Callable[..., TestClient]]:
    """Return what starts a service of the fake model, of settings that are changed as told."""
    with ExitStack() as stack:

        def start(
            models: Models | None = None, fetcher: Any = None, key: bool = False, **changed: Any
        ) -> TestClient:
            keys = frozenset({digest(KEY)}) if key else frozenset()
            wanted = replace(settings, **{"keys": keys, **changed})
            if models is None:
                models = Models({"box": None}, loader=lambda path, device: model)
                models.load_all()
            app = make_app(wanted, models, fetcher)
            return stack.enter_context(TestClient(app, raise_server_exceptions=False))

        yield start


@pytest.fixture
def client(serve) -> TestClient:
    return serve()


@pytest.fixture(scope="session")
def jpeg() -> bytes:
    """A photograph of 60 x 40 pixels."""
    return encode_jpeg(np.random.default_rng(0).integers(0, 255, (40, 60, 3)).astype(np.uint8))


@pytest.fixture(scope="session")
def png() -> bytes:
    return encode_png(np.zeros((8, 9, 3), np.uint8))
