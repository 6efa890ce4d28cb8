"""What decides a training, and the options of the executables that train.

Importing it imports no torch: an executable parses its command line first.
"""

import argparse
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Self

from utils.errors import InputError, suggestion
from utils.job import InputPath
from utils.training.recipe import Recipe
from utils.training.replaced import REPLACEMENTS

BESIDES = ("arch", "image_size")
"""What a search may choose besides a recipe."""


@dataclass(frozen=True)
class Trainable:
    """What can be trained for a task, as those see it who plan.

    Attributes
    ----------
    architectures
        Names of the networks, the default first.
    image_sizes
        Least and most pixels that they may see.
    image_size
        So many, unless one says otherwise.
    objective
        What of a validation trials of a search are judged by, in words.
    recipe
        How they are trained, unless one says otherwise.
    without
        Names of parameters of a recipe that mean nothing here.
    """

    architectures: Sequence[str]
    image_sizes: tuple[int, int]
    image_size: int
    objective: str
    recipe: Recipe = field(default_factory=Recipe)
    without: Collection[str] = ()

    def check(self, params: Mapping[str, Any]) -> None:
        """Raise `InputError` if no training takes these parameters, or what is `BESIDES` them."""
        rest = dict(params)
        arch = rest.pop("arch", self.architectures[0])
        size = rest.pop("image_size", self.image_size)
        if arch not in self.architectures:
            raise InputError(
                f"{arch}: no such architecture; {suggestion(arch, self.architectures)}"
            )
        low, high = self.image_sizes
        if not low <= size <= high:
            raise InputError(f"{size} pixels: takes {low} to {high}")
        if strange := sorted(set(rest) & set(self.without)):
            raise InputError(f"{strange[0]}: is of another task; leave it out")
        self.recipe.changed(rest)


@dataclass(frozen=True)
class Plan:
    """All that decides what a training gives.

    Attributes
    ----------
    arch
        Name of the network.
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

    def searched(self, params: dict[str, Any]) -> Self:
        """Return this plan with parameters that a search chose, or a part of them.

        Raises
        ------
        InputError
            If a parameter is unknown or out of range.
        """
        besides = {name: params[name] for name in BESIDES if name in params}
        recipe = {name: value for name, value in params.items() if name not in BESIDES}
        planned = replace(self, recipe=self.recipe.changed(recipe), **besides)
        if self.weights_for:
            planned = replace(planned, weights=self.weights_for.get(planned.arch))
        return planned

    @classmethod
    def from_args(cls, args: argparse.Namespace, of: Trainable, **own: Any) -> Self:
        """Return the plan that options of `add_plan_options` give.

        Parameters
        ----------
        of
            Says what is not told.
        own
            Fields of a plan of another kind.

        Raises
        ------
        InputError
            If there are not as many weights as architectures that they are for, or the network or
            its image size are of another task.
        """
        given = args.weights or []
        if len(given) != (len(args.weights_for) or min(1, len(given))):
            raise InputError(
                f"--weights: {len(given)} files for {len(args.weights_for) or 'one'} "
                "architecture(s) of --weights-for; give one for each"
            )
        by_arch = dict(zip(args.weights_for, given, strict=True)) if args.weights_for else {}
        arch, image_size = network_of(args, of)
        return cls(
            arch=arch,
            recipe=of.recipe,
            epochs=args.epochs,
            seed=args.seed,
            train=args.train,
            validation=args.val,
            image_size=image_size,
            weights=by_arch.get(arch) if by_arch else next(iter(given), None),
            weights_for=by_arch,
            cache_mb=args.cache_mb,
            checkpoint_minutes=args.checkpoint_minutes,
            **own,
        )


def network_of(args: argparse.Namespace, of: Trainable) -> tuple[str, int]:
    """Return architecture and image size, as options of `add_network_options` tell them.

    Raises
    ------
    InputError
        If they are of another task.
    """
    for arch in (args.arch, *getattr(args, "weights_for", ())):
        if arch not in (None, *of.architectures):
            raise InputError(
                f"--arch {arch}: is of another task; here there are {', '.join(of.architectures)}"
            )
    arch = args.arch or of.architectures[0]
    size = of.image_size if args.image_size is None else args.image_size
    low, high = of.image_sizes
    if not low <= size <= high:
        raise InputError(f"--image-size {size}: takes {low} to {high} pixels")
    return arch, size


def add_plan_options(parser: argparse.ArgumentParser, tasks: Mapping[str, Trainable]) -> None:
    """Add the options of a `Plan`, of its checkpoint, and of the processes that carry it out."""
    parser.add_argument(
        "--train", type=InputPath, nargs="+", required=True, help="shards to learn from"
    )
    parser.add_argument(
        "--val", type=InputPath, nargs="+", required=True, help="shards to validate on"
    )
    add_network_options(parser, tasks)
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
        choices=_architectures(tasks),
        default=[],
        help="architectures that were searched; one that is not among them starts from scratch",
    )
    parser.add_argument(
        "--cache-mb", type=float, default=2048, help="MiB of decoded photographs to keep in memory"
    )
    parser.add_argument("--seed", type=int, default=0, help="decides all random numbers")
    parser.add_argument(
        "--processes",
        type=int,
        default=1,
        help="that share each batch, on GPUs of their own or else a share of the threads; torchrun "
        "tells how many by itself",
    )
    parser.add_argument(
        "--replacements",
        type=int,
        default=REPLACEMENTS,
        help="of processes that die; all then go on from the checkpoint",
    )
    parser.add_argument(
        "--checkpoint", type=Path, required=True, help="read to go on, written every epoch"
    )
    parser.add_argument(
        "--checkpoint-minutes",
        type=float,
        help="exit with 85 at the end of an epoch after so long, to go on where the engine likes",
    )


def add_network_options(parser: argparse.ArgumentParser, tasks: Mapping[str, Trainable]) -> None:
    """Add the options that say what is trained for which task, or where a search of it starts."""

    def default(of: str) -> str:
        return ", ".join(f"{getattr(one, of)} to {task}" for task, one in tasks.items())

    add_task_option(parser, tasks)
    parser.add_argument(
        "--arch",
        choices=_architectures(tasks),
        help="the network; else "
        + ", ".join(f"{one.architectures[0]} to {task}" for task, one in tasks.items()),
    )
    parser.add_argument(
        "--image-size",
        type=int,
        help="pixels of a photograph's longer side, or of both sides of a face; else "
        + default("image_size"),
    )


def add_task_option(parser: argparse.ArgumentParser, tasks: Mapping[str, Trainable]) -> None:
    """Add the option that says what is trained."""
    parser.add_argument(
        "--task", choices=tuple(tasks), default=next(iter(tasks)), help="what is learnt"
    )


def _architectures(tasks: Mapping[str, Trainable]) -> list[str]:
    return [name for one in tasks.values() for name in one.architectures]
