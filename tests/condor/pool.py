"""A real HTCondor pool on one machine: a submit host, and pilots that come and go.

``python -m tests.condor`` (or ``make pool``) starts one and tells how to use it.
"""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.condor import software
from tests.condor.host import Bind, Entered, Host
from tests.condor.network import Network
from tests.condor.pilot import Pilot, add_user
from tests.condor.place import clean_stale, place
from tests.condor.tree import PoolUnavailable, tree

CONFIG = Path(__file__).with_name("submit.config")
NEEDED = ("unshare", "nsenter", "bash", "mount", "pivot_root")
SUBMITTER = "submitter"


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
        self._tree = tree()
        try:
            with contextlib.ExitStack() as stack:
                self._start(stack)
                self._stack = stack.pop_all()
        except (RuntimeError, TimeoutError) as error:
            raise PoolUnavailable(str(error)) from error
        return self

    def __exit__(self, *exception) -> None:
        self._stack.close()

    def _start(self, stack: contextlib.ExitStack) -> None:
        self.folder = stack.enter_context(place())
        self._make_submit_host()
        stack.callback(self.submit.close)
        stack.callback(self._kill_pilots)
        self._configure()
        self.network = Network(self.submit)
        self.start_submit_side()
        token = ["condor_token_create", "-identity", "pilot@lab"]
        for allowed in ("ADVERTISE_STARTD", "ADVERTISE_MASTER", "READ"):
            token += ["-authz", allowed]
        self.token = self.submit.run(token, check=True).stdout

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
        add_user(self.submit, "stranger", Path("/home/stranger"))
        software.prepare(self.submit)
        for owner, folder in (
            ("condor", "/var/log/condor"),
            ("condor", "/var/spool/condor"),
            ("condor", "/var/lock/condor"),
            ("condor", "/run/condor"),
            (SUBMITTER, self.home),
            ("stranger", "/home/stranger"),
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
        wait: float = 300,
    ) -> Pilot:
        """Start a pilot, and let up to `wait` seconds pass until the collector lists it.

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
        """
        pilot = Pilot(
            name, self.folder, self._tree, self.network, self.token if token is None else token,
            CPUS=cpus or self.cores, MEMORY=memory, IDLE=idle, OWNER=owner,
            ANNEX="" if annex is None else f'AnnexName = "{annex}"',
        )  # fmt: skip
        self.pilots.append(pilot)
        if wait:
            self._until(lambda: self._joined(pilot), wait, f"pilot {name} does not join")
        return pilot

    def _joined(self, pilot: Pilot) -> bool:
        if not pilot.alive():
            raise RuntimeError(f"pilot {pilot.name} ended: {pilot.log('MasterLog')[-500:]}")
        return self.listed(pilot)

    def listed(self, pilot: Pilot) -> bool:
        """Tell whether the collector lists a slot of the pilot."""
        address = f"<{pilot.address}:"
        constraint = f'substr(MyAddress, 0, {len(address)}) == "{address}"'
        query = ["condor_status", "-constraint", constraint, "-af", "Name"]
        return bool(self.submit.run(query).stdout.strip())

    def start_submit_side(self) -> None:
        """Start collector, negotiator and schedd, and wait until they answer."""
        command = ["condor_master", "-f"]
        with open(self._condor / "log/console", "ab") as console:
            self._master = self.submit.popen(command, stdout=console, stderr=console)
        for kind in ("-negotiator", "-schedd"):
            query = ["condor_status", kind, "-af", "Name"]
            self._until(lambda q=query: self.submit.run(q).stdout.strip(), 300, f"no {kind[1:]}")
        self._until(lambda: not self.submit.run(["condor_q"]).returncode, 300, "no queue")

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


def _check() -> None:
    if sys.platform != "linux":
        raise PoolUnavailable("the pool's hosts are made of Linux namespaces")
    if os.geteuid() != 0:
        raise PoolUnavailable("only root can make the pool's namespaces")
    if missing := [program for program in NEEDED if not shutil.which(program)]:
        raise PoolUnavailable(f"missing: {', '.join(missing)} (Debian: util-linux)")
