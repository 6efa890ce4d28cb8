"""What decides a training of the detector, and the options of the executables that train one.

Importing it imports no torch: an executable parses its command line first.
"""

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from utils.detector.names import ARCHITECTURES, IMAGE_SIZE
from utils.errors import InputError
from utils.job import InputPath
from utils.training.recipe import Recipe

BESIDES = ("arch", "image_size")
"""What a search may choose besides a recipe."""


@dataclass(frozen=True)
class Plan:
    """All that decides what a training gives.

    Attributes
    ----------
    arch
        Name in `utils.detector.architectures`.
    recipe, epochs, seed
        How to train, for how long, with which random numbers.
    train, validation
        Shards of clean photographs.
    image_size
        Pixels of the longer side of a photograph as the network sees it.
    weights
        File of pretrained weights, or None to train from scratch.
    weights_for
        Those of the architectures that a search may choose.
    cache_mb
        MiB of decoded photographs that are kept, training before validation; decides the speed
        and not the result.
    checkpoint_minutes
        Of training, after which the next epoch to end ends with `Checkpointed`, for an engine that
        carries the checkpoint to where the training goes on; None: never.
    """

    arch: str
    recipe: Recipe
    epochs: int
    seed: int
    train: Sequence[Path]
    validation: Sequence[Path]
    image_size: int
    weights: Path | None = None
    weights_for: Mapping[str, Path] = field(default_factory=dict)
    cache_mb: float = 2048
    checkpoint_minutes: float | None = None

    def identity(self) -> dict[str, Any]:
        """Return plain values that are equal for equal plans, whatever their files are called."""
        from utils.training.checkpoint import digest_files

        return {
            "arch": self.arch,
            "params": self.recipe.as_params(),
            "epochs": self.epochs,
            "seed": self.seed,
            "training data": digest_files(self.train),
            "validation data": digest_files(self.validation),
            "image size": self.image_size,
            "weights": digest_files([self.weights]) if self.weights else None,
        }

    def searched(self, params: dict[str, Any]) -> "Plan":
        """Return this plan with parameters that a search chose, or a part of them.

        Raises
        ------
        InputError
            If a parameter is unknown or out of range.
        """
        besides = {name: params[name] for name in BESIDES if name in params}
        recipe = {name: value for name, value in params.items() if name not in BESIDES}
        planned = replace(self, recipe=Recipe.from_params(recipe), **besides)
        if self.weights_for:
            planned = replace(planned, weights=self.weights_for.get(planned.arch))
        return planned

    @classmethod
    def from_args(cls, args: argparse.Namespace, recipe: Recipe) -> "Plan":
        """Return the plan that options of `add_plan_options` give.

        Raises
        ------
        InputError
            If there are not as many weights as architectures that they are for.
        """
        given = args.weights or []
        if len(given) != (len(args.weights_for) or min(1, len(given))):
            raise InputError(
                f"--weights: {len(given)} files for {len(args.weights_for) or 'one'} "
                "architecture(s) of --weights-for; give one for each"
            )
        by_arch = dict(zip(args.weights_for, given, strict=True)) if args.weights_for else {}
        return cls(
            arch=args.arch,
            recipe=recipe,
            epochs=args.epochs,
            seed=args.seed,
            train=args.train,
            validation=args.val,
            image_size=args.image_size,
            weights=by_arch.get(args.arch) if by_arch else next(iter(given), None),
            weights_for=by_arch,
            cache_mb=args.cache_mb,
            checkpoint_minutes=args.checkpoint_minutes,
        )


def add_plan_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of a `Plan`, of its checkpoint, and of the processes that carry it out."""
    parser.add_argument(
        "--train", type=InputPath, nargs="+", required=True, help="shards to learn from"
    )
    parser.add_argument(
        "--val", type=InputPath, nargs="+", required=True, help="shards to validate on"
    )
    add_network_options(parser)
    parser.add_argument("--epochs", type=int, required=True, help="passes over the photographs")
    parser.add_argument(
        "--weights",
        type=InputPath,
        nargs="+",
        help="pretrained weights, one for each architecture of --weights-for; else from scratch",
    )
    parser.add_argument(
        "--weights-for",
        nargs="+",
        choices=ARCHITECTURES,
        default=[],
        help="architectures that were searched; one that is not among them starts from scratch",
    )
    parser.add_argument(
        "--cache-mb", type=float, default=2048, help="MiB of decoded photographs to keep in memory"
    )
    parser.add_argument("--seed", type=int, default=0, help="decides all random numbers")
    parser.add_argument(
        "--processes", type=int, default=1, help="that share each batch, each on a GPU of its own"
    )
    parser.add_argument(
        "--checkpoint", type=Path, required=True, help="read to go on, written every epoch"
    )
    parser.add_argument(
        "--checkpoint-minutes",
        type=float,
        help="exit with 85 at the end of an epoch after so long, to go on where the engine likes",
    )


def add_network_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that say what is trained, or where a search of it starts."""
    parser.add_argument(
        "--arch", choices=ARCHITECTURES, default=ARCHITECTURES[0], help="the network"
    )
    parser.add_argument(
        "--image-size", type=int, default=IMAGE_SIZE, help="pixels of a photograph's longer side"
    )
