"""The Debian tree with HTCondor that every imitated host is a layer over, made once and kept."""

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
from pathlib import Path
from urllib.parse import urlsplit

SUITE = "trixie"
# debootstrap does not resolve virtual packages: python3-cffi-backend stands for two of them. The
# last two are what the standard library of a Python from elsewhere may want.
PACKAGES = (
    "minicondor",
    "python3-cffi-backend",
    "iproute2",
    "nftables",
    "procps",
    "util-linux",
    "libsqlite3-0",
    "libreadline8t64",
)


class PoolUnavailable(Exception):
    """The pool cannot start on this machine; the message says why."""


def tree() -> Path:
    """Return the folder of the tree, made first where it is missing (some minutes).

    It lies in the folder that ``MASK_DETECTION_POOL`` names, else ``~/.cache/mask-detection-pool``,
    under a name that changes with the list of packages.

    Raises
    ------
    PoolUnavailable
        Where debootstrap is missing and cannot be installed, or fails.
    """
    cache = Path(os.environ.get("MASK_DETECTION_POOL") or "~/.cache/mask-detection-pool")
    cache = cache.expanduser().absolute()
    digest = hashlib.sha256(" ".join(PACKAGES).encode()).hexdigest()[:8]
    place = cache / f"{SUITE}-{digest}"
    if place.is_dir():
        return place
    cache.mkdir(parents=True, exist_ok=True)
    with open(cache / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # somebody else may be making it: wait, then look again
        if not place.is_dir():
            _make(place)
    return place


def _make(place: Path) -> None:
    """Run debootstrap beside `place`, and rename when the tree is whole."""
    _install_debootstrap()
    part = place.with_name(place.name + ".part")
    shutil.rmtree(part, ignore_errors=True)
    log = place.with_name("debootstrap.log")
    command = ["debootstrap", "--variant=minbase", f"--include={','.join(PACKAGES)}", SUITE, part]
    command += _mirror()
    with open(log, "w") as stream:
        done = subprocess.run(command, stdout=stream, stderr=subprocess.STDOUT, check=False)
    if done.returncode:
        last = " / ".join(log.read_text().splitlines()[-3:])
        raise PoolUnavailable(f"debootstrap failed ({log}): {last}")
    shutil.rmtree(part / "var/cache/apt/archives", ignore_errors=True)
    part.rename(place)


def _install_debootstrap() -> None:
    if shutil.which("debootstrap"):
        return
    apt = shutil.which("apt-get")
    if not apt:
        raise PoolUnavailable("debootstrap is missing, and apt-get too, which would install it")
    for command in (["update", "-qq"], ["install", "-qq", "--yes", "debootstrap"]):
        done = subprocess.run([apt, *command], capture_output=True, text=True, check=False)
    if done.returncode:
        raise PoolUnavailable(f"apt-get install debootstrap failed: {done.stderr[-300:].strip()}")


def _mirror() -> list[str]:
    """Return the Debian mirror of this machine's apt; without one debootstrap has its own."""
    listed = sorted(Path("/etc/apt").glob("sources.list.d/*"))
    for file in [Path("/etc/apt/sources.list"), *listed]:
        if file.suffix in (".list", ".sources") and file.is_file():
            for address in re.findall(r"^(?:deb |URIs:).*?(http\S+)", file.read_text(), re.M):
                if urlsplit(address).path.rstrip("/").endswith("/debian"):
                    return [address]
    return []
