"""uvicorn with what it lacks: clients that never end a request are left, and an end in time."""

import asyncio
import functools
import gc
import logging
import os
import re
import socket
import sys
from collections.abc import Sequence
from contextlib import suppress
from types import FrameType
from typing import Any

import h11
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from service.app import make_app
from service.champions import Champions
from service.logs import FACTS, log_to_stderr
from service.models import Models
from service.settings import Settings, is_loopback, parser, settings_of
from service.state import Service
from utils.errors import InputError
from utils.models import load_model

EXIT_BAD_INPUT = 2
HEAD_BYTES = 16 * 1024
KEEP_ALIVE = 5  # seconds between two requests of a connection

CHUNKS, CRUMB = 1000, 256
"""Chunks of a body that may be of any size, and bytes that all others must have on average."""

_END = re.compile(rb"\n\r?\n")  # of a head

log = logging.getLogger(__name__)


class Bounded(h11.Connection):
    """h11's connection, which reads no head and no body that takes far more time than its bytes.

    h11 itself bounds a head only while more of it is to come.
    """

    _chunks = _bytes = 0

    def next_event(self) -> Any:
        """As h11's; `h11.RemoteProtocolError` for a long head, and for a body in crumbs."""
        if self.their_state is h11.IDLE:
            self._chunks = self._bytes = 0
            waiting, _ = self.trailing_data
            if len(waiting) > HEAD_BYTES and not _END.search(waiting, 0, HEAD_BYTES):
                raise h11.RemoteProtocolError("the head is too long", 431)
        event = super().next_event()
        if isinstance(event, h11.Data):
            self._chunks += event.chunk_start
            self._bytes += len(event.data)
            if self._bytes < CRUMB * (self._chunks - CHUNKS):
                raise h11.RemoteProtocolError("the body comes in crumbs")
        return event


def patient_protocol(seconds: float, connections: int) -> type[H11Protocol]:
    """Return uvicorn's protocol, which lets nobody hold a connection for nothing.

    Parameters
    ----------
    seconds
        In which the head of a request must have come, from its first byte or the connection on; and
        so must what is left of a body whose request is answered, and a client who takes its answer.
    connections
        At a time; more are closed at once.
    """

    class Patient(H11Protocol):
        _timer: asyncio.TimerHandle | None = None
        _slow: asyncio.TimerHandle | None = None

        def __init__(self, *given: Any, **more: Any) -> None:
            super().__init__(*given, **more)
            self.conn = Bounded(h11.SERVER, HEAD_BYTES)

        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
            super().connection_made(transport)
            # asyncio does so only for sockets that name their protocol, which accepted ones here
            # do not; a body that waits for its head to be acknowledged comes 40 ms late.
            known = transport.get_extra_info("socket")
            known.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, True)
            if len(self.connections) > connections:
                transport.abort()
            else:
                self._wait()

        def connection_lost(self, exc: Exception | None) -> None:
            self._wait_no_more()
            self._write_on()
            super().connection_lost(exc)

        def data_received(self, data: bytes) -> None:
            super().data_received(data)
            state, answered = self.conn.their_state, self.cycle and self.cycle.response_complete
            pointless = state is h11.IDLE or (state is h11.SEND_BODY and answered)
            if pointless and not self.transport.is_closing():
                self._wait()
            else:
                self._wait_no_more()

        def pause_writing(self) -> None:
            super().pause_writing()
            self._slow = self._slow or self.loop.call_later(seconds, self._leave)

        def resume_writing(self) -> None:
            self._write_on()
            super().resume_writing()

        def _write_on(self) -> None:
            if self._slow is not None:
                self._slow.cancel()
                self._slow = None

        def _wait(self) -> None:
            if self._timer is None:
                self._timer = self.loop.call_later(seconds, self._leave)

        def _wait_no_more(self) -> None:
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None

        def _leave(self) -> None:
            if not self.transport.is_closing():
                self.transport.abort()

    return Patient


class Server(uvicorn.Server):
    """uvicorn's server, which tells the service that it is to stop."""

    def __init__(self, config: uvicorn.Config, service: Service) -> None:
        super().__init__(config)
        self._service = service

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self._service.draining = True
        super().handle_exit(sig, frame)


def make_server(settings: Settings, models: Models) -> Server:
    """Return a server of loaded models, which `run` or `serve` starts."""
    app = make_app(settings, models)
    config = uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        http=patient_protocol(settings.head_seconds, settings.connections),
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=KEEP_ALIVE,
        timeout_graceful_shutdown=max(1, round(settings.drain_seconds)),
    )
    return Server(config, app.state.service)


def main(argv: Sequence[str] | None = None) -> int:
    """Load the models of a command line and serve them until a signal; return the exit code."""
    args = parser().parse_args(argv)
    try:
        settings = settings_of(args, os.environ)
        log_to_stderr()
        loader = functools.partial(load_model, registry=settings.registry)
        models = Models(settings.models, settings.device, loader)
        models.load_all()
        sockets = [_listen(settings)]
    except InputError as error:
        print(f"service: error: {error}", file=sys.stderr)
        return EXIT_BAD_INPUT
    host, port = sockets[0].getsockname()[:2]
    shown = f"[{host}]" if ":" in host else host
    facts = {
        "address": f"http://{shown}:{port}",
        "docs": f"http://{shown}:{port}/docs",
        "models": {one.name: one.version for one in models.served},
        "workers": settings.workers,
        "places": settings.places,
        "keys": len(settings.keys),
    }
    log.info("serving", extra={FACTS: facts})
    if not (settings.keys or is_loopback(settings.host)):
        log.warning("there are no keys: whoever reaches this address may ask")
    # What there is by now stays. To look through it for garbage takes long, and writes to all pages
    # of memory that are shared with the workers, which are then no longer shared.
    gc.collect()
    gc.freeze()
    # Ctrl-C has been heeded when uvicorn passes it on: what was begun is answered.
    with Champions(models, settings.models, settings.registry), suppress(KeyboardInterrupt):
        make_server(settings, models).run(sockets=sockets)
    return 0


def _listen(settings: Settings) -> socket.socket:
    try:
        family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
        return socket.create_server(
            (settings.host, settings.port), family=family, backlog=settings.connections
        )
    except (OSError, OverflowError) as error:
        raise InputError(
            f"--host {settings.host} --port {settings.port}: cannot listen there ({error}); name "
            "another --port"
        ) from error
