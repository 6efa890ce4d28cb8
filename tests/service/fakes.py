"""What tests of the service share: a model that finds what it is told to, and when it is told."""

import math
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import numpy as np
import torch
from starlette.testclient import TestClient

from service.workers import Workers
from tests.waiting import PATIENCE
from utils.metrics.detections import Detections

KEY = "a-key-of-the-tests"
WITH_KEY = {"Authorization": f"Bearer {KEY}"}


def faces(*scores: float, label: int = 1) -> Detections:
    """Detections of one class with these confidences."""
    rest = [(1 - score) / 3 for score in scores]
    rows = [[other] * 4 for other in rest]
    for row, score in zip(rows, scores, strict=True):
        row[label] = score
    boxes = [(2 + 20 * k, 3, 12 + 20 * k, 13) for k in range(len(scores))]
    return Detections(
        np.array(boxes, np.float32).reshape(-1, 4),
        np.full(len(scores), label),
        np.array(scores, np.float32),
        np.array(rows, np.float32).reshape(-1, 4),
    )


@dataclass
class FakeModel:
    """Finds the same on every photograph, once it is let."""

    digest: str = "ab" * 32
    found: Detections = field(default_factory=lambda: faces(0.9, 0.3))
    seconds: float = 0.0
    threshold: float = 0.5
    arch: str = "fake"
    image_size: int = 64
    device: torch.device = field(default_factory=lambda: torch.device("cpu"))
    may_go: threading.Event = field(default_factory=threading.Event)
    errors: list[BaseException] = field(default_factory=list)
    seen: list[np.ndarray] = field(default_factory=list)
    begun: int = 0
    file: Any = field(
        default_factory=lambda: SimpleNamespace(
            evaluation=None, fingerprints=None, threshold=0.5, data_version=""
        )
    )

    def __post_init__(self) -> None:
        self.may_go.set()

    @property
    def data_version(self) -> str | None:
        return self.file.data_version or None

    def predict(self, images: Sequence[np.ndarray]) -> list[Detections]:
        self.begun += 1
        if self.errors:
            raise self.errors.pop()
        assert self.may_go.wait(PATIENCE)
        time.sleep(self.seconds)
        self.seen += images
        return [self.found] * len(images)


@contextmanager
def dead_stay_dead(workers: Workers) -> Iterator[None]:
    """Replace no worker that dies meanwhile."""
    bury = workers._bury

    def for_long(worker: Any) -> None:
        bury(worker)
        workers._not_before = math.inf

    workers._bury = for_long
    yield
    workers._bury, workers._not_before = bury, 0.0


def places_of(client: TestClient) -> int:
    """Return how many places of a client's service are taken."""
    return client.app.state.service.workers.taken
