"""Spark started, with our code and the model on every worker; and its errors, in words."""

import contextlib
import importlib.util
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from utils.errors import InputError, brief
from utils.spark.code import runs_from_a_zip, write_code

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

SETUP = "`make spark` installs it"
LEAST_JAVA = 17
PATIENCE = 5.0
"""Seconds in which a master must answer."""

BATCH = 16
"""Photographs that go to a Python worker at a time."""

_MASTER = re.compile(r"local(\[[\d*]+(,\d+)?\])?|local-cluster\[.*\]|spark://.+|k8s://.+|yarn")
_LOOPBACK = re.compile(r"local|spark://(localhost|127\.)")
_WARNING = "ignore:PySpark does not yet fully support pandas:FutureWarning"


@dataclass(frozen=True)
class Cluster:
    """Which Spark, and how.

    Attributes
    ----------
    master
        None for that of ``spark-submit``.
    conf
        Settings of Spark, which win over ours.
    python
        Of the workers.
    wait
        Seconds in which a cluster must give an executor.
    quiet
        Whether Spark shows no progress.
    """

    master: str | None = None
    conf: Mapping[str, str] = field(default_factory=dict)
    python: str | None = None
    wait: float = 120.0
    quiet: bool = True


def conf_of(words: Sequence[str]) -> dict[str, str]:
    """Return ``KEY=VALUE`` words as settings."""
    return {key: value for key, _, value in (word.partition("=") for word in words)}


@contextlib.contextmanager
def spark_session(cluster: Cluster, files: Sequence[Path] = ()) -> Iterator["SparkSession"]:
    """Yield a session; it is stopped at the end.

    Parameters
    ----------
    files
        To bring to each machine, where `pyspark.SparkFiles` finds them by name.

    Raises
    ------
    InputError
        If PySpark or Java is not there, or the cluster does not answer or gives no executor; or
        with what went wrong on it meanwhile, in words.
    """
    submitted = "PYSPARK_GATEWAY_PORT" in os.environ
    _check_packages()
    if not submitted:
        _check_java()
    master = cluster.master or (None if submitted else "local[*]")
    if master:
        _check_master(master)
    with (
        tempfile.TemporaryDirectory() as scratch,
        warnings.catch_warnings(),
        _environment(cluster, submitted),
        in_words(),
    ):
        warnings.filterwarnings("ignore", "PySpark does not yet", FutureWarning)
        spark = _started(cluster, master)
        try:
            _wait_for_executor(spark, cluster.wait)
            if not runs_from_a_zip():
                code = Path(scratch) / "mask-detection-code.zip"
                write_code(code)
                spark.sparkContext.addPyFile(str(code))
            for file in files:
                spark.sparkContext.addFile(str(file))
            yield spark
        finally:
            with contextlib.suppress(Exception):  # it may be gone, which is what is wanted
                spark.stop()


def cores_of_a_task(spark: "SparkSession") -> int:
    """Return the cores that a task has."""
    return int(spark.sparkContext.getConf().get("spark.task.cpus", "1"))


@contextlib.contextmanager
def in_words() -> Iterator[None]:
    """Turn errors of Spark into an `InputError` that says what to do."""
    from py4j.protocol import Py4JError, Py4JNetworkError
    from pyspark.errors import PySparkException

    try:
        yield
    except (Py4JNetworkError, ConnectionError) as error:
        raise InputError(
            f"Spark ended ({brief(error)}); give its driver more memory: "
            "--conf spark.driver.memory=4g"
        ) from error
    except (Py4JError, PySparkException) as error:
        raise InputError(told_of(str(error))) from error


def told_of(text: str) -> str:
    """Return what an error of Spark means, in a line with what to do."""
    if "PYTHON_VERSION_MISMATCH" in text:
        versions = re.findall(r"\d+\.\d+", text.partition("PYTHON_VERSION_MISMATCH")[2])[:2]
        return (
            f"Python differs between driver and workers ({' and '.join(versions)}); name the same "
            "on the workers: --worker-python /path/to/python"
        )
    if found := re.search(r"Cannot run program \"([^\"]+)\"", text):
        return f"the workers have no {found[1]}; name their Python: --worker-python /path/to/python"
    if found := re.search(r"ModuleNotFoundError: No module named '([^']+)'", text):
        return (
            f"the Python of the workers has no module {found[1]}; give them an image or an "
            "environment with requirements-spark.txt (docs/spark.md), and name it: --worker-python"
        )
    if found := re.search(r"utils\.errors\.\w+: (.+)", text):
        return brief(found[1], 400)
    if found := re.search(r"PATH_NOT_FOUND\] Path does not exist: (\S+)", text):
        return f"{found[1].rstrip('.')}: no such folder or file"
    if found := re.search(r"(?:AccessControlException|AccessDenied\w*): ([^\n]+)", text):
        return f"{brief(found[1], 300)}: may not be read; change its rights, or the keys"
    if "ClassNotFoundException" in text and "fs.s3a" in text:
        return "Spark cannot read s3a:// here: hadoop-aws is not in its jars (docs/spark.md)"
    if "OutOfMemoryError" in text or "Python worker exited unexpectedly" in text:
        return (
            "a worker ended for want of memory, mostly; give it more (--conf "
            "spark.executor.memory=4g, spark.executor.memoryOverhead=2g), or fewer tasks at a time"
        )
    causes = re.findall(r"(?:Caused by: |: )((?:[a-z]\w*\.)+\w+(?:Exception|Error)[^\n]*)", text)
    lines = [line for line in text.splitlines() if line.strip()]
    return f"Spark failed: {brief(causes[-1] if causes else lines[0] if lines else '?', 400)}"


