"""Reading an abstract workflow: ``workflow.yml`` and its catalogues, as plain Python objects.

Any workflow of plain jobs that Pegasus can plan is understood, not only ours. Format: Pegasus 5
(https://pegasus.isi.edu/documentation/reference-guide/).
"""

import shlex
from collections.abc import Iterable
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import unquote, urlsplit

import yaml
from Pegasus.api import Properties

from utils.dag.abstract_workflow import AbstractJob, AbstractWorkflow
from utils.dag.catalogs import (
    LOCAL,
    PROPERTIES,
    REPLICAS,
    SITES,
    TRANSFORMATIONS,
    WORKFLOW,
)
from utils.errors import InputError


def read_workflow(folder: Path) -> AbstractWorkflow:
    """Read ``workflow.yml`` of `folder` with its catalogues, inline or beside it.

    Raises
    ------
    InputError
        If a file is missing or no YAML, a job is no plain job, has no executable on this machine,
        reads a file that nobody makes, or two jobs make the same file.
    """
    described = load_yaml(folder / WORKFLOW)
    catalog = _catalog(described, folder, "transformationCatalog", TRANSFORMATIONS)
    transformations = {entry["name"]: entry for entry in catalog.get("transformations", [])}
    images = {entry["name"]: _image(entry) for entry in catalog.get("containers", [])}
    entries = _catalog(described, folder, "replicaCatalog", REPLICAS).get("replicas", [])
    replicas = {entry["lfn"]: _local_path(entry["pfns"]) for entry in entries}
    shared = described.get("profiles", {})
    jobs = {}
    for entry in described.get("jobs", []):
        job = _job(entry, transformations, images, shared, folder)
        if job.id in jobs:
            raise InputError(f"{folder / WORKFLOW}: two jobs have the id {job.id!r}")
        jobs[job.id] = job
    parents = _parents(jobs, described, replicas, folder)
    retries = _retries(folder / PROPERTIES)
    return AbstractWorkflow(
        name=described.get("name", folder.name),
        jobs=jobs,
        parents=parents,
        replicas=replicas,
        retries=retries,
        pool=_pool(_catalog(described, folder, "siteCatalog", SITES)),
    )


def _job(
    entry: dict[str, Any],
    transformations: dict[str, Any],
    images: dict[str, str],
    shared: dict[str, Any],
    folder: Path,
) -> AbstractJob:
    where = f"{folder / WORKFLOW}: job {entry.get('id')!r}"
    if entry.get("type") != "job":
        raise InputError(
            f"{where}: type {entry.get('type')!r} needs Pegasus itself; use it instead"
        )
    name = entry["name"]
    if name not in transformations:
        raise InputError(f"{where}: no transformation {name!r} in the transformation catalogue")
    transformation = transformations[name]
    executable = _local_path(transformation["sites"])
    if not executable or not executable.is_file():
        raise InputError(f"{where}: transformation {name!r} has no executable here ({executable})")
    site = transformation["sites"][0]
    profiles = _merged(*(item.get("profiles", {}) for item in (site, transformation, entry)))
    profiles = _merged(shared, profiles)
    asked = profiles.get("pegasus", {})
    uses = entry.get("uses", [])
    for use in uses:
        if PurePosixPath(use["lfn"]).is_absolute() or ".." in PurePosixPath(use["lfn"]).parts:
            raise InputError(f"{where}: file {use['lfn']!r} lies outside the job's folder")
    files = {kind: [u for u in uses if u["type"] == kind] for kind in _USES}
    names = {kind: tuple(sorted(use["lfn"] for use in files[kind])) for kind in _USES}
    streams = {stream: entry[stream] for stream in ("stdin", "stdout", "stderr") if stream in entry}
    return AbstractJob(
        id=entry["id"],
        transformation=name,
        executable=executable,
        # Pegasus joins the arguments into one line, which the execution side splits again
        arguments=tuple(shlex.split(" ".join(str(part) for part in entry.get("arguments", [])))),
        inputs=names["input"],
        outputs=names["output"],
        kept=frozenset(use["lfn"] for use in files["output"] if use.get("stageOut", True)),
        checkpoints=names["checkpoint"],
        environment={key: str(value) for key, value in profiles.get("env", {}).items()},
        cores=int(asked.get("cores", 1)),
        memory=int(asked.get("memory", 0)),
        disk=int(asked.get("diskspace", 0)),
        gpus=int(asked.get("gpus", 0)),
        seconds=_seconds(asked),
        retries=_optional_int(profiles.get("dagman", {}).get("RETRY")),
        condor=_commands(profiles),
        container=images.get(site.get("container", transformation.get("container"))),
        **streams,
    )


