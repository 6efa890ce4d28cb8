"""The catalogues that Pegasus plans with: replicas, transformations, sites, properties.

The embedded engine reads the same files, so what was tested on a laptop is what the planner gets.
"""

from collections.abc import Iterable
from pathlib import Path

from Pegasus.api import (
    OS,
    Arch,
    Container,
    Directory,
    FileServer,
    Namespace,
    Operation,
    Properties,
    ReplicaCatalog,
    Site,
    SiteCatalog,
    Transformation,
    TransformationCatalog,
)

from utils.dag.options.table import Options
from utils.dag.resources import RETRIES
from utils.dag.travelling import CODE

WORKFLOW = "workflow.yml"
REPLICAS = "replicas.yml"
TRANSFORMATIONS = "transformations.yml"
SITES = "sites.yml"
PROPERTIES = "pegasus.properties"

ENVIRONMENT = {
    "PYTHONPATH": CODE,
    "OMP_WAIT_POLICY": "PASSIVE",  # spinning threads slow each other down on a shared machine
    "MKL_DYNAMIC": "FALSE",  # else a machine with fewer cores than threads adds up otherwise
    "OPENBLAS_NUM_THREADS": "1",  # NumPy's; it takes the cores of the machine else
}
"""What every job finds in its environment."""

LOCAL = "local"
CONTAINER = "mask-detection"

STARTER_FAILED = 1007
"""HTCondor's reason of an eviction for an error of the node."""

POLICY = {
    "universe": "vanilla",
    # A node that vanished is given up after minutes; by default after forty.
    "+JobLeaseDuration": "240",
    # A node that cannot even start the job, for want of its image perhaps, gives it back at once,
    # and would be given it again and again.
    "periodic_hold": (
        f"JobStatus == 1 && VacateReasonCode =?= {STARTER_FAILED} && NumJobStarts > {RETRIES}"
    ),
    "+PeriodicHoldReason": "VacateReason",
    # What HTCondor holds, and not its user (reason 1), is tried again: in place as long as there is
    # a checkpoint in the queue to lose, else as a new try of DAGMan's.
    "periodic_release": (
        f"HoldReasonCode =!= 1 && SuccessCheckpointExitCode =!= undefined && NumHolds <= {RETRIES}"
    ),
    "periodic_remove": (
        "JobStatus == 5 && HoldReasonCode =!= 1 && "
        f"(SuccessCheckpointExitCode =?= undefined || NumHolds > {RETRIES})"
    ),
}
"""What HTCondor is told about every job.

Attributes with a ``+`` in place of submit commands of the same meaning (``job_lease_duration``), of
which Pegasus's planner would warn, since it does not know them.
"""


def replica_catalog(files: Iterable[Path], placeholders: Iterable[Path]) -> ReplicaCatalog:
    """Return the catalogue of the files that exist before the workflow starts.

    `placeholders` are the empty files that stand for checkpoints not yet written: with
    ``condorio`` HTCondor insists that an input exists.
    """
    catalog = ReplicaCatalog()
    for path in [*files, *placeholders]:
        catalog.add_replica(LOCAL, path.name, path.resolve())
    return catalog


def transformation_catalog(
    executables: dict[str, Path], image: str | None = None
) -> TransformationCatalog:
    """Return the catalogue of the executables, each shipped to where its job runs.

    `image` is the container to run them in: the path of a ``.sif`` file or a ``docker://``
    reference.
    """
    catalog = TransformationCatalog()
    container = None
    if image:
        url = image if "://" in image else Path(image).resolve().as_uri()
        container = Container(CONTAINER, Container.SINGULARITY, url, image_site=LOCAL)
        catalog.add_containers(container)
    for name, path in executables.items():
        transformation = Transformation(
            name,
            site=LOCAL,
            pfn=path.resolve(),
            is_stageable=True,
            arch=Arch.X86_64,
            os_type=OS.LINUX,
            container=container,
        )
        transformation.add_env(**ENVIRONMENT)
        catalog.add_transformations(transformation)
    return catalog


def site_catalog(run_folder: Path, options: Options | None = None) -> SiteCatalog:
    """Return the submit host (`local`) and the pool of pilots (``--site``)."""
    options = options or Options()
    local = Site(LOCAL)
    for kind, name in (
        (Directory.SHARED_SCRATCH, "pegasus-scratch"),
        (Directory.LOCAL_STORAGE, "output"),
    ):
        path = run_folder.resolve() / name
        server = FileServer(path.as_uri(), Operation.ALL)
        local.add_directories(Directory(kind, path).add_file_servers(server))
    pool = Site(options.site)
    pool.add_pegasus_profile(style="condor")
    for key, value in {**POLICY, **_asked_of_pilots(options)}.items():
        pool.add_profiles(Namespace.CONDOR, key=key, value=value)
    return SiteCatalog().add_sites(local, pool)


def _asked_of_pilots(options: Options) -> dict[str, str]:
    """Return what restricts the jobs to some pilots, and says for whom they run."""
    asked = {}
    if options.pilots_only:
        asked["requirements"] = f'TARGET.AnnexName =?= "{options.pilots_only}"'
        asked["+TargetAnnexName"] = f'"{options.pilots_only}"'
    if options.project:
        asked["+ProjectName"] = f'"{options.project}"'
    return asked


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
    # The stage-out after a self-checkpointed job finds no checksum, and would fail.
    chosen["pegasus.integrity.checking"] = "none"
    # The worker package that travels with a job runs on any Linux; else a node, or a container, of
    # another make than the submit host's would try to download one.
    chosen["pegasus.transfer.worker.package.strict"] = "false"
    return chosen
