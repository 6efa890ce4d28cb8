"""The catalogues that Pegasus plans with: replicas, transformations, sites, properties.

The embedded engine reads the same files, so what was tested on a laptop is what the planner gets.
"""

from collections.abc import Iterable
from pathlib import Path

from Pegasus.api import (
    OS,
    Arch,
    Directory,
    FileServer,
    Operation,
    Properties,
    ReplicaCatalog,
    Site,
    SiteCatalog,
    Transformation,
    TransformationCatalog,
)

from utils.dag.pipeline import CODE
from utils.dag.resources import RETRIES

WORKFLOW = "workflow.yml"
REPLICAS = "replicas.yml"
TRANSFORMATIONS = "transformations.yml"
SITES = "sites.yml"
PROPERTIES = "pegasus.properties"

ENVIRONMENT = {
    "PYTHONPATH": CODE,
    "OMP_WAIT_POLICY": "PASSIVE",  # spinning threads slow each other down on a shared machine
}
"""What every job finds in its environment."""

LOCAL = "local"
POOL = "condorpool"


def replica_catalog(files: Iterable[Path], placeholders: Iterable[Path]) -> ReplicaCatalog:
    """Return the catalogue of the files that exist before the workflow starts.

    `placeholders` are the empty files that stand for checkpoints not yet written: with
    ``condorio`` HTCondor insists that an input exists.
    """
    catalog = ReplicaCatalog()
    for path in [*files, *placeholders]:
        catalog.add_replica(LOCAL, path.name, path.resolve())
    return catalog


def transformation_catalog(executables: dict[str, Path]) -> TransformationCatalog:
    """Return the catalogue of the executables, each shipped to where its job runs."""
    catalog = TransformationCatalog()
    for name, path in executables.items():
        transformation = Transformation(
            name,
            site=LOCAL,
            pfn=path.resolve(),
            is_stageable=True,
            arch=Arch.X86_64,
            os_type=OS.LINUX,
        )
        transformation.add_env(**ENVIRONMENT)
        catalog.add_transformations(transformation)
    return catalog


def site_catalog(run_folder: Path) -> SiteCatalog:
    """Return the submit host (`local`) and the pool of pilots (`condorpool`)."""
    local = Site(LOCAL)
    for kind, name in (
        (Directory.SHARED_SCRATCH, "pegasus-scratch"),
        (Directory.LOCAL_STORAGE, "output"),
    ):
        path = run_folder.resolve() / name
        server = FileServer(path.as_uri(), Operation.ALL)
        local.add_directories(Directory(kind, path).add_file_servers(server))
    pool = Site(POOL)
    pool.add_pegasus_profile(style="condor")
    pool.add_condor_profile(universe="vanilla")
    return SiteCatalog().add_sites(local, pool)


def properties(run_folder: Path) -> Properties:
    """Return how Pegasus is to plan: files by HTCondor's transfer, failed jobs tried again."""
    folder = run_folder.resolve()
    chosen = Properties()
    chosen["pegasus.mode"] = "production"
    chosen["pegasus.data.configuration"] = "condorio"
    chosen["pegasus.catalog.replica.file"] = str(folder / REPLICAS)
    chosen["pegasus.catalog.transformation.file"] = str(folder / TRANSFORMATIONS)
    chosen["pegasus.catalog.site.file"] = str(folder / SITES)
    chosen["dagman.retry"] = str(RETRIES)
    chosen["env.PEGASUS_METRICS"] = "false"
    return chosen
