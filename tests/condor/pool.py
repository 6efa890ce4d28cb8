"""A real HTCondor pool on one machine: a submit host, and pilots that come and go.

``python -m tests.condor.pool`` (or ``make pool``) starts one and tells how to use it.
"""

import contextlib
import fcntl
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.condor import software
from tests.condor.host import Bind, Entered, Host
from tests.condor.network import Network
from tests.condor.pilot import Pilot, add_user
from tests.condor.tree import PoolUnavailable, tree

CONFIG = Path(__file__).with_name("submit.config")
# Not /tmp, which HTCondor gives jobs on the submit host a private one of; and a real disk.
PLACE = Path("/var/tmp")  # noqa: S108
PREFIX = "mask-detection-pool-"
NEEDED = ("unshare", "nsenter", "bash", "mount", "pivot_root")
SUBMITTER = "submitter"
STRANGER = "stranger"


class Pool:
    """A context manager: the pool is there within, and nothing of it afterwards.

    Parameters
    ----------
    cores : int
        Cores that a pilot advertises unless it is told otherwise; they need not exist.

    Attributes
    ----------
    home : Path
        The submitter's home on the submit host, and at the same path on the real machine.
    pilots : list of Pilot
        All that were started.

    Raises
    ------
    PoolUnavailable
        On entering, where the pool cannot start on this machine.
    """

    def __init__(self, cores: int = 4) -> None:
        self.cores = cores
        self.pilots: list[Pilot] = []
        self._stack = contextlib.ExitStack()

    def __enter__(self) -> "Pool":
        _check()
        clean_stale()
        with contextlib.ExitStack() as stack:
            self._tree = tree()
            self.folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=PLACE))
            stack.callback(shutil.rmtree, self.folder, ignore_errors=True)
            self.folder.chmod(0o755)
            lock = stack.enter_context(open(self.folder / "lock", "w"))
            fcntl.flock(lock, fcntl.LOCK_EX)
            self._make_submit_host()
            stack.callback(self.submit.close)
            stack.callback(self._kill_pilots)
            self._configure()
            self.network = Network(self.submit)
            self.start_submit_side()
            token = ["condor_token_create", "-identity", "pilot@lab"]
            self.token = self.submit.run(token, check=True).stdout
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *exception) -> None:
        self._stack.close()

    def _make_submit_host(self) -> None:
        self.home = self.folder / "home"
        self._condor = self.folder / "submit"
        binds = [Bind(self.home, self.home, "rw"), Bind(software.PROJECT, software.PROJECT)]
        for part in ("log", "spool"):
            (self._condor / part).mkdir(parents=True)
            binds.append(Bind(self._condor / part, Path("/var", part, "condor"), "rw"))
        self.home.mkdir()
        binds += software.binds()
        self.submit = Host("submit", self._tree, self.folder / "layer", binds)

    def _configure(self) -> None:
        add_user(self.submit, SUBMITTER, self.home)
        add_user(self.submit, STRANGER, Path("/home/stranger"))
        software.prepare(self.submit)
        for owner, folder in (
            ("condor", "/var/log/condor"),
            ("condor", "/var/spool/condor"),
            ("condor", "/var/lock/condor"),
            ("condor", "/run/condor"),
            (SUBMITTER, self.home),
            (STRANGER, "/home/stranger"),
        ):
            make = ["install", "--directory", f"--owner={owner}", f"--group={owner}", folder]
            self.submit.run(make, check=True)
        settings = self.submit.root / "etc/condor/config.d"
        (settings / "00-minicondor").unlink()
        (settings / "10-pool.config").write_text(CONFIG.read_text())
        profile = self.submit.root / "etc/profile.d/pool.sh"
        profile.write_text(f"PATH={software.SEARCH}\n")

    def run(
        self, argv: Sequence, *, cwd: Path | str | None = None, user: str = SUBMITTER, env=None, **o
    ) -> subprocess.CompletedProcess:
        """Run a program on the submit host to its end, as ``subprocess.run`` does.

        Parameters
        ----------
        argv : sequence of str or path
            The program, found on the PATH of the virtual environment, and its arguments.
        cwd : path, optional
            Where; else the user's home.
        user : str
            ``submitter`` or ``stranger``.
        env : mapping, optional
            Added to HOME, USER and PATH.
        timeout : float, optional
            Seconds, then it is killed and ``subprocess.TimeoutExpired`` raised.
        check : bool
            Raise RuntimeError where it fails.
        """
        return self.submit.run(argv, user=user, **self._place(user, cwd, env), **o)

    def popen(
        self, argv: Sequence, *, cwd: Path | str | None = None, user: str = SUBMITTER, env=None, **o
    ) -> Entered:
        """Start a program on the submit host; as `run`, other options as of ``Popen``."""
        return self.submit.popen(argv, user=user, **self._place(user, cwd, env), **o)

    def _place(self, user: str, cwd: Path | str | None, env: Mapping[str, str] | None) -> dict:
        home = self.home if user == SUBMITTER else Path("/home", user)
        environment = {"HOME": str(home), "USER": user, "PATH": software.SEARCH}
        return {"cwd": cwd or home, "env": environment | {"LANG": "C.UTF-8"} | dict(env or {})}

    def start_pilot(
        self,
        name: str,
        *,
        cpus: int | None = None,
        memory: int = 6000,
        idle: int = 300,
        owner: str = SUBMITTER,
        annex: str | None = "lab",
        token: str | None = None,
        wait: float = 60,
    ) -> Pilot:
        """Start a pilot and wait until the collector lists it.

        Parameters
        ----------
        name : str
            Its host is ``<name>.lab``.
        cpus, memory : int
            Cores and MB of its slot.
        idle : int
            Seconds without a claim after which it leaves.
        owner : str
            Whose jobs it takes.
        annex : str or None
            Its AnnexName; None for a node that belongs to no annex.
        token : str, optional
            What it shows to the collector, else a good one; empty for none.
        wait : float
            Seconds until it must be listed; 0 does not wait.
        """
        pilot = Pilot(
            name, self.folder, self._tree, self.network, self.token if token is None else token,
            CPUS=cpus or self.cores, MEMORY=memory, IDLE=idle, OWNER=owner,
            ANNEX="" if annex is None else f'AnnexName = "{annex}"',
        )  # fmt: skip
        self.pilots.append(pilot)
        if wait:
            joined = lambda: self.listed(pilot) or not pilot.alive()  # noqa: E731
            self._until(joined, wait, f"pilot {name} does not join")
        return pilot

    def listed(self, pilot: Pilot) -> bool:
        """Tell whether the collector lists a slot of the pilot."""
        address = f"<{pilot.address}:"
        constraint = f'substr(MyAddress, 0, {len(address)}) == "{address}"'
        query = ["condor_status", "-constraint", constraint, "-af", "Name"]
        return bool(self.submit.run(query).stdout.strip())

    def start_submit_side(self) -> None:
        """Start collector, negotiator and schedd, and wait until they answer."""
        console = open(self._condor / "log/console", "ab")  # noqa: SIM115
        with console:
            self._master = self.submit.popen(
                ["condor_master", "-f"], stdout=console, stderr=console
            )
        for kind in ("-negotiator", "-schedd"):
            query = ["condor_status", kind, "-af", "Name"]
            self._until(lambda q=query: self.submit.run(q).stdout.strip(), 60, f"no {kind[1:]}")
        self._until(lambda: not self.submit.run(["condor_q"]).returncode, 60, "no queue")

    def stop_submit_side(self, crash: bool = False) -> None:
        """Stop them in order, DAGMan and shadows with them; a `crash` is SIGKILL to all."""
        if crash:
            self.submit.kill_all()
        self._master.send_signal(signal.SIGTERM)
        self._master.wait(timeout=120)

    def submit_host_log(self, name: str) -> str:
        """Return one of its logs: SchedLog, ShadowLog, CollectorLog, NegotiatorLog, console."""
        file = self._condor / "log" / name
        return file.read_text(errors="replace") if file.exists() else ""

    def _until(self, holds, seconds: float, otherwise: str) -> None:
        end = time.monotonic() + seconds
        while not holds():
            if time.monotonic() > end:
                raise TimeoutError(f"{otherwise} within {seconds} s; logs are in {self.folder}")
            time.sleep(0.3)

    def _kill_pilots(self) -> None:
        for pilot in self.pilots:
            pilot.kill()