_USES = ("input", "output", "checkpoint")


def _commands(profiles: dict[str, Any]) -> dict[str, str]:
    return {key: str(value) for key, value in profiles.get("condor", {}).items()}


def _pool(catalog: dict[str, Any]) -> dict[str, str]:
    """Return the submit commands of the site that is not this machine."""
    sites = [site for site in catalog.get("sites", []) if site["name"] != LOCAL]
    return _commands(sites[0].get("profiles", {})) if sites else {}


def _image(entry: dict[str, Any]) -> str:
    """Return a container's image: a path on this machine, or a reference in a registry."""
    url = urlsplit(entry["image"])
    return unquote(url.path) if url.scheme in ("", "file") else entry["image"]


def _seconds(asked: dict[str, Any]) -> float | None:
    if "runtime" in asked:
        return float(asked["runtime"])
    if "maxwalltime" in asked:  # minutes, of which checkpoint.time are for the work
        return 60 * float(asked.get("checkpoint.time", asked["maxwalltime"]))
    return None


def _retries(properties: Path) -> int:
    """Return ``dagman.retry`` of a properties file, or what Pegasus does without one."""
    try:
        return int(Properties.load(properties)["dagman.retry"])
    except (FileNotFoundError, KeyError):
        return 1


def _optional_int(value: Any) -> int | None:
    return None if value is None else int(value)


def _merged(*layers: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    merged: dict[str, dict[str, Any]] = {}
    for layer in layers:
        for namespace, values in layer.items():
            merged.setdefault(namespace, {}).update(values)
    return merged


def _parents(
    jobs: dict[str, AbstractJob],
    described: dict[str, Any],
    replicas: dict[str, Path],
    folder: Path,
) -> dict[str, set[str]]:
    """Return who must finish before whom: by the files, and by declared dependencies."""
    makers: dict[str, str] = {}
    for job in jobs.values():
        for lfn in job.outputs:
            if lfn in makers:
                raise InputError(
                    f"{folder / WORKFLOW}: {lfn!r} is made by {makers[lfn]!r} and {job.id!r}"
                )
            makers[lfn] = job.id
    parents: dict[str, set[str]] = {name: set() for name in jobs}
    for job in jobs.values():
        for lfn in job.inputs:
            if lfn in makers:
                parents[job.id].add(makers[lfn])
            elif lfn not in replicas:
                raise InputError(
                    f"{folder / WORKFLOW}: job {job.id!r} reads {lfn!r}, which no job makes "
                    f"and {REPLICAS} does not list"
                )
    for dependency in described.get("jobDependencies", []):
        for child in dependency["children"]:
            parents[child].add(dependency["id"])
    return parents


def _local_path(places: Iterable[dict[str, Any]]) -> Path:
    """Return the path of the first place on this machine (site ``local`` before others)."""
    for place in sorted(
        places, key=lambda place: (place.get("site") or place.get("name")) != LOCAL
    ):
        url = urlsplit(str(place["pfn"]))
        if url.scheme in ("", "file"):
            return Path(unquote(url.path) if url.scheme else str(place["pfn"]))
    raise InputError(f"no place on this machine among {[place['pfn'] for place in places]}")


def _catalog(described: dict[str, Any], folder: Path, key: str, name: str) -> dict[str, Any]:
    if key in described:
        return described[key]
    return load_yaml(folder / name) if (folder / name).exists() else {}


def load_yaml(path: Path) -> dict[str, Any]:
    """Read a file of Pegasus's; InputError if it is missing, or no YAML with fields."""
    try:
        content = yaml.load(path.read_bytes(), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 (both are safe)
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}") from None
    except yaml.YAMLError as error:
        raise InputError(f"{path}: not YAML: {error}") from None
    if not isinstance(content, dict):
        raise InputError(f"{path}: not a Pegasus file")
    return content
