"""Who alerts are told to: a program, an address. They never hold up, or end, what is watched."""

import base64
import contextlib
import http.client
import json
import logging
import queue
import shlex
import subprocess
import threading
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote, urlsplit

from utils.errors import InputError, brief
from utils.video.address import shown, without_secrets

log = logging.getLogger(__name__)

TIMEOUT = 10.0
"""Seconds that a receiver has."""

_WAITING = 100  # alerts that wait for a receiver, at most

Receiver = Callable[[dict[str, Any]], None]
"""Takes the record of an alert; raises an `OSError` or a `ReceiverError` if it fails."""


class ReceiverError(Exception):
    """A receiver did not take an alert."""


def program(words: str, timeout: float = TIMEOUT) -> Receiver:
    """Return what runs a program with each alert: as JSON on its standard input.

    Parameters
    ----------
    words
        The program and its arguments, quoted as in a shell, but no shell reads them. ``{text}`` in
        an argument becomes the alert in a sentence.

    Raises
    ------
    InputError
        If it is no command.
    """
    try:
        command = shlex.split(words)
    except ValueError as error:
        raise InputError(f"--alert-run {brief(words)!r}: {error}") from error
    if not command:
        raise InputError("--alert-run: names no program")

    def run(record: dict[str, Any]) -> None:
        filled = [command[0], *(word.replace("{text}", record["text"]) for word in command[1:])]
        try:
            done = subprocess.run(
                filled,
                input=json.dumps(record).encode(),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                timeout=timeout,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise ReceiverError(f"{command[0]}: took longer than {timeout:g} s") from None
        if done.returncode:
            raise ReceiverError(f"{command[0]}: exit code {done.returncode}")

    return run


def address(url: str, timeout: float = TIMEOUT) -> Receiver:
    """Return what posts each alert as JSON to an address; a redirect is not followed.

    Raises
    ------
    InputError
        If it is no address of a web server.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise InputError(f"--alert-post {shown(url)}: is no address ({error})") from None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise InputError(f"--alert-post {shown(url)}: give an address that begins with http(s)://")
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    headers = {"Content-Type": "application/json"}
    if parts.username:
        who = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        headers["Authorization"] = f"Basic {base64.b64encode(who.encode()).decode()}"

    def post(record: dict[str, Any]) -> None:
        connection = kind(parts.hostname, port, timeout=timeout)
        try:
            connection.request("POST", target, json.dumps(record).encode(), headers)
            status = connection.getresponse().status
        except (OSError, http.client.HTTPException) as error:
            raise ReceiverError(f"{shown(url)}: {without_secrets(error, url)}") from None
        finally:
            connection.close()
        if not 200 <= status < 300:
            raise ReceiverError(f"{shown(url)}: answered {status}")

    return post


class Receivers:
    """Tells receivers of alerts, in a thread.

    Attributes
    ----------
    failed
        How many times a receiver failed, or was not told because too many alerts waited.
    """

    def __init__(self, receivers: list[Receiver]) -> None:
        self._receivers, self.failed = receivers, 0
        self._waiting: queue.Queue[dict[str, Any] | None] = queue.Queue(_WAITING)
        self._thread = threading.Thread(target=self._tell, name="alerts", daemon=True)
        if receivers:
            self._thread.start()

    def tell(self, record: dict[str, Any]) -> None:
        """Let the receivers know, soon."""
        if not self._receivers:
            return
        try:
            self._waiting.put_nowait(record)
        except queue.Full:
            self.failed += 1
            log.warning("an alert is not told: the receivers are too slow")

    def close(self, patience: float | None = None) -> None:
        """Wait for what is still to be told, some seconds at most; by default as each has."""
        if not self._receivers:
            return
        patience = TIMEOUT * len(self._receivers) + 1 if patience is None else patience
        with contextlib.suppress(queue.Full):
            self._waiting.put(None, timeout=patience)
        self._thread.join(patience)
        if self._thread.is_alive():
            self.failed += 1
            log.warning("alerts are not told: the receivers are too slow")

    def _tell(self) -> None:
        while (record := self._waiting.get()) is not None:
            for receiver in self._receivers:
                try:
                    receiver(record)
                except (OSError, ReceiverError) as error:
                    self.failed += 1
                    log.warning("an alert was not taken: %s", error)
