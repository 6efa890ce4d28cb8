"""All that the routes share, made when the service starts: `Service`."""

from dataclasses import dataclass

from fastapi import Request

from service.bodies import Body, Memory
from service.fetching import Fetcher
from service.metrics import Metrics
from service.models import Models
from service.settings import Settings
from service.workers import Workers

HOPELESS = 10
"""Failures one after the other from which nothing is expected of the next."""


@dataclass
class Service:
    """What is served, by whom, and how much of it.

    Attributes
    ----------
    draining
        Whether it was told to stop.
    """

    settings: Settings
    models: Models
    workers: Workers
    memory: Memory
    fetcher: Fetcher
    metrics: Metrics
    draining: bool = False

    def why_unready(self) -> list[str]:
        """Return why requests should go elsewhere; nothing where they may come."""
        reasons = []
        if self.draining:
            reasons.append("it is stopping")
        if missing := self.workers.number - self.workers.alive:
            reasons.append(f"{missing} of {self.workers.number} workers are dead or hung")
        if self.workers.failures >= HOPELESS:
            reasons.append(f"the last {self.workers.failures} photographs failed")
        if not self.models.served:
            reasons.append("no model is loaded")
        return reasons

    def body(self, request: Request) -> Body:
        """Return the body of a request, to be used in a ``with`` statement."""
        settings = self.settings
        return Body(request, settings.request_bytes, self.memory, settings.upload_seconds)

    async def check_room(self, body: Body) -> None:
        """Refuse a request before its body is read where there is no place for a photograph."""
        if self.workers.is_full:
            raise await body.refused(self.workers.overload())


def service_of(request: Request) -> Service:
    """Return what the application of a request shares."""
    return request.app.state.service
