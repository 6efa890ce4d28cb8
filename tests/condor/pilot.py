"""A pilot on an imitated host of its own."""

import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from tests.condor import software
from tests.condor.host import Bind, Host
from tests.condor.network import Network

CONFIG = Path(__file__).with_name("pilot.config.in")
HOME = Path("/home/pilot")
USER = "pilot"


class Pilot:
    """A startd that an ordinary user runs on a node where the pool's owner has no say.

    Made by `Pool.start_pilot`, which see for the parameters.

    Attributes
    ----------
    name : str
        What it was called when it was started; its host is ``<name>.lab``.
    folder : Path
        Its home, seen from the real machine: ``log/``, ``execute/``.
    """

    def __init__(
        self, name: str, folder: Path, tree: Path, network: Network, token: str, **settings
    ) -> None:
        self.name = name
        place = Path(tempfile.mkdtemp(prefix=f"{name}-", dir=folder))
        place.chmod(0o755)
        self.folder = place / "home"
        for part in ("log", "lock", "run", "spool", "execute", "tokens.d"):
            (self.folder / part).mkdir(parents=True)
        home = Bind(self.folder, HOME, "rw")
        self.host = Host(name, tree, place / "layer", [home, *software.binds()])
        try:
            self._cable = network.plug(self.host)
            self._start(token, settings)
        except BaseException:
            self.host.close()
            raise

    def _start(self, token: str, settings: dict) -> None:
        add_user(self.host, USER, HOME)
        software.prepare(self.host)
        if token:
            (self.folder / "tokens.d").chmod(0o700)  # before there is anything in it
            (self.folder / "tokens.d" / "pool").write_text(token)
            (self.folder / "tokens.d" / "pool").chmod(0o600)
        values = {"HOME": HOME, "NAME": self.name, "ADDRESS": self.address}
        values |= {"PATH": software.SEARCH, **settings}
        text = CONFIG.read_text()
        for key, value in values.items():
            text = text.replace(f"@{key}@", str(value))
        (self.folder / "pilot.config").write_text(text)
        self.host.run(["chown", "--recursive", f"{USER}:{USER}", HOME], check=True)
        environment = {"HOME": str(HOME), "CONDOR_CONFIG": str(HOME / "pilot.config")}
        with open(self.folder / "log/console", "wb") as console:
            self._master = self.host.popen(
                ["condor_master", "-f"], user=USER, cwd=HOME, env=environment,
                stdout=console, stderr=console,
            )  # fmt: skip

    def __enter__(self) -> "Pilot":
        return self

    def __exit__(self, *exception) -> None:
        self.kill()

    @property
    def address(self) -> str:
        """Its address in the pool's network."""
        return self._cable.address

    def run(self, argv: Sequence, **settings: str) -> subprocess.CompletedProcess:
        """Run one of HTCondor's tools on its host, as its user, with settings for this once."""
        chosen = {f"_CONDOR_{name}": value for name, value in settings.items()}
        environment = {"HOME": str(HOME), "CONDOR_CONFIG": str(HOME / "pilot.config"), **chosen}
        return self.host.run(argv, user=USER, cwd=HOME, env=environment, timeout=300)

    def alive(self) -> bool:
        """Tell whether its master runs."""
        return self._master.poll() is None

    def running(self) -> list[str]:
        """Return the jobs that run here: names of DAG nodes, else ids such as ``12.0``."""
        names = []
        for ad in sorted(self.folder.glob("execute/dir_*/.job.ad")):
            try:
                lines = ad.read_text().splitlines()
            except FileNotFoundError:  # the job has just ended
                continue
            job = {key: value.strip('"') for key, _, value in (x.partition(" = ") for x in lines)}
            names.append(job.get("DAGNodeName") or f"{job['ClusterId']}.{job['ProcId']}")
        return names if self.alive() else []

    def processes(self) -> list[int]:
        """Return the ids, on the real machine, of all that runs on its host."""
        return self.host.processes() if self.alive() else []

    def log(self, name: str) -> str:
        """Return one of its logs: StartLog, MasterLog, StarterLog.slot1_1, console."""
        file = self.folder / "log" / name
        return file.read_text(errors="replace") if file.exists() else ""

    def kill(self) -> None:
        """Let the node vanish: SIGKILL to startd, starters and jobs, and no host any more."""
        self.host.close()
        self._master.wait()
        shutil.rmtree(self.folder / "execute", ignore_errors=True)

    def stop(self, seconds: float = 120) -> None:
        """Send SIGTERM to its master, as the end of a batch job does, and wait until it left."""
        if self.alive():
            self._master.send_signal(signal.SIGTERM)
        self.wait_gone(seconds)

    def wait_gone(self, seconds: float) -> None:
        """Wait until it has left by itself, then take its host down.

        Raises
        ------
        TimeoutError
            Where it is still there after so many seconds.
        """
        end = time.monotonic() + seconds
        while self.alive():
            if time.monotonic() > end:
                raise TimeoutError(f"pilot {self.name} is still there after {seconds} s")
            time.sleep(0.1)
        self.kill()

    def cut(self) -> None:
        """Take the link of its host down; it goes on, unreachable."""
        self._cable.cut()

    def mend(self) -> None:
        """Take the link up again."""
        self._cable.mend()


def add_user(host: Host, name: str, home: Path) -> None:
    """Let there be an ordinary user; the same name has the same number everywhere."""
    number = {"submitter": 64001, "stranger": 64002, USER: 64003}[name]
    with (host.root / "etc/passwd").open("a") as users:
        users.write(f"{name}:*:{number}:{number}::{home}:/bin/bash\n")
    with (host.root / "etc/group").open("a") as groups:
        groups.write(f"{name}:*:{number}:\n")
