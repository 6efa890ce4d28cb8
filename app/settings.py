"""What the app is told when it is started."""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from utils.tracking.recorded import default_folder

MEGABYTE = 10**6


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
    start_runs
        Whether visitors may start and stop runs on this machine.
    registry
        Where models are that are named as ``models:/NAME@ALIAS``, as `utils.models.load_model`
        takes it.
    """

    models: tuple[Path, ...] = ()
    runs: Path = field(default_factory=default_folder)
    photographs: int = 300
    megabytes: int = 300
    start_runs: bool = True
    registry: str | None = None


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
    add("--no-start", action="store_true", help="visitors can look at runs, but start none")
    return made


def read_settings(words: Sequence[str]) -> Settings:
    """Return the settings that a command line gives."""
    args = parser().parse_args(words)
    return Settings(
        tuple(args.model),
        args.runs,
        args.photographs,
        args.megabytes,
        not args.no_start,
        args.registry,
    )
