"""What the app is told when it is started."""

import argparse
import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from utils.errors import InputError, brief
from utils.tracking.recorded import default_folder

MEGABYTE = 10**6

USER, SECRET = "MASK_DETECTION_TURN_USER", "MASK_DETECTION_TURN_SECRET"
"""Environment variables of those who may use a TURN server; a command line is seen by others."""


@dataclass(frozen=True)
class Settings:
    """How the app is to be.

    Attributes
    ----------
    models
        Files of models that people can choose besides the one in the box and those of runs.
    runs
        The folder of the run folders.
    photographs, megabytes
        How many one visitor can have looked at at a time, and how large these may be together.
    minutes
        How much of a video is looked at, at most.
    ice
        STUN and TURN servers of the webcam, as WebRTC has them: ``urls``, and of a TURN server
        ``username`` and ``credential``. Without any, no server but this one is asked.
    start_runs
        Whether visitors may start and stop runs on this machine.
    registry
        Where models are that are named as ``models:/NAME@ALIAS``, as `utils.models.load_model`
        takes it.
    run_with
        More words of ``workflow.py`` for the runs that they start.
    """

    models: tuple[Path, ...] = ()
    runs: Path = field(default_factory=default_folder)
    photographs: int = 300
    megabytes: int = 300
    minutes: int = 30
    ice: tuple[Mapping[str, str], ...] = ()
    start_runs: bool = True
    registry: str | None = None
    run_with: tuple[str, ...] = ()


def parser() -> argparse.ArgumentParser:
    """Return the parser of what follows ``--`` on Streamlit's command line."""
    default = Settings()
    made = argparse.ArgumentParser(prog="streamlit run app/main.py --", allow_abbrev=False)
    add = made.add_argument
    add(
        "--model",
        type=Path,
        action="append",
        default=[],
        metavar="FILE",
        help="more models; also of a registry, as models:/mask-detector@champion",
    )
    add("--registry", metavar="URI", help="address of that registry")
    add("--runs", type=Path, default=default.runs, metavar="DIR", help="of run folders")
    add("--photographs", type=int, default=default.photographs, metavar="N", help="at a time")
    add("--megabytes", type=int, default=default.megabytes, metavar="N", help="of them together")
    add("--minutes", type=int, default=default.minutes, metavar="N", help="of a video, at most")
    add(
        "--ice",
        action="append",
        default=[],
        metavar="URL",
        help=f"stun:HOST:PORT or turn:HOST:PORT for the webcam, several times; {USER} and {SECRET} "
        "in the environment are those of turn:",
    )
    add(
        "--run-with",
        type=shlex.split,
        default=[],
        metavar="WORDS",
        help="more words of workflow.py for runs that are started, as '--data photos --epochs 9'",
    )
    add("--no-start", action="store_true", help="visitors can look at runs, but start none")
    return made


def read_settings(words: Sequence[str], environment: Mapping[str, str] = {}) -> Settings:
    """Return the settings that a command line and an environment give.

    Raises
    ------
    InputError
        If an address of ``--ice`` is none, or a TURN server has no user.
    """
    args = parser().parse_args(words)
    return Settings(
        models=tuple(args.model),
        runs=args.runs,
        photographs=args.photographs,
        megabytes=args.megabytes,
        minutes=args.minutes,
        ice=tuple(_server(url, environment) for url in args.ice),
        start_runs=not args.no_start,
        registry=args.registry,
        run_with=tuple(args.run_with),
    )


def _server(url: str, environment: Mapping[str, str]) -> dict[str, str]:
    if not re.fullmatch(r"(stun|turn)s?:[\w.\-\[\]:]+(\?transport=(udp|tcp))?", url):
        raise InputError(f"--ice {brief(url)}: give stun:HOST:PORT or turn:HOST:PORT")
    if url.startswith("stun"):
        return {"urls": url}
    user, secret = environment.get(USER), environment.get(SECRET)
    if not (user and secret):
        raise InputError(f"--ice {url}: a TURN server needs {USER} and {SECRET} in the environment")
    return {"urls": url, "username": user, "credential": secret}
