"""Our code for the workers: a zip, as ``spark-submit --py-files`` takes it."""

from pathlib import Path

from utils.dag.code_bundle import PROJECT, write_zip

MODULES = PROJECT / "utils"


def write_code(output: Path) -> None:
    """Zip all of ``utils``, with the data beside its modules; equal code gives equal bytes."""
    files = (path for path in MODULES.rglob("*") if path.is_file())
    kept = (path for path in files if "__pycache__" not in path.parts and path.suffix != ".pyc")
    write_zip(output, sorted(kept))


def runs_from_a_zip() -> bool:
    """Return whether this code was itself imported from such a zip, which Spark carries already."""
    return not MODULES.is_dir()
