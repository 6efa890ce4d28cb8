"""What a worker does with a photograph: decode it, find the faces, draw them."""

import time
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from service.models import Served
from service.problems import Problem, of_input_error
from utils.analysis.prediction.looking import Looked
from utils.apply.looking import closely
from utils.dataset.image_header import read_header
from utils.dataset.images import decode, encode_jpeg
from utils.dataset.intake.kinds import CONVERT, FIXES, HEAD, READ, kind_by_bytes
from utils.dataset.shards import Photo
from utils.dataset.splitting.fingerprints import Fingerprint
from utils.drawing.faces import draw_detections
from utils.errors import InputError
from utils.metrics.detections import Detections


@dataclass(frozen=True, eq=False)
class Look:
    """A photograph to look at: a `service.running.Task`.

    Attributes
    ----------
    served
        Which model looks.
    name
        What to call the photograph.
    data
        The bytes of its file.
    pixels
        That it may have.
    threshold
        Confidence from which a face is drawn.
    draw
        Whether it is drawn.
    closely
        Whether all is noted that a rate needs: its looks, and what near-duplicates are known by.
    """

    served: Served
    name: str
    data: bytes
    pixels: int
    threshold: float
    draw: bool = False
    closely: bool = False

    @property
    def together(self) -> Hashable:
        return id(self.served)

    @staticmethod
    def run(tasks: Sequence["Look"]) -> "list[Found | Problem]":
        """Look at photographs with one model."""
        results: list[Found | Problem] = []
        ready: list[tuple[Look, Found]] = []
        for task in tasks:
            clock = _Clock()
            try:
                found = Found(_decoded(task), ms={"decode": clock.ms()})
                ready.append((task, found))
                results.append(found)
            except Problem as problem:
                results.append(problem)
        if ready:
            clock, served = _Clock(), ready[0][0].served
            with served.turn:
                detections = served.model.predict([found.image for _, found in ready])
            spent = clock.ms() / len(ready)
            for (task, found), faces in zip(ready, detections, strict=True):
                found.detections, found.ms["detect"] = faces, spent
                found.finish(task)
        return results


@dataclass(eq=False)
class Found:
    """What was found on a photograph.

    Attributes
    ----------
    image
        uint8 (H, W, 3), RGB, upright; None once all is found, so that no pixel is kept.
    detections
        Every box that the model returned.
    picture
        A JPEG of the photograph with its faces; None where none was asked for.
    record, fingerprint
        As `utils.apply.looking.Found` has them, where it was looked at closely.
    ms
        Milliseconds by what they were spent for.
    """

    image: np.ndarray | None
    ms: dict[str, float]
    detections: Detections | None = None
    width: int = field(init=False)
    height: int = field(init=False)
    picture: bytes | None = None
    record: dict[str, Any] | None = None
    fingerprint: Fingerprint | None = None

    def __post_init__(self) -> None:
        self.height, self.width = self.image.shape[:2]

    def finish(self, task: Look) -> None:
        """Do what else was asked for, and let go of the pixels."""
        if task.draw:
            clock = _Clock()
            drawn = draw_detections(self.image, self.detections, task.threshold)
            self.picture = encode_jpeg(drawn)
            self.ms["draw"] = clock.ms()
        if task.closely:
            clock = _Clock()
            photo = Photo(task.name, task.name, task.data)
            one = Looked(photo, self.image, self.detections, task.threshold)
            self.record, self.fingerprint = closely(one, task.served.learnt)
            self.ms["compare"] = clock.ms()
        self.image = None


def _decoded(task: Look) -> np.ndarray:
    """Return the upright pixels of a photograph; a `Problem` where it is none."""
    kind = kind_by_bytes(task.data[:HEAD])
    if kind is not None and kind not in READ:
        raise Problem(
            422 if kind == "empty file" else 415,
            "kind",
            f"the photograph is no photograph that is read, but: {kind}",
            file=task.name,
            fix=FIXES.get(kind, CONVERT),
        )
    try:
        width, height = read_header(task.data, task.name)[:2]
        if width * height > task.pixels:
            raise Problem(
                413,
                "too_large",
                f"the photograph has {width} x {height} pixels, more than {task.pixels:,}",
                file=task.name,
                fix="make it smaller, or start the service with another --megapixels",
            )
        return decode(task.data, task.name)
    except InputError as error:
        raise of_input_error(error, task.name) from error


class _Clock:
    def __init__(self) -> None:
        self._start = time.perf_counter()

    def ms(self) -> float:
        return (time.perf_counter() - self._start) * 1000
