"""Filling a run folder: all that an engine needs, and the record of what was asked for."""

import contextlib
import shlex
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from Pegasus.api import Workflow

from utils import files
from utils.dag import catalogs
from utils.dag.calls import checkpoints
from utils.dag.code_bundle import executables, write_code_bundle
from utils.dag.new_data import NewData, as_named
from utils.dag.options.table import Options
from utils.dag.pipeline import build_workflow
from utils.dag.run_record import RunRecord
from utils.dag.travelling import (
    CODE,
    CONFIGURATION,
    data_files,
    finder_file,
    learnt_file,
    weights_files,
)
from utils.dag.versions import git_commit, installed_packages, machine
from utils.records import digest_of, write_record


def write_plan(
    folder: Path,
    options: Options,
    engine: str,
    command: list[str],
    facts: dict[str, Any],
    weights: Mapping[str, str] | None = None,
    new: NewData | None = None,
) -> Workflow:
    """Write workflow, catalogues, code and configuration into a run folder.

    The data lie there already: `data_files`, those of `new`, `weights_files`, and if any
    `learnt_file` and `finder_file`.

    Parameters
    ----------
    engine
        What is to execute the run.
    command
        The command line, for the report.
    facts
        What is known of data and weights, e.g. how many photographs there are.
    weights
        Settled, see `weights_files`.
    new
        The new photographs and videos; by default what names tell.

    Returns
    -------
    Workflow
        As written to ``workflow.yml``.
    """
    write_code_bundle(folder / CODE)
    scripts = _copy_executables(folder / "bin")
    starts = [
        *weights_files(options, weights).values(),
        learnt_file(options),
        finder_file(options),
    ]
    new = new or as_named(options)
    data = [*data_files(options), *new.files, *filter(None, starts)]
    asked = options.as_dict()
    description = {
        "name": options.name,
        "created": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
        "command": shlex.join(command),
        "git_commit": git_commit(),
        "options": asked,
        "versions": dict(item.split("==", 1) for item in installed_packages()),
        "digests": {name: digest_of(folder / name) for name in data},
        **facts,
    }
    write_record(folder / CONFIGURATION, description)
    version = (facts.get("data") or {}).get("version")
    workflow = build_workflow(options, weights, version, new)
    placeholders = _placeholders(folder / "checkpoints", checkpoints(workflow))
    inputs = [folder / name for name in (CODE, CONFIGURATION, *data)]
    catalogs.replica_catalog(inputs, placeholders).write(str(folder / catalogs.REPLICAS))
    transformations = catalogs.transformation_catalog(scripts, options.container)
    transformations.write(str(folder / catalogs.TRANSFORMATIONS))
    catalogs.site_catalog(folder, options).write(str(folder / catalogs.SITES))
    catalogs.properties(folder).write(str(folder / catalogs.PROPERTIES))
    RunRecord(folder).describe(engine=engine, machine=machine(), **description)
    # Last, and whole or not at all: a folder that has it is complete.
    planned = folder / f"{catalogs.WORKFLOW}.tmp"
    workflow.write(str(planned))
    files.move(planned, folder / catalogs.WORKFLOW)
    return workflow


def _copy_executables(folder: Path) -> dict[str, Path]:
    """Copy the executables, so that what was planned is what runs, also after an edit."""
    copies = {}
    for name, path in executables().items():
        files.copy(path, folder / path.name)
        with contextlib.suppress(OSError):  # a file system without permissions
            (folder / path.name).chmod(0o755)  # the checkout may have lost them
        copies[name] = folder / path.name
    return copies


def _placeholders(folder: Path, names: list[str]) -> list[Path]:
    folder.mkdir(exist_ok=True)
    for name in names:
        (folder / name).touch()
    return [folder / name for name in names]
