"""How the service is to run: from the command line and the environment."""

import argparse
import hashlib
import ipaddress
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from utils.errors import InputError, brief
from utils.networks.devices import best_device
from utils.tracking.registered import is_registered, registered_name

BOX = "box"
"""The name of the model in the box."""

KEYS = "MASK_DETECTION_API_KEYS"
"""The environment variable of the keys, with commas between them."""

CARRIER = Path("output") / "face_mask_detector.pth"
"""The model in a run folder that carries what its test showed."""

MEGABYTE = 2**20
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_LOOPBACK = ("localhost", "127.0.0.1", "::1")
LEAST_KEY = 16

ON_GPU = 4
"""Workers on a GPU: some decode while one computes, and few, so that photographs wait together."""


@dataclass(frozen=True)
class Settings:
    """Where to listen, what to serve, and how much of it at most.

    Attributes
    ----------
    models
        Files by name, None for that in the box; the first is what is asked when none is named.
    device
        As `utils.models.load_model` takes it.
    workers, queue
        Who look, and photographs that wait for each.
    processes
        Whether each worker looks in a process of its own, where that can be (`service.forked`).
    deadline
        Seconds for one photograph from its admission to its answer.
    photograph_bytes, request_bytes, held_bytes
        Of one photograph, of one request, and of all requests at a time.
    photographs
        In one request.
    pixels
        Of one photograph.
    upload_seconds, head_seconds
        In which a body, and the head of a request, must have come.
    connections
        At a time.
    drain_seconds
        In which requests are brought to an end when the service is told to stop.
    keys
        SHA-256 of those who may ask; without any, everybody may, but nobody load or unload models.
    fetch_hosts
        From which ``https:`` addresses are fetched.
    registry
        Where models are that are named as ``models:/NAME@ALIAS``, as `utils.models.load_model`
        takes it.
    hosts
        That a request may be meant for (its field ``Host``); None for any.
    """

    models: Mapping[str, Path | None] = field(default_factory=lambda: {BOX: None})
    host: str = "127.0.0.1"
    port: int = 8000
    device: str | None = None
    workers: int = 2
    queue: int = 8
    processes: bool = False
    deadline: float = 10.0
    photograph_bytes: int = 20 * MEGABYTE
    request_bytes: int = 64 * MEGABYTE
    held_bytes: int = 512 * MEGABYTE
    photographs: int = 64
    pixels: int = 25_000_000
    upload_seconds: float = 30.0
    head_seconds: float = 10.0
    connections: int = 512
    drain_seconds: float = 8.0
    keys: frozenset[bytes] = frozenset()
    fetch_hosts: frozenset[str] = frozenset()
    registry: str | None = None
    hosts: frozenset[str] | None = None

    @property
    def places(self) -> int:
        """Photographs that are looked at or wait."""
        return self.workers * (1 + self.queue)


def cores() -> int:
    """Return how many cores this process may use."""
    able = getattr(os, "sched_getaffinity", None)
    return len(able(0)) if able else os.cpu_count() or 1


def default_workers(device: str | None) -> int:
    """Return how many workers a device is worth, by default the best that there is."""
    on_cpu = (device or best_device()).startswith("cpu")
    return cores() if on_cpu else min(cores(), ON_GPU)


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m service",
        description="Serve models over HTTP (docs/service.md).",
        allow_abbrev=False,
    )
    plain = Settings()

    def add(name: str, **words: Any) -> None:
        if words.get("default"):
            words["help"] += " (default: %(default)s)"
        parser.add_argument(name, **words)

    add(
        "--model",
        action="append",
        default=[],
        metavar="[NAME=]PLACE",
        help="a model file, a run folder, 'box', or a model in a registry as "
        "models:/mask-detector@champion, the latest of which is served; several times for several "
        "(default: box)",
    )
    add(
        "--registry",
        metavar="URI",
        help="address of that registry (default: MLFLOW_TRACKING_URI, else that beside the runs)",
    )
    add("--host", default=plain.host, help="address to listen at; 0.0.0.0 for all")
    add("--port", type=int, help="to listen at (default: that of PORT, else 8000)")
    add("--device", help="cpu, cuda, cuda:1, mps (default: the GPU, if there is one)")
    add(
        "--workers",
        type=int,
        help=f"that look at photographs (default: as many as cores, {cores()} here, on a GPU "
        f"{ON_GPU} at most)",
    )
    add(
        "--threads",
        action="store_true",
        help="let workers be threads and not processes: less memory, but a photograph that crashes "
        "one crashes the service (on a GPU and on macOS they are, whatever this says)",
    )
    add("--queue", type=int, default=plain.queue, help="photographs that wait for each of them")
    add("--deadline", type=float, default=plain.deadline, help="seconds for one photograph")
    add("--photograph-mb", type=int, default=20, help="most of one photograph")
    add("--request-mb", type=int, default=64, help="most of one request")
    add("--held-mb", type=int, default=512, help="most of all requests at a time")
    add("--photographs", type=int, default=plain.photographs, help="most in one request")
    add("--megapixels", type=int, default=25, help="most of one photograph")
    add("--upload-seconds", type=float, default=plain.upload_seconds, help="most for a body")
    add("--drain-seconds", type=float, default=plain.drain_seconds, help="most for an orderly end")
    add("--keys", type=Path, metavar="FILE", help=f"API keys, one a line; also those in {KEYS}")
    add(
        "--fetch-host",
        action="append",
        default=[],
        metavar="NAME",
        help="a host from which https: addresses of photographs may be fetched (default: none)",
    )
    add(
        "--allow-host",
        action="append",
        default=[],
        metavar="NAME",
        help="a name by which clients may call this service (default: any, and on 127.0.0.1 only "
        "those of this machine)",
    )
    return parser


