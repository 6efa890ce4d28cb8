"""The Open Inference Protocol v2, with its extensions for binary data and a model repository."""

import asyncio
import time
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from service import protocol
from service.looking import Look
from service.predicting import look, unless_gone
from service.problems import JSON, Problem
from service.state import service_of
from service.uploads import json_of

SERVER = "mask-detection"
VERSION = "2"

OF_MODEL = "/v2/models/{name}"
OF_VERSION = "/v2/models/{name}/versions/{version}"

router = APIRouter(tags=["Open Inference Protocol v2"])


@router.get("/v2")
async def server() -> dict[str, Any]:
    """What answers here."""
    return {"name": SERVER, "version": VERSION, "extensions": protocol.EXTENSIONS}


@router.get("/v2/health/live")
async def live(request: Request) -> JSONResponse:
    """Whether it lives: it does, unless all workers hang, from which only a restart helps."""
    workers = service_of(request).workers
    alive = workers.hung < workers.number
    return JSONResponse({"live": alive}, 200 if alive else 503)


@router.get("/v2/health/ready")
async def ready(request: Request) -> JSONResponse:
    """Whether requests may come, and if not, why."""
    reasons = service_of(request).why_unready()
    return JSONResponse({"ready": not reasons, "reasons": reasons}, 503 if reasons else 200)


@router.get("/v2/models")
async def models(request: Request) -> dict[str, Any]:
    """The models that are served; the first is what `/predict` asks."""
    return {"models": [served.name for served in service_of(request).models.served]}


@router.get(OF_MODEL)
@router.get(OF_VERSION)
async def model(request: Request, name: str, version: str | None = None) -> dict[str, Any]:
    """A model: its tensors, its digest, and what its test showed."""
    return protocol.metadata(service_of(request).models.get(name, version))


@router.get(f"{OF_MODEL}/ready")
@router.get(f"{OF_VERSION}/ready")
async def model_ready(request: Request, name: str, version: str | None = None) -> dict[str, Any]:
    """Whether a model is loaded: 503 if it is not."""
    served = service_of(request).models.get(name, version)
    return {"name": served.name, "ready": True}


@router.post(f"{OF_MODEL}/infer")
@router.post(f"{OF_VERSION}/infer")
async def infer(request: Request, name: str, version: str | None = None) -> Response:
    """Faces on photographs, as tensors."""
    service, start = service_of(request), time.perf_counter()
    served = service.models.get(name, version)
    settings = service.settings
    with service.body(request) as body:
        await service.check_room(body)
        length = request.headers.get(protocol.HEADER_LENGTH)
        asked = await json_of(body, protocol.parse, length, settings.photographs)
        body.hold(sum(map(len, asked.photographs)))
        threshold = served.model.threshold if asked.threshold is None else asked.threshold
        if any(len(data) > settings.photograph_bytes for data in asked.photographs):
            raise Problem(413, "too_large", "a photograph has too many bytes", field="data")
        tasks = [
            Look(served, f"photograph {number}", data, settings.pixels, threshold)
            for number, data in enumerate(asked.photographs, start=1)
        ]
        request.state.facts |= {"model": served.name, "photographs": len(tasks)}
        found = await unless_gone(request, look(service, body, tasks))
    kept = []
    for one in found:
        if isinstance(one, Problem):
            raise one
        kept.append(one.detections.above(threshold))
    ms = 1000 * (time.perf_counter() - start)
    content, head = protocol.answer(asked, served, float(threshold), kept, ms)
    if head is None:
        return Response(content, media_type=JSON)
    headers = {protocol.HEADER_LENGTH: str(head)}
    return Response(content, media_type="application/octet-stream", headers=headers)


@router.post("/v2/repository/index")
async def index(request: Request) -> list[dict[str, str]]:
    """Every model that can be loaded, and how it stands."""
    return service_of(request).models.index()


@router.post("/v2/repository/models/{name}/load")
async def load(request: Request, name: str) -> dict[str, str]:
    """Read a model's file again, and serve it once it is sound. It needs a key."""
    service = service_of(request)
    with service.body(request) as body:
        await body.read()  # what it may ask for otherwise is not offered: paths, configurations
    served = await asyncio.to_thread(service.models.load, name)
    return {"name": served.name, "version": served.version}


@router.post("/v2/repository/models/{name}/unload")
async def unload(request: Request, name: str) -> dict[str, str]:
    """Serve a model no more. It needs a key."""
    service_of(request).models.unload(name)
    return {"name": name}
