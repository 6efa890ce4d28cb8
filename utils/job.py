"""The shell around every executable in ``bin/``: logging, signals, exit codes, declared outputs.

An executable declares its files in its parser, with ``type=InputPath`` and ``type=OutputPath``, and
ends with ``run(parser(), main)``. Whatever happens in ``main``, no declared output is missing
afterwards: HTCondor would hold the job, instead of retrying it, for want of a file to transfer. The
exit code alone says whether the job succeeded.
"""

import argparse
import logging
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from utils.errors import (
    Checkpointed,
    InputError,
    MaskDetectionError,
    is_full_disk,
    missing_package,
)

EXIT_FAILURE = 1  # a defect; the traceback is in the log
EXIT_BAD_INPUT = 2  # a MaskDetectionError; its message says what to mend
EXIT_CHECKPOINTED = 85  # stopped on request, checkpoint saved: start me again
EXIT_TERMINATED = 128 + signal.SIGTERM

log = logging.getLogger(__name__)


class InputPath(type(Path())):
    """A file that the executable reads; `run` refuses to start without it."""


class OutputPath(type(Path())):
    """A file that the executable declares to write."""


class Help(argparse.ArgumentDefaultsHelpFormatter):
    """Help that names a default where there is one, and not that nothing is given."""

    def _get_help_string(self, action: argparse.Action) -> str | None:
        nothing = action.default in (None, [], "") or action.default is False
        return action.help if nothing else super()._get_help_string(action)


def run(
    parser: argparse.ArgumentParser,
    main: Callable[[argparse.Namespace], None],
    argv: list[str] | None = None,
) -> None:
    """Parse the command line, call ``main(args)``, and exit with the code of the job."""
    args = parser.parse_args(argv)
    logging.basicConfig(format="%(asctime)s %(levelname)s %(message)s", stream=sys.stderr)
    logging.getLogger("utils").setLevel(logging.INFO)
    logging.captureWarnings(True)
    signal.signal(signal.SIGTERM, _terminate)
    code = _guarded(main, args)
    if code != 0:
        for path in declared(args, OutputPath):
            try:
                path.touch()
            except OSError as error:  # the code says already that the job failed
                log.error("%s cannot be made: %s", path, error.strerror)
    logging.shutdown()
    sys.exit(code)


def declared(args: argparse.Namespace, kind: type[Path]) -> Iterator[Path]:
    """Yield the paths of one kind (`InputPath` or `OutputPath`) among the parsed arguments."""
    for value in vars(args).values():
        for item in value if isinstance(value, list) else [value]:
            if isinstance(item, kind):
                yield item


def stop_flag() -> Callable[[], bool]:
    """Turn SIGTERM (and Ctrl-C) from an immediate exit into a flag, for jobs that checkpoint.

    Returns a function that tells whether the process has been asked to stop. The job then saves
    its checkpoint and raises `Checkpointed`.
    """
    asked: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda number, frame: asked.append(number))
    return lambda: bool(asked)


def _guarded(main: Callable[[argparse.Namespace], None], args: argparse.Namespace) -> int:
    try:
        for path in declared(args, InputPath):
            if not path.exists():
                raise InputError(f"{path}: no such file")
        main(args)
    except Checkpointed as stop:
        log.info("%s", stop)
        return EXIT_CHECKPOINTED
    except MaskDetectionError as error:
        log.error("%s", error)
        return EXIT_BAD_INPUT
    except SystemExit as leaving:
        return leaving.code if isinstance(leaving.code, int) else EXIT_FAILURE
    except KeyboardInterrupt:
        return 128 + signal.SIGINT
    except Exception as error:
        log.exception("the job failed")
        if isinstance(error, ModuleNotFoundError):
            log.error("%s", missing_package(error))
        if is_full_disk(error):
            log.error("%s: the disk is full: free some space", error.filename or Path.cwd())
        if isinstance(error, MemoryError):
            log.error("memory ran out: give the job more, or let it use less")
        return EXIT_FAILURE
    return 0


def _terminate(number: int, frame: object) -> None:
    log.warning("terminated by signal %d", number)
    raise SystemExit(EXIT_TERMINATED)
