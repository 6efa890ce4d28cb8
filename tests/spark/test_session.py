"""What is in the way of Spark is told in a line that says what to do."""

import os
import socket
import sys
import threading
import time
from types import SimpleNamespace

import pytest

import detect
from tests.waiting import PATIENCE
from utils.errors import InputError
from utils.spark import checks, patience, session
from utils.spark.patience import Patience
from utils.spark.session import Cluster, conf_of, spark_session
from utils.spark.words import told_of


def script(path, text: str) -> None:
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


def started(master: str) -> None:
    with spark_session(Cluster(master)):
        raise AssertionError("it started")


def test_without_java_it_says_what_installs_it(tmp_path, monkeypatch, capsys, album, tested):
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    words = (album("a.jpg"), "--engine", "spark", "--model", tested, "--output", tmp_path / "out")
    assert detect.main([str(word) for word in words]) == 2
    assert "there is no Java on the PATH; `make spark` installs it" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("echo 'openjdk version \"11.0.2\" 2019' >&2", "is Java 11, and Spark needs 17 or newer"),
        ("echo no java >&2; exit 1", "is Java no java, and Spark needs 17"),
    ],
)
def test_an_old_java_is_refused(tmp_path, monkeypatch, said, told):
    (tmp_path / "bin").mkdir()
    script(tmp_path / "bin" / "java", said)
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    with pytest.raises(InputError, match=told):
        started("local[1]")


def test_without_pyspark_it_says_what_installs_it(monkeypatch):
    monkeypatch.setattr(checks, "_is_there", lambda name: name != "pyspark")
    with pytest.raises(InputError, match=r"pyspark is not there .* `make spark` installs it"):
        started("local[1]")


@pytest.fixture
def java(tmp_path, monkeypatch):
    """A stand-in that says that it is new enough."""
    (tmp_path / "bin").mkdir()
    script(tmp_path / "bin" / "java", "echo 'openjdk version \"21.0.1\"' >&2")
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))


@pytest.mark.parametrize(
    "master", ["locale", "spark:/host", "http://host:80", "local[x]", "local[0]", ""]
)
def test_what_is_no_master_is_refused(java, master):
    with pytest.raises(InputError, match="is no master; there are local"):
        checks.check_master(master)


@pytest.mark.parametrize("master", ["spark://127.0.0.1:{}", "k8s://https://127.0.0.1:{}"])
def test_a_master_that_does_not_answer_is_told_at_once(java, master):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        began = time.monotonic()
        with pytest.raises(InputError, match=r"nobody answers there .*127\.0\.0\.1:"):
            started(master.format(port))
        assert time.monotonic() - began < checks.PATIENCE + 5


def test_a_name_that_nobody_finds_is_told_in_time_with_all_others(java, monkeypatch):
    """Nothing limits how long a system looks a name up."""
    looked = threading.Event()

    def connect(address, timeout):
        if address[0] == "slow":
            looked.wait(60)
        raise OSError("no such name")

    monkeypatch.setattr(checks.socket, "create_connection", connect)
    clock = iter((0.0, 0.0, 0.0, PATIENCE))  # the time is over once two have answered
    monkeypatch.setattr(checks, "time", SimpleNamespace(monotonic=lambda: next(clock)))
    monkeypatch.setattr(checks, "PATIENCE", PATIENCE)
    with pytest.raises(InputError) as told:
        checks.check_master("spark://slow:7077,none:7077,host:high")
    looked.set()
    assert "slow:7077: no answer within" in str(told.value)
    assert "none:7077: no such name" in str(told.value)
    assert "'high' is no port" in str(told.value) and "mend the address" in str(told.value)


class Java:
    """In place of Java that starts a session: it does not, until it is killed."""

    def __init__(self) -> None:
        self.killed = threading.Event()
        self.kill = self.killed.set

    def start(self) -> None:
        assert self.killed.wait(60)
        raise ConnectionError("Answer from Java side is empty")


def test_a_master_that_says_nothing_is_told_in_time(monkeypatch):
    silent = Java()
    monkeypatch.setattr("pyspark.SparkContext._gateway", SimpleNamespace(proc=silent))
    monkeypatch.setattr("pyspark.SparkContext._jvm", object())
    began = time.monotonic()
    with pytest.raises(InputError) as told, Patience("spark://host:7077", 0.2).answered():
        silent.start()
    assert time.monotonic() - began < 30
    assert str(told.value).startswith("--master spark://host:7077: what takes connections there")
    from pyspark import SparkContext

    assert SparkContext._gateway is None  # whose Java is dead
    with (
        pytest.raises(InputError, match="did not answer as a master"),
        Patience("spark://host:7077", 60).answered(),
    ):
        raise RuntimeError("IllegalStateException: Cannot call methods on a stopped SparkContext.")
    with pytest.raises(RuntimeError), Patience("local[2]", 0.0).answered():
        raise RuntimeError("another error is told as it is")


class Gone:
    """In place of a session on a cluster: executors that go, and work that waits for them."""

    def __init__(self, executors: int, working: bool) -> None:
        self.cancelled = threading.Event()
        status = SimpleNamespace(size=lambda: executors + 1)
        java = SimpleNamespace(getExecutorMemoryStatus=lambda: status)
        self.sparkContext = SimpleNamespace(
            master="spark://host:7077",
            _jsc=SimpleNamespace(sc=lambda: java),
            statusTracker=lambda: SimpleNamespace(getActiveJobsIds=lambda: [1] * working),
            cancelAllJobs=self.cancelled.set,
        )


