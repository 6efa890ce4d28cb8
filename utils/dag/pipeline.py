"""The DAG: every job's call, files and resources, described with the Pegasus API."""

from collections.abc import Mapping

from Pegasus.api import Workflow

from utils.dag.applying_jobs import ApplyingJobs
from utils.dag.jobs import Jobs
from utils.dag.learning_jobs import LearningJobs
from utils.dag.new_data import NewData, as_named
from utils.dag.options.table import Options
from utils.dag.travelling import weights_files


def build_workflow(
    options: Options,
    weights: Mapping[str, str] | None = None,
    data_version: str | None = None,
    new: NewData | None = None,
) -> Workflow:
    """Return the workflow that `options` describe; of files, only an image's size is looked at.

    Parameters
    ----------
    weights
        Settled, see `weights_files`.
    data_version
        That the model file is to name.
    new
        The new photographs and videos, once they were looked for; until then what names tell.
    """
    jobs = Jobs(options, weights_files(options, weights))
    trials = LearningJobs(jobs, data_version).add()
    ApplyingJobs(jobs, new or as_named(options)).add(trials)
    return jobs.workflow
