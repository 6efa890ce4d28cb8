"""The face finders by name, with their options; for those who plan and import no torch."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from utils.errors import InputError, brief, suggestion

LIST = "requirements-faces.txt"
"""Names the packages that some finders need."""


@dataclass(frozen=True)
class Looking:
    """How any finder looks at a photograph.

    Attributes
    ----------
    smallest
        Pixels of the photograph: a face whose shorter side has fewer is not told.
    factor
        A photograph is looked at as it is, and, where this is not 1, so many times as large. Twice
        as large finds smaller faces.
    largest
        Pixels: a photograph whose longer side would have more is shrunk to so many first.
    overlap
        Intersection over union from which two boxes are of one face, of which the surer is kept.
    """

    smallest: float = 8
    factor: float = 1
    largest: int = 1600
    overlap: float = 0.4


@dataclass(frozen=True)
class Haar(Looking):
    """The cascade of Haar features that comes with OpenCV (Viola and Jones 2001).

    Attributes
    ----------
    scale_factor
        By which the search window grows from one size to the next.
    min_neighbors
        Windows that must agree on a face.
    """

    scale_factor: float = 1.1
    min_neighbors: int = 4


@dataclass(frozen=True)
class Lbp(Looking):
    """The cascade of local binary patterns that comes with scikit-image.

    Attributes
    ----------
    scale_factor
        By which the search window grows from one size to the next.
    step_ratio
        By how much of what is possible the window moves on; 1 is all places.
    min_neighbors
        Windows that must agree on a face.
    """

    scale_factor: float = 1.2
    step_ratio: float = 1
    min_neighbors: int = 4
    largest: int = 1000


@dataclass(frozen=True)
class Scored(Looking):
    """A network that gives each face a score.

    Attributes
    ----------
    least
        Score from which a box may be a face. Which of them count is for the threshold of the model
        to say, which validation chooses.
    """

    least: float = 0.2


@dataclass(frozen=True)
class Yunet(Scored):
    """YuNet (Wu, Peng and Yu 2023) as the package yuface brings it, compiled."""

    largest: int = 960


@dataclass(frozen=True)
class OfDetector(Scored):
    """A detector of ours, whatever class it says. It resizes photographs itself."""

    least: float = 0.05


@dataclass(frozen=True)
class Finder:
    """A finder that there is.

    Attributes
    ----------
    options
        Its options.
    package
        Of PyPI, in `LIST`, that must be there where it looks; None if none must.
    weights
        Whether it needs a file of weights, which a model file of two stages then holds.
    """

    options: type[Looking]
    package: str | None = None
    weights: bool = False


FINDERS = {
    "haar": Finder(Haar),
    "lbp": Finder(Lbp, "scikit-image"),
    "yunet": Finder(Yunet, "yuface"),
    "centerface": Finder(Scored, weights=True),
    "detector": Finder(OfDetector, weights=True),
}

_LIMITS = {  # least and most
    "smallest": (1, 10_000),
    "factor": (0.1, 8),
    "largest": (32, 8192),
    "overlap": (0.05, 0.95),
    "scale_factor": (1.01, 2),
    "step_ratio": (0.1, 10),
    "min_neighbors": (1, 100),
    "least": (0, 1),
}


def read_finder(word: str) -> tuple[str, Looking]:
    """Return name and options of a finder from a word: ``haar``, ``haar:factor=2,smallest=20``.

    Raises
    ------
    InputError
        If there is no such finder or option, or the option takes no such value.
    """
    name, _, rest = word.partition(":")
    given: dict[str, Any] = {}
    for part in rest.split(",") if rest else ():
        option, equals, value = part.partition("=")
        if not equals:
            raise InputError(
                f"--faces {brief(word)}: {brief(part)!r} is no option; write NAME:OPTION=VALUE,..."
            )
        given[option] = value
    return name, options_of(name, given)


def options_of(name: str, given: Mapping[str, Any]) -> Looking:
    """Return the options of a finder, those that are not given as they are by default.

    Parameters
    ----------
    given
        Numbers, or words for them.

    Raises
    ------
    InputError
        As `read_finder`.
    """
    if name not in FINDERS:
        raise InputError(f"--faces {brief(name)}: no such finder; {suggestion(name, FINDERS)}")
    kind = FINDERS[name].options
    defaults = {field.name: field.default for field in fields(kind)}
    values = {}
    for option, value in given.items():
        shown = f"--faces {name}: option {brief(option)!r}"
        if option not in defaults:
            raise InputError(f"{shown} is unknown; {suggestion(option, defaults)}")
        whole = isinstance(defaults[option], int) and option in ("largest", "min_neighbors")
        low, high = _LIMITS[option]
        try:
            values[option] = int(value) if whole else float(value)
            if not low <= values[option] <= high:
                raise ValueError
        except (TypeError, ValueError):
            what = "a whole number" if whole else "a number"
            raise InputError(
                f"{shown} is {brief(value)!r}, expected {what} from {low} to {high}"
            ) from None
    return kind(**values)


def spelled(name: str, options: Looking) -> str:
    """Return the word that `read_finder` reads so: the options that are not as by default."""
    plain = asdict(FINDERS[name].options())
    own = [f"{key}={value:g}" for key, value in asdict(options).items() if value != plain[key]]
    return f"{name}:{','.join(own)}" if own else name
