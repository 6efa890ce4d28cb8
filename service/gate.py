"""What every request passes: who may ask, what every answer says, what is logged and counted."""

import hmac
import json
import logging
import re
import time
import uuid
from typing import TYPE_CHECKING

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.logs import FACTS
from service.predicting import Gone
from service.problems import JSON, Problem
from service.running import failure
from service.settings import digest

if TYPE_CHECKING:
    from service.state import Service

OPEN = re.compile(r"/v2/health/(live|ready)")
"""Addresses for which nobody needs a key: probes ask there."""

GUARDED = "/v2/repository/models/"
"""Addresses for which a key is needed even where there is none."""

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; "
    "frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
}
METHODS = ("GET", "HEAD", "POST", "OPTIONS", "PUT", "DELETE", "PATCH")
_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")

log = logging.getLogger("service.requests")


class Gate:
    """Stands before an application that holds a `Service` as ``app.state.service``."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        service: Service = scope["app"].state.service
        headers = Headers(scope=scope)
        given = headers.get("x-request-id", "")
        answer = _Answer(send, given if _ID.fullmatch(given) else uuid.uuid4().hex)
        facts = scope.setdefault("state", {})["facts"] = {}
        start = time.perf_counter()
        try:
            check_host(headers, service)
            check_length(headers)
            check_origin(headers)
            check_key(scope["path"], headers, service)
            await self._app(scope, receive, answer.send)
        except Problem as problem:
            await answer.problem(problem)
        except (ClientDisconnect, Gone):
            answer.status = 499  # as nginx logs it: the client left
        except Exception:
            log.exception("a request failed", extra={FACTS: {"request": answer.id}})
            await answer.problem(failure())
        finally:
            seconds = time.perf_counter() - start
            route = getattr(scope.get("route"), "path", "other")
            method = scope["method"] if scope["method"] in METHODS else "other"
            service.metrics.answered(route, method, answer.status, seconds)
            if reason := facts.pop("refused", answer.reason):
                service.metrics.refused(reason)
                facts["refused"] = reason
            if not OPEN.fullmatch(scope["path"]) or answer.status != 200:
                told = {
                    "request": answer.id,
                    "method": method,
                    "route": route,
                    "status": answer.status,
                    "ms": round(seconds * 1000, 1),
                    **facts,
                }
                log.info("request", extra={FACTS: told})


def check_host(headers: Headers, service: "Service") -> None:
    """Refuse a request that means another host: a page of elsewhere, whose name was made ours."""
    hosts = service.settings.hosts
    if hosts is None:
        return
    name = headers.get("host", "").lower()
    name = name[1:].partition("]")[0] if name.startswith("[") else name.partition(":")[0]
    if name not in hosts:
        raise Problem(
            421,
            "host",
            "this service is not called that",
            field="Host",
            fix="start it with --allow-host NAME",
        )


def check_length(headers: Headers) -> None:
    """Refuse a body of two lengths, which a server in front may end elsewhere."""
    if "content-length" in headers and "transfer-encoding" in headers:
        raise Problem(
            400,
            "length",
            "the body has a length, and comes in chunks, too",
            field="Transfer-Encoding",
            fix="send one of both headers",
            headers={"Connection": "close"},
        )


def check_origin(headers: Headers) -> None:
    """Refuse what a page of another site makes a browser send; CORS is off."""
    origin = headers.get("origin")
    if origin is not None and origin.partition("://")[2] != headers.get("host"):
        raise Problem(
            403,
            "origin",
            "pages of other sites may not ask this service",
            field="Origin",
            fix="ask from a program, or from behind the same name",
        )


def check_key(path: str, headers: Headers, service: "Service") -> None:
    """Refuse a request without a key, where one is needed. All keys are compared, in equal time."""
    keys = service.settings.keys
    guarded = path.startswith(GUARDED)
    if OPEN.fullmatch(path) or not (keys or guarded):
        return
    if not keys:
        raise Problem(
            403,
            "key",
            "models are loaded and unloaded only where there are keys",
            fix="start the service with --keys FILE",
        )
    scheme, _, word = headers.get("authorization", "").partition(" ")
    given = digest(word.strip() if scheme.lower() == "bearer" else headers.get("x-api-key", ""))
    if not sum(hmac.compare_digest(given, key) for key in keys):
        raise Problem(
            401,
            "key",
            "this needs a key",
            field="Authorization",
            fix="send the header `Authorization: Bearer KEY`, or `X-API-Key: KEY`",
            headers={"WWW-Authenticate": "Bearer"},
        )


class _Answer:
    """Sends an answer, with what every answer says."""

    def __init__(self, send: Send, name: str) -> None:
        self._send, self.id = send, name
        self.status, self.reason, self._begun = 499, None, False

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._begun, self.status = True, message["status"]
            headers = MutableHeaders(scope=message)
            for name, value in {**HEADERS, "X-Request-Id": self.id}.items():
                headers.setdefault(name, value)
        await self._send(message)

    async def problem(self, problem: Problem) -> None:
        self.reason = problem.reason
        if self._begun:
            return
        body = json.dumps({**problem.record(), "request": self.id}).encode()
        headers = {"Content-Type": JSON, "Content-Length": str(len(body)), **problem.headers}
        raw = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
        await self.send({"type": "http.response.start", "status": problem.status, "headers": raw})
        await self.send({"type": "http.response.body", "body": body})
