"""Pegasus: plans the run folder for a pool of HTCondor pilots, and submits it."""

import logging
import shutil
from pathlib import Path

from Pegasus.api import Workflow
from Pegasus.client._client import PegasusClientError

from utils.dag import catalogs
from utils.errors import InputError

PLANNER = "pegasus-plan"


def is_installed() -> bool:
    """Tell whether Pegasus's planner is on the PATH."""
    return shutil.which(PLANNER) is not None


def require() -> None:
    """Refuse to go on without Pegasus.

    Raises
    ------
    InputError
        If Pegasus's planner is not on the PATH; the message says how to get it.
    """
    if not is_installed():
        raise InputError(
            f"--engine pegasus: {PLANNER} is not on the PATH; install Pegasus WMS and HTCondor "
            "(https://pegasus.isi.edu/downloads) or log in where they are, e.g. ACCESS Pegasus; "
            "--engine local needs neither"
        )


def submit(workflow: Workflow, folder: Path) -> Path:
    """Plan the workflow of a run folder for the pool, submit it, and return the submit folder.

    Raises
    ------
    InputError
        If the planner or HTCondor refuses; their own words are in the message.
    """
    logging.getLogger("Pegasus").setLevel(logging.INFO)  # the planner's words reach the user
    try:
        workflow.plan(
            conf=folder / catalogs.PROPERTIES,
            dir=folder / "pegasus",
            sites=[catalogs.POOL],
            output_sites=[catalogs.LOCAL],
            submit=True,
        )
    except (PegasusClientError, ValueError) as error:
        output = getattr(error, "output", "")
        raise InputError(f"Pegasus could not plan or submit {folder}: {error}\n{output}") from error
    return Path(workflow.braindump.submit_dir)