def has_class(spark: "SparkSession", name: str) -> bool:
    """Return whether Java finds a class."""
    from py4j.protocol import Py4JError

    try:
        spark._jvm.java.lang.Thread.currentThread().getContextClassLoader().loadClass(name)
    except Py4JError:
        return False
    return True


def _check_packages() -> None:
    missing = [name for name in ("pyspark", "pandas", "pyarrow") if not _is_there(name)]
    if missing:
        raise InputError(
            f"--engine spark: {', '.join(missing)} is not there for {sys.executable}; {SETUP}"
        )


def _is_there(name: str) -> bool:
    return importlib.util.find_spec(name) is not None


def _check_java() -> None:
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


def _check_master(master: str) -> None:
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
    told = []
    for place in places:
        host, _, port = place.rpartition(":")
        host, port = (host, port) if host else (place, "443" if "k8s" in master else "7077")
        try:
            if not port.isdecimal():
                raise OSError(f"{port!r} is no port")
            socket.create_connection((host.strip("[]"), int(port)), timeout=PATIENCE).close()
        except OSError as error:
            told.append(f"{brief(place)}: {brief(error)}")
        else:
            return
    raise InputError(
        f"--master {brief(master)}: nobody answers there ({'; '.join(told)}); start it, or mend "
        "the address"
    )


@contextlib.contextmanager
def _environment(cluster: Cluster, submitted: bool) -> Iterator[None]:
    """Set what PySpark takes from the environment, and put back what was there."""
    wanted = {}
    if cluster.python or not (submitted or os.environ.get("PYSPARK_PYTHON")):
        wanted["PYSPARK_PYTHON"] = cluster.python or sys.executable
    if not submitted:
        wanted["PYSPARK_DRIVER_PYTHON"] = sys.executable
    before = {name: os.environ.get(name) for name in wanted}
    os.environ.update(wanted)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _settings(cluster: Cluster, master: str | None) -> dict[str, Any]:
    ours: dict[str, Any] = {
        "spark.app.name": "mask-detection",
        "spark.log.level": "ERROR",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": str(not cluster.quiet and sys.stderr.isatty()).lower(),
        "spark.sql.execution.arrow.maxRecordsPerBatch": BATCH,
        "spark.sql.session.timeZone": "UTC",
        # What cannot be read is missed in the rows, found there, and told.
        "spark.sql.files.ignoreCorruptFiles": "true",
        "spark.sql.files.ignoreMissingFiles": "true",
        "spark.sql.shuffle.partitions": 2,  # of counts by window; no picture is ever shuffled
        "spark.executorEnv.OMP_WAIT_POLICY": "PASSIVE",
        "spark.executorEnv.PYTHONWARNINGS": _WARNING,
    }
    if master and _LOOPBACK.match(master):
        ours |= {"spark.driver.host": "127.0.0.1", "spark.driver.bindAddress": "127.0.0.1"}
    log = Path(__file__).with_name("log4j2.properties")
    if log.is_file():
        ours["spark.driver.extraJavaOptions"] = f"-Dlog4j2.configurationFile={log.as_uri()}"
    return ours | dict(cluster.conf)


def _started(cluster: Cluster, master: str | None) -> "SparkSession":
    from pyspark.sql import SparkSession

    builder = SparkSession.builder
    if master:
        builder = builder.master(master)
    for key, value in _settings(cluster, master).items():
        builder = builder.config(key, value)
    return builder.getOrCreate()


def _wait_for_executor(spark: "SparkSession", patience: float) -> None:
    """Wait until a cluster has given an executor.

    Raises
    ------
    InputError
        If it does not in time.
    """
    context = spark.sparkContext
    if context.master.startswith("local"):
        return
    end = time.monotonic() + patience
    while context._jsc.sc().getExecutorMemoryStatus().size() < 2:  # one is the driver
        if time.monotonic() > end:
            raise InputError(
                f"--master {context.master}: no executor came within {patience:.0f} s; look at "
                "the master's page, whether workers are there and have the memory and cores that "
                "are asked for (--conf spark.executor.memory=1g, spark.cores.max=2), or --wait "
                "longer"
            )
        time.sleep(0.2)
