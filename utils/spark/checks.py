"""What Spark needs before it is started: its packages, a Java, a master that answers."""

import contextlib
import importlib.util
import os
import queue
import re
import shutil
import socket
import subprocess
import sys
import threading
import time

from utils.errors import InputError, brief

SETUP = "`make spark` installs it"
LEAST_JAVA = 17
PATIENCE = 5.0
"""Seconds in which a master must answer."""

_MASTER = re.compile(
    r"local(\[(\*|[1-9]\d*)(,\d+)?\])?|local-cluster\[.*\]|spark://.+|k8s://.+|yarn"
)


def check_packages() -> None:
    """Raise an `InputError` unless all packages are there."""
    missing = [name for name in ("pyspark", "pandas", "pyarrow") if not _is_there(name)]
    if missing:
        raise InputError(
            f"--engine spark: {', '.join(missing)} is not there for {sys.executable}; {SETUP}"
        )


def _is_there(name: str) -> bool:
    return importlib.util.find_spec(name) is not None


def check_java() -> None:
    """Raise an `InputError` unless there is a Java that Spark runs on."""
    home = os.environ.get("JAVA_HOME")
    java = shutil.which("java", path=f"{home}/bin") if home else shutil.which("java")
    if java is None:
        where = f"in JAVA_HOME ({home})" if home else "on the PATH"
        raise InputError(f"--engine spark: there is no Java {where}; {SETUP}")
    try:
        done = subprocess.run([java, "-version"], capture_output=True, text=True, timeout=60)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise InputError(f"{java}: does not run ({brief(error)}); {SETUP}") from error
    found = re.search(r'version "(?:1\.)?(\d+)', done.stderr)
    if not found or int(found[1]) < LEAST_JAVA:
        version = found[1] if found else brief(done.stderr or "unknown")
        raise InputError(
            f"{java}: is Java {version}, and Spark needs {LEAST_JAVA} or newer; {SETUP}"
        )


def check_master(master: str) -> None:
    """Raise an `InputError` if a master is none, or nobody answers there."""
    if not _MASTER.fullmatch(master):
        raise InputError(
            f"--master {brief(master)!r}: is no master; there are local[4], local[*], "
            "spark://host:7077, k8s://https://host:6443 and yarn"
        )
    if master == "yarn" and not (
        os.environ.get("HADOOP_CONF_DIR") or os.environ.get("YARN_CONF_DIR")
    ):
        raise InputError("--master yarn: HADOOP_CONF_DIR does not say where; set it")
    if not master.startswith(("spark://", "k8s://")):
        return
    places = re.sub(r"^(spark|k8s)://(https?://)?", "", master).split("/")[0].split(",")
    answers: queue.Queue[tuple[str, str | None]] = queue.Queue()
    for place in places:  # threads, because nothing limits how long a name is looked up
        words = (place, "443" if "k8s" in master else "7077", answers)
        threading.Thread(target=_reach, args=words, daemon=True).start()
    told = dict.fromkeys(places, f"no answer within {PATIENCE:.0f} s")
    end = time.monotonic() + PATIENCE
    with contextlib.suppress(queue.Empty):
        for _ in places:
            place, wrong = answers.get(timeout=max(0.0, end - time.monotonic()))
            if wrong is None:
                return
            told[place] = wrong
    each = "; ".join(f"{brief(place)}: {wrong}" for place, wrong in told.items())
    raise InputError(
        f"--master {brief(master)}: nobody answers there ({each}); start it, or mend the address"
    )


def _reach(place: str, usual: str, answers: "queue.Queue[tuple[str, str | None]]") -> None:
    """Say whether somebody takes connections at ``host:port``; in words, why not."""
    host, _, port = place.rpartition(":")
    host, port = (host, port) if host else (place, usual)
    try:
        if not port.isdecimal():
            raise OSError(f"{port!r} is no port")
        socket.create_connection((host.strip("[]"), int(port)), timeout=PATIENCE).close()
    except (OSError, OverflowError, UnicodeError) as error:  # of ports, and of names too long
        answers.put((place, brief(error)))
    else:
        answers.put((place, None))
