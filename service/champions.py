"""New versions of models in a registry are served without a restart.

What a name means in the registry, as ``models:/mask-detector@champion``, is looked up again every
few seconds. Another version is loaded beside the one that is served, and takes its place at once:
who is looking with the old one keeps it to the end, so that no request is lost.
"""

import logging
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType

from service.models import Models
from service.problems import Problem
from utils.errors import InputError
from utils.tracking.beside import Beside, Troubles
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
        self._models, self._registry = models, registry
        self._places = {name: it for name, it in places.items() if it and is_registered(it)}
        self._troubles = Troubles(log)
        self._beside = Beside(self.look, interval, "champions")

    def __enter__(self) -> "Champions":
        if self._places:
            self._beside.begin()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._beside.end()

    def look(self) -> None:
        """Load what means another version now; one that cannot be had is told of, once."""
        served = {one.name: one.model.digest for one in self._models.served}
        for name in self._places.keys() & served.keys():  # one that was unloaded stays so
            try:
                found = find_registered(self._places[name], self._registry)
                if found.sha256 != served[name]:
                    self._models.load(name)
                    log.info("model %s is now %s", name, found)
                self._troubles.over(name)
            except (InputError, Problem) as error:
                self._troubles.tell(name, f"model {name} stays as it is", error)
