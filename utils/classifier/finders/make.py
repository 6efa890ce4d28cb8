"""From the name of a face finder to the finder."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from utils.classifier.finders.centerface import CenterFaceFinder
from utils.classifier.finders.finder import FaceFinder
from utils.classifier.finders.haar import HaarFinder
from utils.classifier.finders.lbp import LbpFinder
from utils.classifier.finders.names import options_of
from utils.classifier.finders.of_detector import DetectorFinder, FindsFaces
from utils.classifier.finders.yunet import YunetFinder
from utils.errors import InputError

_PLAIN = {"haar": HaarFinder, "lbp": LbpFinder, "yunet": YunetFinder}


def make_finder(
    name: str,
    *,
    weights: Path | Mapping[str, Any] | None = None,
    detector: FindsFaces | None = None,
    device: str | None = None,
    **options: Any,
) -> FaceFinder:
    """Return a face finder.

    Parameters
    ----------
    name
        Of those in `utils.classifier.finders.names.FINDERS`.
    weights
        Of ``centerface``: its file, by default that of the package, or the content of another one
        (`FaceFinder.content`). Of ``detector``: that content, if there is to be one.
    detector
        Which ``detector`` asks.
    device
        On which a network computes; by default the GPU where there is one.
    options
        See `names`.

    Raises
    ------
    InputError
        If the name or an option is unknown, or what the finder needs is not there.
    """
    chosen = options_of(name, options)
    if name == "centerface":
        return CenterFaceFinder(chosen, weights, device)
    if name == "detector":
        if detector is None:
            raise InputError(
                "--faces detector: which detector is to find the faces is not said; name its model "
                "file, too"
            )
        return DetectorFinder(chosen, detector, weights)
    return _PLAIN[name](chosen)
