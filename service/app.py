"""The application: its routes behind its gate, and the workers that live as long as it does."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from service.bodies import Memory
from service.fetching import Fetcher
from service.forked import ABLE, Forked
from service.gate import Gate
from service.metrics import Metrics
from service.models import Models
from service.problems import Problem
from service.routes import protocol, simple, telling
from service.running import Here, NewRunner
from service.settings import Settings
from service.state import Service
from service.workers import Workers
from utils.errors import brief
from utils.networks.devices import photos_at_once


def make_app(settings: Settings, models: Models, fetcher: Fetcher | None = None) -> FastAPI:
    """Return an application that serves models.

    Parameters
    ----------
    models
        Loaded; `service.server.serve` does that before anybody can ask.
    fetcher
        What fetches addresses; by default from the hosts of `settings`.
    """
    service = Service(
        settings=settings,
        models=models,
        workers=Workers(
            settings.workers, settings.places, batch_of(models), runner_of(settings, models)
        ),
        memory=Memory(settings.held_bytes),
        fetcher=fetcher or Fetcher(settings.fetch_hosts),
        metrics=Metrics(lambda: gauges(service)),
    )

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        service.workers.start()
        yield
        await service.workers.stop()

    app = FastAPI(
        title="Mask detection",
        description="Who wears a mask on a photograph, and what share of people does.",
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
        redirect_slashes=False,
    )
    app.state.service = service
    for module in (protocol, simple, telling):
        app.include_router(module.router)
    app.add_exception_handler(HTTPException, _no_such_address)
    app.add_exception_handler(RequestValidationError, _wrong_parameter)
    app.add_middleware(Gate)
    return app


def runner_of(settings: Settings, models: Models) -> NewRunner:
    """Return what a worker runs its tasks with: a process of its own, where that can be."""
    on_cpu = all(served.device == "cpu" for served in models.served)
    if settings.processes and ABLE and on_cpu:
        return partial(Forked, lambda: models.served)
    return Here


def batch_of(models: Models) -> int:
    """Return how many photographs the devices of the models take at a time."""
    kinds = {served.device for served in models.served}
    return max(map(photos_at_once, kinds), default=1)


def gauges(service: Service) -> dict[str, tuple[str, float]]:
    """Return what is so at the moment, for `service.metrics.Metrics`."""
    workers = service.workers
    told = {
        "mask_queue_length": ("Photographs that wait", len(workers.queue)),
        "mask_places_taken": ("Photographs that wait or are looked at", workers.taken),
        "mask_places": ("How many may be", workers.places),
        "mask_workers": ("Workers that there are to be", workers.number),
        "mask_workers_alive": ("Workers that live", workers.alive),
        "mask_worker_restarts": ("Workers that were replaced", workers.restarts),
        "mask_upload_bytes": ("Bytes of bodies that are held", service.memory.held),
        "mask_ready": ("Whether requests may come", float(not service.why_unready())),
    }
    return {name: (text, float(value)) for name, (text, value) in told.items()}


async def _no_such_address(request: Request, error: Exception) -> None:
    """Say in our words what the router says of an address or a method."""
    status = error.status_code if isinstance(error, HTTPException) else 404
    allowed = (getattr(error, "headers", None) or {}).get("Allow")
    raise Problem(
        status,
        "address" if status == 404 else "method",
        "there is no such address" if status == 404 else "the address has no such method",
        fix="GET /docs lists them" if allowed is None else f"it has {allowed}",
        headers={"Allow": allowed} if allowed else {},
    )


async def _wrong_parameter(request: Request, error: Exception) -> None:
    """Say which parameter of an address is wrong, without what stood there."""
    first = error.errors()[0] if isinstance(error, RequestValidationError) else {}
    name = str(first.get("loc", ("", ""))[-1])
    raise Problem(422, "parameter", f"{name}: {brief(first.get('msg', 'is wrong'))}", field=name)
