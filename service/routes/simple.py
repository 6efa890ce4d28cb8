"""The simple way: a photograph in, its faces out; several, and the rate."""

import base64
import time
from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response

from service.looking import Found, Look
from service.models import Served
from service.predicting import deadline_of, do, look, unless_gone
from service.problems import JSON, Problem
from service.rates import Rate
from service.state import Service, service_of
from service.uploads import FIELD, MULTIPART, Upload, photographs
from utils.dataset.labels import CLASSES
from utils.errors import brief, suggestion


async def known_parameters(request: Request) -> None:
    """Refuse parameters that an address does not have: one that is misspelt would do nothing."""
    known = [one.alias for one in request.scope["route"].dependant.query_params]
    for name in request.query_params:
        if name not in known:
            raise Problem(
                422,
                "parameter",
                "the address has no such parameter",
                field=brief(name, 40),
                fix=suggestion(name, known),
            )


router = APIRouter(tags=["the simple way"], dependencies=[Depends(known_parameters)])

_FILE = {"type": "string", "format": "binary"}
BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "image/*": {"schema": _FILE},
            MULTIPART: {
                "schema": {
                    "type": "object",
                    "properties": {"file": {"type": "array", "items": _FILE}},
                }
            },
            JSON: {
                "schema": {
                    "type": "object",
                    "required": [FIELD],
                    "properties": {FIELD: {"type": "string", "format": "uri"}},
                }
            },
        },
    }
}
Model = Annotated[str | None, Query(description="by default the first of /v2/models")]
Threshold = Annotated[
    float | None,
    Query(ge=0, le=1, description="confidence from which a face is told; by default the model's"),
]
Draw = Annotated[
    bool, Query(description="answer with the picture; with several, a data: URL of each")
]


@router.post("/predict", openapi_extra=BODY, response_model=None)
async def predict(
    request: Request, model: Model = None, threshold: Threshold = None, draw: Draw = False
) -> dict[str, Any] | Response:
    """Faces on a photograph, or on several: their boxes, classes and probabilities."""
    return await _predict(request, service_of(request).models.get(model), threshold, draw)


@router.post("/v2/models/{name}/predict", openapi_extra=BODY, response_model=None)
@router.post(
    "/v2/models/{name}/versions/{version}/predict", openapi_extra=BODY, response_model=None
)
async def predict_with(
    request: Request,
    name: str,
    version: str | None = None,
    threshold: Threshold = None,
    draw: Draw = False,
) -> dict[str, Any] | Response:
    """The same, where MLRun's clients look for it."""
    served = service_of(request).models.get(name, version)
    return await _predict(request, served, threshold, draw)


@router.post("/rate", openapi_extra=BODY)
async def rate(request: Request, model: Model = None) -> dict[str, Any]:
    """The share of people who wear a mask properly on several photographs, and its interval."""
    service, start = service_of(request), time.perf_counter()
    served = service.models.get(model)
    with service.body(request) as body:
        await service.check_room(body)
        sent = await photographs(request, body, service.settings, service.fetcher)
        request.state.facts |= {"model": served.name, "photographs": len(sent)}
        threshold = served.model.threshold
        tasks = [_look(service, served, one, threshold, closely=True) for one in sent]
        results = await unless_gone(request, look(service, body, tasks))
    found = [one for one in results if isinstance(one, Found)]
    unread = [one for one in results if isinstance(one, Problem)]
    if not found:
        raise unread[0]
    work = Rate(served, found, unread)
    record = await unless_gone(request, do(service, work, deadline_of(service, len(found))))
    return {
        **record,
        "model": served.told(),
        "skipped": [one.record() for one in unread],
        "milliseconds": _ms(start),
    }


async def _predict(
    request: Request, served: Served, threshold: float | None, draw: bool
) -> dict[str, Any] | Response:
    service, start = service_of(request), time.perf_counter()
    threshold = float(served.model.threshold if threshold is None else threshold)
    with service.body(request) as body:
        await service.check_room(body)
        sent = await photographs(request, body, service.settings, service.fetcher)
        request.state.facts |= {"model": served.name, "photographs": len(sent)}
        tasks = [_look(service, served, one, threshold, draw=draw) for one in sent]
        found = await unless_gone(request, look(service, body, tasks))
        if all(isinstance(one, Problem) for one in found):
            raise found[0]
        if draw and len(found) == 1:
            return Response(found[0].picture, media_type="image/jpeg")
        return {
            "model": served.told(),
            "threshold": threshold,
            "classes": list(CLASSES),
            "photographs": _told(sent, found, threshold),
            "milliseconds": _ms(start),
        }


def _look(service: Service, served: Served, one: Upload, threshold: float, **how: bool) -> Look:
    return Look(served, one.name, one.data, service.settings.pixels, threshold, **how)


def _told(
    sent: Sequence[Upload], found: Sequence[Found | Problem], threshold: float
) -> list[dict[str, Any]]:
    """Return a record for each photograph; one that cannot be read has ``error`` and ``fix``."""
    told = []
    for upload, one in zip(sent, found, strict=True):
        if isinstance(one, Problem):
            told.append(one.record())
            continue
        kept = one.detections.above(threshold).as_record()
        counts = {name: sum(face["class"] == name for face in kept) for name in CLASSES}
        record = {
            "file": upload.name,
            "width": one.width,
            "height": one.height,
            "faces": kept,
            "counts": counts,
            "milliseconds": {stage: round(value, 1) for stage, value in one.ms.items()},
        }
        if one.picture is not None:
            record["picture"] = "data:image/jpeg;base64," + base64.b64encode(one.picture).decode()
        told.append(record)
    return told


def _ms(start: float) -> float:
    return round(1000 * (time.perf_counter() - start), 1)
