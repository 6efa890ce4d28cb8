"""The models that are served, by the names that they were given when the service was started."""

import logging
import threading
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from service.problems import Problem, of_input_error
from utils.analysis.evaluation.carried import unpacked
from utils.classifier.two_stage import TwoStageDetector
from utils.dataset.splitting.learnt import LearntPhotographs
from utils.detector.names import IN_THE_BOX
from utils.errors import InputError, suggestion
from utils.model_files import Model
from utils.models import load_model

VERSION = 12
"""Digits of a file's SHA-256 that are its version."""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Served:
    """A model that is loaded.

    Attributes
    ----------
    name
        By which it is asked for.
    model
        What finds faces.
    learnt
        The photographs that it learnt from, as far as known.
    evaluation
        What its test showed (`utils.analysis.evaluation.carried`); None before one.
    turn
        To be held while the model looks: finders of faces, cascades above all, keep what they work
        with, and so do one thing at a time.
    """

    name: str
    model: Model
    learnt: LearntPhotographs | None
    evaluation: Mapping[str, Any] | None
    turn: AbstractContextManager = field(default_factory=nullcontext)

    @property
    def version(self) -> str:
        """The start of its file's digest: equal versions are equal models."""
        return self.model.digest[:VERSION]

    @property
    def device(self) -> str:
        """The kind of device that its network computes on: "cpu", "cuda"."""
        return getattr(self.model, "classifier", self.model).device.type

    def told(self) -> dict[str, Any]:
        """Return what answers say of the model."""
        return {"name": self.name, "version": self.version, **self.origin()}

    def origin(self) -> dict[str, Any]:
        """Return which file it is, and what it learnt from, where that is known."""
        told = {"digest": self.model.digest, "arch": self.model.arch}
        if version := self.model.data_version:
            told["data_version"] = version
        return told

    @classmethod
    def load(
        cls,
        name: str,
        path: Path | None,
        device: str | None,
        loader: Callable[[Path | None, str | None], Model] = load_model,
    ) -> "Served":
        """Load a model file, all of which must be sound.

        Raises
        ------
        InputError
            As `utils.models.load_model`; or if what it carries of its test is damaged.
        """
        model, where = loader(path, device), path or IN_THE_BOX
        evaluation = model.file.evaluation
        if evaluation is not None:
            evaluation = unpacked(evaluation, where)[0]
        prints = model.file.fingerprints
        learnt = None if prints is None else LearntPhotographs.from_bytes(prints, where)
        turn = threading.Lock() if isinstance(model, TwoStageDetector) else nullcontext()
        return cls(name, model, learnt, evaluation, turn)


class Models:
    """What is served; a model is replaced at once, and who has the old one keeps it to the end.

    Parameters
    ----------
    places
        Files by name, None for that in the box.
    device
        To load them onto.
    loader
        What loads a file; by default `utils.models.load_model`.
    """

    def __init__(
        self,
        places: Mapping[str, Path | None],
        device: str | None = None,
        loader: Callable[[Path | None, str | None], Model] = load_model,
    ) -> None:
        self._places, self._device, self._loader = dict(places), device, loader
        self._served: dict[str, Served] = {}
        self._reasons: dict[str, str] = {}
        self._lock = threading.Lock()  # one file is read at a time: each takes memory

    @property
    def names(self) -> list[str]:
        """All names, the first of which is meant where none is."""
        return list(self._places)

    @property
    def served(self) -> list[Served]:
        """The models that are loaded."""
        return [self._served[name] for name in self._places if name in self._served]

    def load_all(self) -> None:
        """Load every model.

        Raises
        ------
        InputError
            If one cannot be.
        """
        for name in self._places:
            self._load(name)

    def load(self, name: str) -> Served:
        """Read a model's file again, and serve it; what was served stays where that fails.

        Raises
        ------
        Problem
            404 if no model has that name; 400 if its file is not sound.
        """
        self._check(name)
        try:
            return self._load(name)
        except InputError as error:
            path = self._places[name]
            self._reasons[name] = "its file is not sound"
            log.warning("model %s is not replaced", name)
            problem = of_input_error(error, str(path), 400, "model")
            problem.file = path and path.name  # not where it lies
            raise problem from error

    def unload(self, name: str) -> None:
        """Serve a model no more; 404 as `load`."""
        self._check(name)
        with self._lock:
            self._served.pop(name, None)
            self._reasons[name] = "unloaded"

    def get(self, name: str | None = None, version: str | None = None) -> Served:
        """Return a model that is loaded.

        Parameters
        ----------
        name
            By default the first.
        version
            Any by default; else the start of its digest, at least as long as `Served.version`.

        Raises
        ------
        Problem
            404 if there is none such; 503 if it is not loaded.
        """
        name = self.names[0] if name is None else name
        self._check(name)
        served = self._served.get(name)
        if served is None:
            raise Problem(
                503,
                "model",
                f"the model {name} is not loaded",
                fix=f"POST /v2/repository/models/{name}/load, with a key",
                headers={"Retry-After": "5"},
            )
        if version is not None and not (
            len(version) >= VERSION and served.model.digest.startswith(version)
        ):
            raise Problem(
                404,
                "model",
                f"the model {name} has no such version",
                field="version",
                fix=f"it has {served.version}",
            )
        return served

    def index(self) -> list[dict[str, str]]:
        """Return name, version, state and reason of each, as the protocol's extension has it."""
        found = []
        for name in self._places:
            served = self._served.get(name)
            state = "UNAVAILABLE" if served is None else "READY"
            version = "" if served is None else served.version
            reason = self._reasons.get(name, "")
            found.append({"name": name, "version": version, "state": state, "reason": reason})
        return found

    def _check(self, name: str) -> None:
        if name not in self._places:
            raise Problem(
                404,
                "model",
                "no model has that name",
                field="model",
                fix=suggestion(name, self._places),
            )

    def _load(self, name: str) -> Served:
        with self._lock:
            served = Served.load(name, self._places[name], self._device, self._loader)
            self._served[name] = served
            self._reasons.pop(name, None)
        return served
