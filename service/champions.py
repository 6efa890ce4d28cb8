"""New versions of models in a registry are served without a restart.

What a name means in the registry, as ``models:/mask-detector@champion``, is looked up again every
few seconds. Another version is loaded beside the one that is served, and takes its place at once:
who is looking with the old one keeps it to the end, so that no request is lost.
"""

import logging
import threading
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType

from service.models import Models
from service.problems import Problem
from utils.errors import InputError
from utils.tracking.registered import find_registered, is_registered

INTERVAL = 10.0
"""Seconds between two looks at the registry."""

log = logging.getLogger(__name__)


class Champions:
    """Watches the registry from beside, while a ``with`` lasts.

    Parameters
    ----------
    models
        What is served.
    places
        Of these, by name; those that are in no registry are left alone.
    registry
        Its address, as `utils.tracking.registered.find_registered` takes it.
    interval
        Seconds between two looks.
    """

    def __init__(
        self,
        models: Models,
        places: Mapping[str, Path | None],
        registry: str | None = None,
        interval: float = INTERVAL,
    ) -> None:
        self._models, self._registry, self._interval = models, registry, interval
        self._places = {name: it for name, it in places.items() if it and is_registered(it)}
        self._ended = threading.Event()
        self._told: dict[str, str] = {}
        self._thread = threading.Thread(target=self._watch, daemon=True, name="champions")

    def __enter__(self) -> "Champions":
        if self._places:
            self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._ended.set()

    def look(self) -> None:
        """Load what means another version now; one that cannot be had is told of, once."""
        served = {one.name: one.model.digest for one in self._models.served}
        for name in self._places.keys() & served.keys():  # one that was unloaded stays so
            try:
                found = find_registered(self._places[name], self._registry)
                if found.sha256 != served[name]:
                    self._models.load(name)
                    log.info("model %s is now %s", name, found)
                self._told.pop(name, None)
            except (InputError, Problem) as error:
                if self._told.get(name) != str(error):
                    log.warning("model %s stays as it is: %s", name, error)
                self._told[name] = str(error)

    def _watch(self) -> None:
        while not self._ended.wait(self._interval):
            self.look()
