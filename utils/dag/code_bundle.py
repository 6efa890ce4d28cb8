"""The code that travels with the workflow: what jobs can import, as one reproducible zip."""

import ast
import functools
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest time that a zip can hold


def write_code_bundle(output: Path, project: Path = PROJECT) -> None:
    """Zip what the executables of `project` import to `output`; equal sources give equal bytes.

    Every job has the zip on its ``PYTHONPATH``: the container or virtual environment holds the
    dependencies only, and what was submitted is what runs. What no job can import is left out, so
    that an edit there changes no job.
    """
    write_zip(output, bundled(project), project)


def write_zip(output: Path, files: Iterable[Path], project: Path = PROJECT) -> None:
    """Zip files of `project` to `output` by their places in it; equal files give equal bytes."""
    with zipfile.ZipFile(output, "w", zipfile.ZIP_DEFLATED) as bundle:
        for path in files:
            entry = zipfile.ZipInfo(path.relative_to(project).as_posix(), date_time=EPOCH)
            entry.external_attr = 0o644 << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            bundle.writestr(entry, path.read_bytes())


def bundled(project: Path = PROJECT) -> list[Path]:
    """Return the files that the executables can import, see `importable`."""
    return importable(executables(project).values(), project)


def importable(sources: Iterable[Path], project: Path = PROJECT) -> list[Path]:
    """Return the files that sources can import, wherever in a module, and data beside them.

    Data are what lies in the folder of a package that is imported, or below in a folder that is no
    package: templates, for example.
    """
    modules: set[Path] = set()
    names: set[str] = set()
    found = list(sources)
    while found:
        source = found.pop()
        fresh = set(_imported(source.read_bytes(), str(source))) - names
        names |= fresh
        reached = {path for name in fresh for path in _files(name, project)} - modules
        modules |= reached
        found += reached
    data = {path for folder in {module.parent for module in modules} for path in _data(folder)}
    return sorted(modules | data)


def executables(project: Path = PROJECT) -> dict[str, Path]:
    """Return the executables of the jobs by their transformation's name."""
    return {path.stem: path for path in sorted((project / "bin").glob("*.py"))}


@functools.cache
def _imported(text: bytes, file: str) -> tuple[str, ...]:
    """Return what of `utils` a source imports, each name after those of its packages.

    It is kept, because a process may plan several runs.
    """
    parts = [name.split(".") for name in _names(ast.parse(text, file))]
    lists = [part for part in parts if part[0] == "utils"]
    return tuple(
        dict.fromkeys(".".join(part[:count]) for part in lists for count in range(1, len(part) + 1))
    )


def _names(node: ast.AST) -> Iterator[str]:
    """Yield all that could be a module where statements import, without a look at expressions."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import):
            yield from (alias.name for alias in child.names)
        elif isinstance(child, ast.ImportFrom) and child.module:
            yield child.module
            yield from (f"{child.module}.{alias.name}" for alias in child.names)
        elif isinstance(child, ast.stmt | ast.excepthandler | ast.match_case):
            yield from _names(child)


def _files(name: str, project: Path) -> Iterator[Path]:
    """Yield the file of a package or module, if it is one, rather than what a module defines."""
    place = project.joinpath(*name.split("."))
    for path in (place / "__init__.py", place.with_name(f"{place.name}.py")):
        if path.is_file():
            yield path


def _data(folder: Path) -> Iterator[Path]:
    for path in folder.iterdir():
        if path.is_dir() and path.name != "__pycache__" and not (path / "__init__.py").exists():
            yield from _data(path)
        elif path.is_file() and path.suffix not in (".py", ".pyc") and path.name[0] != ".":
            yield path
