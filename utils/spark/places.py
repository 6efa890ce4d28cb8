"""Where results go: a folder of a disk, or one of a store that Hadoop writes (``s3a://``)."""

import re
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from utils.apply.folder import RUNS, Claim, results_folder
from utils.errors import InputError, brief
from utils.records import write_atomically

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

_PATTERN = re.compile(r"[\[\]{}*?\\]")


class Place:
    """A folder that small files are written to, from the driver.

    Parameters
    ----------
    wanted
        A path, or the address of a folder in a store; None for one of its own in ``runs``.
    sources
        Folders that it must not lie in.
    mark
        Name of the file that says that it is one to go on in.

    Attributes
    ----------
    folder
        Where to write on this machine: the folder itself, or one that `send` copies to the store.

    Raises
    ------
    InputError
        If there are files in it that are none of ours, or another run writes into it.
    """

    def __init__(
        self, wanted: Path | str | None, sources: Sequence[Path] = (), mark: str | None = None
    ) -> None:
        self._spark: SparkSession | None = None
        self._mark, self._claim = mark, None
        self.stored = isinstance(wanted, str)
        whole = wanted if isinstance(wanted, str) else str((wanted or RUNS).absolute())
        if _PATTERN.search(whole):
            raise InputError(
                f"--output {brief(whole, 200)}: Spark takes []{{}}*?\\ for a pattern when it reads "
                "its rows; name a folder without these"
            )
        self._scratch = None
        if isinstance(wanted, str):
            self._scratch = tempfile.TemporaryDirectory()
            self.name, self.folder = wanted.rstrip("/"), Path(self._scratch.name)
            return
        goes_on = bool(mark and wanted and (wanted / mark).is_file())
        self.folder = wanted if goes_on else results_folder(wanted, sources)
        self.name = str(self.folder)
        self._claim = Claim(self.folder, goes_on)

    def __str__(self) -> str:
        return self.name

    def table(self, name: str) -> str:
        """Return the address of a table in it, as Spark takes it."""
        return f"{self.name}/{name}" if self.stored else str((self.folder / name).absolute())

    def open(self, spark: "SparkSession") -> None:
        """Look at a store, once there is Spark; what is to go on there is brought here."""
        self._spark = spark
        if not self.stored:
            return
        files, root = self._files(self.name)
        if self._mark and files.exists(self._path(self._mark)):
            for status in files.listStatus(root):
                if status.isFile():
                    files.copyToLocalFile(status.getPath(), self._local(str(self.folder) + "/"))
        elif files.exists(root) and len(files.listStatus(root)):
            raise InputError(
                f"--output {self.name}: there are files in it, and none is overwritten; name "
                "another, or remove it"
            )

    def holds(self, address: str) -> bool:
        """Return whether anything is in a folder of a disk or a store, once there is Spark."""
        files, path = self._files(address)
        return files.exists(path) and len(files.listStatus(path)) > 0

    def write(self, name: str, data: bytes) -> None:
        """Write a file whole."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, data)
        self.send(name)

    def send(self, *names: str) -> None:
        """Copy files to the store, or all there are; where the folder is the place, do nothing."""
        if not self.stored:
            return
        files, _ = self._files(self.name)
        paths = [self.folder / name for name in names] or sorted(self.folder.rglob("*"))
        for path in paths:
            if path.is_file():
                target = self._path(path.relative_to(self.folder).as_posix())
                files.copyFromLocalFile(False, True, self._local(str(path)), target)

    def remove(self, name: str) -> None:
        """Remove a file, if it is there."""
        (self.folder / name).unlink(missing_ok=True)
        if self.stored:
            files, _ = self._files(self.name)
            files.delete(self._path(name), False)

    def check(self) -> None:
        """Raise an `InputError` if the folder was removed, or replaced by another, meanwhile."""
        if self._claim and not self._claim.is_there():
            raise InputError(
                f"--output {self.name}: was removed while it was written to, and what was in it is "
                "lost; begin anew, in this or another folder"
            )

    def __enter__(self) -> "Place":
        return self

    def __exit__(self, *_: object) -> None:
        if self._claim:
            self._claim.release()
        if self._scratch:
            self._scratch.cleanup()

    def _files(self, address: str) -> tuple[Any, Any]:
        path = self._spark._jvm.org.apache.hadoop.fs.Path(address)
        return path.getFileSystem(self._spark._jsc.hadoopConfiguration()), path

    def _path(self, name: str) -> Any:
        return self._spark._jvm.org.apache.hadoop.fs.Path(f"{self.name}/{name}")

    def _local(self, path: str) -> Any:
        return self._spark._jvm.org.apache.hadoop.fs.Path(Path(path).absolute().as_uri())
