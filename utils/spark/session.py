"""Spark started, with our code and the model on every worker."""

import contextlib
import os
import re
import sys
import tempfile
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from utils.spark.checks import check_java, check_master, check_packages
from utils.spark.code import runs_from_a_zip, write_code
from utils.spark.patience import Patience, quiet_py4j
from utils.spark.words import in_words

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

BATCH = 16
"""Photographs that go to a Python worker at a time."""

_LOOPBACK = re.compile(r"local|spark://(localhost|127\.)")
_JAVA_OPTIONS = "spark.driver.extraJavaOptions"
_QUIET_JAVA = "-XX:+UseSerialGC -XX:TieredStopAtLevel=1"
"""Java hands bytes on. Its second compiler and its threads that clear up would take the cores from
Python, which does the work: half of Java's time to start, and of its time a photograph."""

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
        Seconds in which a cluster must answer and give an executor, and another if all are lost.
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
    check_packages()
    if not submitted:
        check_java()
    master = cluster.master or (None if submitted else "local[*]")
    if master:
        check_master(master)
    patience = Patience(master, cluster.wait)
    with (
        quiet_py4j(),
        tempfile.TemporaryDirectory() as scratch,
        warnings.catch_warnings(),
        _environment(cluster, submitted),
        in_words(),
    ):
        warnings.filterwarnings("ignore", "PySpark does not yet", FutureWarning)
        with patience.answered():
            spark = _started(cluster, master)
        try:
            if submitted:  # whose log is set already
                spark.sparkContext.setLogLevel("ERROR")
            patience.for_executor(spark)
            if not runs_from_a_zip():
                code = Path(scratch) / "mask-detection-code.zip"
                write_code(code)
                spark.sparkContext.addPyFile(str(code))
            for file in files:
                spark.sparkContext.addFile(str(file))
            with patience.kept(spark):
                yield spark
        finally:
            with contextlib.suppress(Exception):  # it may be gone, which is what is wanted
                spark.stop()


def cores_of_a_task(spark: "SparkSession") -> int:
    """Return the cores that a task has."""
    return int(spark.sparkContext.getConf().get("spark.task.cpus", "1"))


def has_class(spark: "SparkSession", name: str) -> bool:
    """Return whether Java finds a class."""
    from py4j.protocol import Py4JError

    try:
        spark._jvm.java.lang.Thread.currentThread().getContextClassLoader().loadClass(name)
    except Py4JError:
        return False
    return True


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
        "spark.executor.extraJavaOptions": _QUIET_JAVA,
    }
    if master and _LOOPBACK.match(master):
        ours |= {"spark.driver.host": "127.0.0.1", "spark.driver.bindAddress": "127.0.0.1"}
    log = Path(__file__).with_name("log4j2.properties")
    given = {_JAVA_OPTIONS: _QUIET_JAVA} | dict(cluster.conf)
    if log.is_file():
        given[_JAVA_OPTIONS] = f"-Dlog4j2.configurationFile={log.as_uri()} {given[_JAVA_OPTIONS]}"
    return ours | given


def _started(cluster: Cluster, master: str | None) -> "SparkSession":
    from pyspark.sql import SparkSession

    builder = SparkSession.builder
    if master:
        builder = builder.master(master)
    for key, value in _settings(cluster, master).items():
        builder = builder.config(key, value)
    return builder.getOrCreate()