def test_a_cluster_that_has_gone_in_mid_run_is_told(monkeypatch):
    monkeypatch.setattr(patience, "_POLL", 0.01)
    waits = Patience("spark://host:7077", 0.1)
    gone = Gone(0, working=True)
    left = pytest.raises(InputError, match=r"spark://host:7077: no executor was left.*goes on")
    with left, waits.kept(gone):
        assert gone.cancelled.wait(60)
        raise RuntimeError("Job 1 cancelled")
    for there in (Gone(1, working=True), Gone(0, working=False)):  # or it has no work
        with waits.kept(there):
            assert not there.cancelled.wait(0.5)
    ended = pytest.raises(InputError, match="host:7077: the cluster has ended Spark")
    with ended, waits.kept(Gone(1, True)):
        raise InputError("told") from RuntimeError("a stopped SparkContext")
    with pytest.raises(InputError, match="no executor came within 0 s"):
        waits.for_executor(Gone(0, False))


def test_yarn_needs_its_settings(java, monkeypatch):
    monkeypatch.delenv("HADOOP_CONF_DIR", raising=False)
    monkeypatch.delenv("YARN_CONF_DIR", raising=False)
    with pytest.raises(InputError, match="HADOOP_CONF_DIR does not say where"):
        started("yarn")


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (
            "[PYTHON_VERSION_MISMATCH] Python in worker has different version: 3.9 than that in "
            "driver: 3.11",
            "Python differs between driver and workers .3.9 and 3.11.; .*--worker-python",
        ),
        (
            'java.io.IOException: Cannot run program "/opt/python": error=2',
            "the workers have no /opt/python; name their Python: --worker-python",
        ),
        (
            "PythonException: \nModuleNotFoundError: No module named 'torch'\n\n",
            "the Python of the workers has no module torch; .*requirements-spark.txt",
        ),
        (
            "Traceback\n  x\nutils.errors.InputError: device 'cuda': cannot be used; cpu always\n",
            "^device 'cuda': cannot be used; cpu always$",
        ),
        ("[PATH_NOT_FOUND] Path does not exist: s3a://b/x. SQLSTATE", "s3a://b/x: no such folder"),
        ("ClassNotFoundException: Class org.apache.hadoop.fs.s3a.S3AFileSystem", "hadoop-aws"),
        (
            "org.apache.hadoop.security.AccessControlException: x denied",
            "x denied: may not be read",
        ),
        ("java.lang.OutOfMemoryError: Java heap space", "memory, mostly; give it more"),
        (
            "FileNotFoundException: /ck/rows/.metadata.tmp (Read-only file system)\n\tat",
            "^/ck/rows/.metadata.tmp: cannot be written .Read-only file system.; mend its rights",
        ),
        (
            "Task failed\nCaused by: java.io.IOException: No space left on device\n",
            "a disk is full: .*--output.*make room",
        ),
        (
            "java.net.ConnectException: Call From here/10.0.0.1 to store:8020 failed on connection "
            "exception: java.net.ConnectException: Connection refused; For more details see:",
            "^store:8020: nobody answers there; start it, or mend the address$",
        ),
        ("IllegalArgumentException: java.net.UnknownHostException: store\n", "^store: nobody"),
        (
            "IllegalStateException: Cannot call methods on a stopped SparkContext.\nThis stopped",
            "what answers at --master is no master of this version of Spark",
        ),
        (
            "ParentNotDirectoryException: Parent path is not a directory: file:/data/x\n",
            "^/data/x: is a file; name another folder",
        ),
        ("java.io.IOException: mkdir of file:/proc/x failed", "^/proc/x: cannot be made; mend"),
        (
            "Failed to create: java.io.IOException: Mkdirs failed to create file:/proc/x (exists=",
            "^/proc/x: cannot be made; mend",
        ),
        ("An error: java.lang.IllegalStateException: odd\n\tat x", "IllegalStateException: odd"),
    ],
)
def test_errors_of_spark_become_a_line_that_says_what_to_do(error, told):
    import re

    line = told_of(error)
    assert re.search(told, line) and "\n" not in line


def test_java_is_kept_off_the_cores_unless_it_is_told_how(tmp_path):
    ours = session._settings(Cluster("local[2]"), "local[2]")
    for name in ("spark.driver.extraJavaOptions", "spark.executor.extraJavaOptions"):
        assert ours[name].endswith("-XX:+UseSerialGC -XX:TieredStopAtLevel=1")
    given = {"spark.driver.extraJavaOptions": "-XX:+UseG1GC"}  # two of these would not start
    theirs = session._settings(Cluster("local[2]", given), "local[2]")
    assert "Serial" not in theirs["spark.driver.extraJavaOptions"]
    assert theirs["spark.driver.extraJavaOptions"].endswith("log4j2.properties -XX:+UseG1GC")


def test_settings_may_hold_equals_signs():
    assert conf_of(["spark.a=b=c", "spark.d="]) == {"spark.a": "b=c", "spark.d": ""}


def test_the_environment_is_as_before(monkeypatch):
    monkeypatch.setenv("PYSPARK_PYTHON", "before")
    monkeypatch.delenv("PYSPARK_DRIVER_PYTHON", raising=False)
    with session._environment(Cluster(python="/other/python"), False):
        assert os.environ["PYSPARK_PYTHON"] == "/other/python"
        assert os.environ["PYSPARK_DRIVER_PYTHON"] == sys.executable
    assert os.environ["PYSPARK_PYTHON"] == "before"
    assert "PYSPARK_DRIVER_PYTHON" not in os.environ