def settings_of(args: argparse.Namespace, environment: Mapping[str, str]) -> Settings:
    """Return the settings that a command line and an environment ask for.

    Raises
    ------
    InputError
        If they cannot be; the message names the option and the fix.
    """
    workers = default_workers(args.device) if args.workers is None else args.workers
    _positive("workers", workers)
    for name in ("queue", "photograph_mb", "request_mb", "held_mb", "photographs"):
        _positive(name, getattr(args, name))
    for name in ("megapixels", "deadline", "upload_seconds", "drain_seconds"):
        _positive(name, getattr(args, name))
    return Settings(
        models=_models(args.model or [BOX]),
        host=args.host,
        port=_port(args.port, environment.get("PORT")),
        device=args.device,
        workers=workers,
        queue=args.queue,
        processes=not args.threads,
        deadline=args.deadline,
        photograph_bytes=args.photograph_mb * MEGABYTE,
        request_bytes=args.request_mb * MEGABYTE,
        held_bytes=args.held_mb * MEGABYTE,
        photographs=args.photographs,
        pixels=args.megapixels * 1_000_000,
        upload_seconds=args.upload_seconds,
        drain_seconds=args.drain_seconds,
        keys=_keys(args.keys, environment.get(KEYS, "")),
        fetch_hosts=frozenset(name.lower().rstrip(".") for name in args.fetch_host),
        registry=args.registry,
        hosts=_hosts(args.allow_host, args.host),
    )


def digest(key: str) -> bytes:
    """Return what a key is compared by."""
    return hashlib.sha256(key.encode("utf-8", "surrogateescape")).digest()


def _positive(name: str, value: float) -> None:
    if not value > 0:
        raise InputError(f"--{name.replace('_', '-')} {value}: takes a number above 0")


def _port(given: int | None, of_environment: str | None) -> int:
    text = str(given) if given is not None else of_environment or str(Settings.port)
    if not text.isdecimal() or not 0 <= int(text) < 65536:
        raise InputError(f"port {brief(text)!r}: is none; give --port or PORT a number of 0..65535")
    return int(text)


def _models(words: Sequence[str]) -> dict[str, Path | None]:
    found: dict[str, Path | None] = {}
    for word in words:
        name, sign, place = word.partition("=")
        path = None if (place if sign else name) == BOX else _file(Path(place if sign else name))
        if not sign:
            name = BOX if path is None else _called(path)
        if not _NAME.fullmatch(name):
            raise InputError(
                f"--model {brief(word)}: {brief(name)!r} is no name; letters, digits, '.', '_' and "
                "'-' are: --model NAME=PLACE"
            )
        if name in found:
            raise InputError(f"--model {brief(word)}: there are two {name}; give NAME=PLACE")
        found[name] = path
    return found


def _file(place: Path) -> Path:
    if is_registered(place):
        registered_name(place)  # which checks it
        return place
    path = place / CARRIER if place.is_dir() else place
    if not path.is_file():
        raise InputError(f"--model {place}: no model is there; name a model file or a run folder")
    return path


def _called(path: Path) -> str:
    """Return the name of a model that was given none: its run's, or its file's."""
    if is_registered(path):
        return registered_name(path)
    return path.parents[1].resolve().name if path.parts[-2:] == CARRIER.parts else path.stem


def _keys(file: Path | None, words: str) -> frozenset[bytes]:
    keys = [word.strip() for word in words.split(",")]
    if file is not None:
        try:
            keys += [line.strip() for line in file.read_text("utf-8").splitlines()]
        except (OSError, ValueError) as error:
            raise InputError(f"--keys {file}: cannot be read ({brief(error)})") from error
    keys = [key for key in keys if key]
    if any(len(key) < LEAST_KEY for key in keys):
        raise InputError(
            f"a key of fewer than {LEAST_KEY} characters can be guessed; make one with "
            "`python -c 'import secrets; print(secrets.token_urlsafe())'`"
        )
    if file is not None and not keys:
        raise InputError(f"--keys {file}: holds no key; write one a line")
    return frozenset(map(digest, keys))


def _hosts(allowed: Sequence[str], host: str) -> frozenset[str] | None:
    if allowed:
        return frozenset(name.lower() for name in allowed)
    return frozenset(_LOOPBACK) if is_loopback(host) else None


def is_loopback(host: str) -> bool:
    """Return whether an address to listen at is reached from this machine alone."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
