"""``make pool``: start a pool with two pilots, tell how to use it, keep it until Ctrl-C."""

import contextlib
import signal

from tests.condor import software
from tests.condor.pool import Pool
from tests.condor.tree import PoolUnavailable

USE = """\
A pool with the pilots north and south, {pool.cores} cores each.

  home of the submitter   {pool.home}
  logs                    {pool.folder}/submit/log, {pool.folder}/*/home/log
  a shell there           {enter}
  then, for example       condor_status; python {project}/workflow.py --help

Ctrl-C ends it, and removes all of this."""


def main() -> None:
    """Run until SIGINT or SIGTERM."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with Pool() as pool:
        for name in ("north", "south"):
            pool.start_pilot(name, idle=24 * 3600)
        enter = f"nsenter --target={pool.submit.pid} --all su - submitter"
        text = USE.format(pool=pool, enter=enter, project=software.PROJECT)
        print(text, flush=True)
        with contextlib.suppress(KeyboardInterrupt):
            signal.pause()


try:
    main()
except PoolUnavailable as reason:
    raise SystemExit(f"the pool cannot start: {reason}") from None
