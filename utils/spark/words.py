"""Errors of Spark, in a line that says what to do."""

import contextlib
import re
from collections.abc import Iterator

from utils.errors import InputError, brief
from utils.spark.sources import plain

_FULL = re.compile("No space left on device|Disk quota exceeded")


class DiskFull(InputError):
    """A disk is full, or somebody's share of it: on this machine, or on a worker."""


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
        text = with_causes(error)
        kind = DiskFull if _FULL.search(text) else InputError
        raise kind(told_of(text)) from error


def with_causes(error: Exception) -> str:
    """Return an error with its causes: a stream's own words name only that it has failed."""
    return f"{error}\n{getattr(error, '_stackTrace', '')}"


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
    if found := re.search(
        r"Call From \S+ to (\S+) failed on connection|UnknownHostException: (\S+)", text
    ):
        return f"{found[1] or found[2]}: nobody answers there; start it, or mend the address"
    if _FULL.search(text):
        return (
            "a disk is full: that of --output, of --checkpoint, or where Spark keeps what it works "
            "with (--conf spark.local.dir=/elsewhere); make room: a stream goes on where it stopped"
        )
    if found := re.search(r"(?:mkdir of|Mkdirs failed to create|mkdirs failed:?) (\S+)", text):
        return f"{plain(found[1])}: cannot be made; mend its rights, or name another folder"
    if found := re.search(r"(\S+) \((Read-only file system|Permission denied)\)", text):
        return (
            f"{plain(found[1])}: cannot be written ({found[2]}); mend its rights, or name another "
            "folder"
        )
    if "stopped SparkContext" in text or "All masters are unresponsive" in text:
        return (
            "Spark was ended by its cluster: what answers at --master is no master of this version "
            "of Spark, or has put an end to it; look at its address, its version and its log"
        )
    if found := re.search(r"ParentNotDirectoryException: [^:]*: (\S+)", text):
        return f"{plain(found[1])}: is a file; name another folder"
    if "OutOfMemoryError" in text or "Python worker exited unexpectedly" in text:
        return (
            "a worker ended for want of memory, mostly; give it more (--conf "
            "spark.executor.memory=4g, spark.executor.memoryOverhead=2g), or fewer tasks at a time"
        )
    causes = re.findall(r"(?:Caused by: |: )((?:[a-z]\w*\.)+\w+(?:Exception|Error)[^\n]*)", text)
    lines = [line for line in text.splitlines() if line.strip()]
    return f"Spark failed: {brief(causes[-1] if causes else lines[0] if lines else '?', 400)}"
