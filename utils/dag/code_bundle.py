"""The code that travels with the workflow: ``utils/`` as one reproducible zip."""

import zipfile
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest time that a zip can hold


def write_code_bundle(output: Path, project: Path = PROJECT) -> None:
    """Zip the library of `project` to `output`; equal sources give equal bytes.

    Every job has the zip on its ``PYTHONPATH``: the container or virtual environment holds the
    dependencies only, and what was submitted is what runs.
    """
    with zipfile.ZipFile(output, "w", zipfile.ZIP_DEFLATED) as bundle:
        for path in sorted((project / "utils").rglob("*")):
            if path.is_dir() or "__pycache__" in path.parts:
                continue
            entry = zipfile.ZipInfo(path.relative_to(project).as_posix(), date_time=EPOCH)
            entry.external_attr = 0o644 << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            bundle.writestr(entry, path.read_bytes())


def executables(project: Path = PROJECT) -> dict[str, Path]:
    """Return the executables of the jobs by their transformation's name."""
    return {path.stem: path for path in sorted((project / "bin").glob("*.py"))}
