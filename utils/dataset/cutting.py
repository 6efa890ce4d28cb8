"""How faces are cut from photographs, and the options of the executables that cut them."""

import argparse
from dataclasses import dataclass

from utils.errors import InputError


@dataclass(frozen=True)
class Cutting:
    """How faces are cut.

    Attributes
    ----------
    margin
        What is added to the square on each side, as a share of the longer side of the box.
    smallest
        A face whose box has a shorter side than this, in pixels, is left out.
    """

    margin: float
    smallest: float

    def __post_init__(self) -> None:
        if not 0 <= self.margin <= 2:
            raise InputError(f"margin is {self.margin}; expected 0..2, of the side of a face")
        if self.smallest < 1:
            raise InputError(f"smallest face is {self.smallest}; expected 1 pixel or more")

    @classmethod
    def from_args(cls, args: argparse.Namespace) -> "Cutting | None":
        """Return what options of `add_cutting_options` ask for; None if faces are not cut."""
        return None if args.margin is None else cls(args.margin, args.smallest_face)


def add_cutting_options(parser: argparse.ArgumentParser) -> None:
    """Declare the options that become a `Cutting`."""
    parser.add_argument(
        "--margin",
        type=float,
        help="cut the faces out, as squares with this much more on each side, as a share of the "
        "longer side of the box; without it photos stay whole",
    )
    parser.add_argument(
        "--smallest-face",
        type=float,
        default=8,
        help="with --margin: leave out faces whose shorter side has fewer pixels",
    )