def clean_stale() -> None:
    """Remove the folders of pools whose Python has ended; their processes ended with it."""
    for folder in PLACE.glob(PREFIX + "*"):
        with contextlib.suppress(OSError), open(folder / "lock") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(folder, ignore_errors=True)


def _check() -> None:
    if sys.platform != "linux":
        raise PoolUnavailable("the pool's hosts are made of Linux namespaces")
    if os.geteuid() != 0:
        raise PoolUnavailable("only root can make the pool's namespaces")
    if missing := [program for program in NEEDED if not shutil.which(program)]:
        raise PoolUnavailable(f"missing: {', '.join(missing)} (Debian: util-linux)")


USE = """\
A pool with the pilots north and south, {pool.cores} cores each.

  home of the submitter   {pool.home}
  logs                    {pool.folder}/submit/log, {pool.folder}/*/home/log
  a shell there           {enter}
  then, for example       condor_status; python {project}/workflow.py --help

Ctrl-C ends it, and removes all of this."""


def main() -> None:
    """Start a pool with two pilots, tell how to use it, and keep it until Ctrl-C."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with Pool() as pool:
        for name in ("north", "south"):
            pool.start_pilot(name, idle=24 * 3600)
        enter = f"nsenter --target={pool.submit.pid} --all su - submitter"
        text = USE.format(pool=pool, enter=enter, project=software.PROJECT)
        print(text, flush=True)
        with contextlib.suppress(KeyboardInterrupt):
            signal.pause()


if __name__ == "__main__":
    main()
